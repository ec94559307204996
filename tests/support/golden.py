"""What a debug session said, as text that is the same each time, held against a file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.dap_client import DapClient

FOLDER = Path(__file__).resolve().parents[1] / "golden"
RENEW = "BATCHSCOPE_RENEW_GOLDEN"
# What depends on the machine, on the debugger's version, or on how fast somebody was.
LEFT_OUT = {"seq", "request_seq", "type", "module", "presentationHint", "supportsVariableType"}
NOT_TOLD = {"module"}
NOT_ASKED = {"batchscope/workers"}  # by a test that waits


class Transcript:
    """A session's messages by phases: what the client asked with the answers, and then what it was told.

    Events of a phase are in the order of their text: which of two workers was first says nothing. They belong to the
    phase in which they were asked for; those that nobody asked for stand at the end.
    """

    def __init__(self, client: DapClient, names: dict[str, str], without: Iterable[str] = ()):
        """`names`: texts that differ each time, and what is written for them. `without`: requests that are left out."""
        self.client = client
        self.not_asked = NOT_ASKED | set(without)
        self.names = dict(sorted(names.items(), key=lambda each: -len(each[0])))
        self._lines: list[str] = []
        self._told_requests = 0
        self._told: set[int] = set()

    def phase(self, title: str) -> None:
        """Ends a phase: everything asked, answered and awaited since the last one stands under `title`."""
        self._lines += ["", f"# {title}"] if self._lines else [f"# {title}"]
        asked = [message for message in self.client.messages if message["type"] == "request"]
        asked = [request for request in asked if request["command"] not in self.not_asked]
        for request in asked[self._told_requests :]:
            answer = self.client.answer(request["seq"])
            self._lines.append(f"> {request['command']} {self._text(request.get('arguments', {}))}")
            outcome = "" if answer["success"] else "REFUSED "
            self._lines.append(f"  < {outcome}{self._text(answer.get('body', {}))}")
        self._told_requests = len(asked)
        self._tell(self.client.taken() - self._told)

    def _tell(self, places: Iterable[int]) -> None:
        told = [self.client.messages[place] for place in places]
        self._told |= set(places)
        self._lines += sorted(f"! {each['event']} {self._text(each.get('body', {}))}" for each in told)

    def _text(self, value: Any) -> str:
        text = json.dumps(self._plain(value), sort_keys=True)
        for found, name in self.names.items():
            text = text.replace(found, name)
        text = re.sub(r"\bpid \d+", "pid <pid>", text)
        return re.sub(r"<cell-[^>]*>", "<cell>", text)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        if isinstance(value, dict):
            kept = {key: each for key, each in value.items() if key not in LEFT_OUT}
            return {key: "<pid>" if key == "pid" else self._plain(each) for key, each in kept.items()}
        return value

    def check(self, name: str) -> None:
        """Holds the transcript against golden/<name>.txt; where it differs, it lies beside it as .actual."""
        rest = [
            place
            for place, message in enumerate(self.client.messages)
            if message["type"] == "event" and place not in self._told and message["event"] not in NOT_TOLD
        ]
        self._lines += ["", "# nobody waited for"]
        self._tell(rest)
        text = "\n".join(self._lines) + "\n"
        golden = FOLDER / f"{name}.txt"
        actual = golden.with_suffix(".actual")
        if os.environ.get(RENEW):
            golden.write_text(text)
        if not golden.exists() or golden.read_text() != text:
            actual.write_text(text)
            raise AssertionError(f"the session differs: diff {golden} {actual}; {RENEW}=1 renews the file")
        actual.unlink(missing_ok=True)

