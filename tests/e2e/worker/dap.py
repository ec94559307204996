"""The debugger's client: speaks DAP with a worker's pydevd over the wire, as the adapter does."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from e2e.worker.wire_host import Message, WireHost

Breakpoints = dict[Path, list[dict[str, Any]]]


class Dap:
    """Arms the worker of `host` and talks with its debugger.

    Everything that the worker says while something else is awaited is kept for later.
    """

    def __init__(self, host: WireHost) -> None:
        self.host = host
        self.seq = 0
        self.words: list[Message] = []  # other than the debugger's own
        self.events: list[dict[str, Any]] = []
        self.answers: dict[int, dict[str, Any]] = {}

    def arm(
        self, breakpoints: Breakpoints | None = None, filters: tuple[str, ...] = (), *, until_armed: bool = True
    ) -> None:
        """Connects and configures the debugger; returns when the worker says that it is armed, unless told not to."""
        self.host.say(b"A")
        self.send("pydevdAuthorize", debugServerAccessToken=None)
        self.ask("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)
        self.ask("attach", justMyCode=False)
        for path, wanted in (breakpoints or {}).items():
            self.set_breakpoints(path, wanted)
        self.ask("setExceptionBreakpoints", filters=list(filters))
        self.ask("configurationDone")
        if until_armed:
            self.word("A")

    def disarm(self) -> str:
        """Takes the debugger out; the `why` of DebuggerGone."""
        self.host.say(b"U")
        return self.word("N").text

    def set_breakpoints(self, path: Path, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=wanted)["breakpoints"]

    def send(self, command: str, **arguments: Any) -> int:
        """Sends a request; its number."""
        self.seq += 1
        request = {"seq": self.seq, "type": "request", "command": command, "arguments": arguments}
        text = json.dumps(request).encode()
        self.host.say(b"I" + struct.pack("<Q", len(text)) + text)
        return self.seq

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The body of the answer to a request."""
        seq = self.send(command, **arguments)
        while seq not in self.answers:
            self.listen()
        answer = self.answers.pop(seq)
        assert answer["success"], answer
        return answer.get("body") or {}

    def event(self, name: str) -> dict[str, Any]:
        """The body of the next event of this name; those before it are forgotten."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == name:
                    return event.get("body") or {}
            self.listen()

    def word(self, tag: str) -> Message:
        """The next message of the worker that begins with this letter."""
        while True:
            for place, message in enumerate(self.words):
                if message.tag == tag:
                    return self.words.pop(place)
            self.listen()

    def listen(self) -> None:
        """Takes one message."""
        message = self.host.receive()
        if message.tag != "O":
            self.words.append(message)
            return
        said = json.loads(message.text)
        if said["type"] == "event":
            self.events.append(said)
        else:
            self.answers[said["request_seq"]] = said

    def stop(self) -> tuple[int, tuple[str, int, str]]:
        """The next stop: the thread, and the file's name, line and reason as the worker itself tells them."""
        thread = self.event("stopped")["threadId"]
        told = self.word("S")
        assert told.stop
        return thread, (Path(told.text).name, *told.stop)

    def frames(self, thread: int) -> list[tuple[str, int]]:
        """The script's functions and lines of a stopped thread, innermost first."""
        frames = self.ask("stackTrace", threadId=thread)["stackFrames"]
        return [(frame["name"], frame["line"]) for frame in frames if frame["source"]["path"] == str(self.host.script)]

    def evaluate(self, thread: int, expression: str) -> str:
        """In the innermost frame of a stopped thread."""
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        return self.ask("evaluate", expression=expression, frameId=frame, context="repl")["result"]

    def go_on(self) -> None:
        """Continues, and takes the worker's word for it."""
        self.send("continue", threadId="*")
        self.word("C")
