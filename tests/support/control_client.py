"""A client of a run's control endpoint (runtime/wire/control_messages.h), and one worker's debugger over it."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.waiting import GENEROUS_SECONDS, wait_for

VERSION = 1
TOKEN_SIZE = 64
ATTEMPT = ("mini_batch", "u"), ("number", "u")
FAILURE = ("kind", "b"), ("type", "t"), ("message", "t"), ("traceback", "t")
RULES = ("rules", [("id", "u"), ("selector", "t")])
# Name, first byte, fields: u unsigned and i signed of 4 bytes, b a byte, d a double, t a text, ? an attempt or none; a
# list is a count with that many of such parts.
FROM_CLIENT: dict[str, tuple[str, tuple]] = {
    "Join": ("J", (("version", "u"), ("token", "t"), ("who", "t"), ("debugger", "b"))),
    "ArmWorker": ("A", (("worker", "u"),)),
    "DisarmWorker": ("D", (("worker", "u"),)),
    "ToDebugger": ("T", (("worker", "u"), ("json", "t"))),
    "SetWatch": ("W", (RULES, ("uncaught", "b"), ("last_failure", "b"))),
    "Pass": ("P", (("worker", "u"),)),
    "ReleaseHold": ("R", (("worker", "u"),)),
    "AskWorkers": ("Q", ()),
    "CancelRun": ("C", ()),
}
WELCOME = ("run_id", "step", "run_folder", "entry_folder", "source_directory", "entry_script")
AT_GATE = (("gate", "b"), *ATTEMPT, ("rules", [("id", "u")]), ("in_init", "b"), *FAILURE)
VIEW = [
    ("worker", "u"), ("pid", "i"), ("phase", "b"), ("attempt", "?"), ("lane", "b"), ("stopped", "b"), ("file", "t"),
    ("line", "u"),
]  # fmt: skip
TO_CLIENT: dict[str, tuple[str, tuple]] = {
    "W": ("Welcome", (*((name, "t") for name in WELCOME), ("mini_batches", "u"))),
    "X": ("Refused", (("why", "t"),)),
    "J": ("WorkerJoined", (("worker", "u"), ("pid", "i"), ("lane", "b"))),
    "L": ("WorkerLeft", (("worker", "u"), ("why", "t"))),
    "A": ("WorkerArmed", (("worker", "u"),)),
    "D": ("WorkerDisarmed", (("worker", "u"), ("why", "t"))),
    "F": ("FromDebugger", (("worker", "u"), ("json", "t"))),
    "G": ("WorkerAtGate", (("worker", "u"), *AT_GATE)),
    "H": ("WorkerHeld", (("worker", "u"), *ATTEMPT, *FAILURE, ("seconds_left", "d"))),
    "V": ("Workers", (("workers", VIEW),)),
    "N": ("Notice", (("text", "t"),)),
    "E": ("RunEnded", (("status", "t"), ("reason", "t"))),
}
GATES = "start", "before_run", "in_run", "after_run", "failure"
PHASES = "starting", "waiting", "running", "ending", "held"
NUMBERS = {"u": "<I", "i": "<i", "b": "<B", "d": "<d"}


def encode(name: str, **values: Any) -> bytes:
    """A message of a client, with its size in front."""
    tag, fields = FROM_CLIENT[name]
    message = tag.encode() + _put(fields, values)
    return struct.pack("<I", len(message)) + message


def _put(fields: tuple | list, values: dict[str, Any]) -> bytes:
    out = b""
    for name, kind in fields:
        value = values[name]
        if isinstance(kind, list):
            out += struct.pack("<I", len(value)) + b"".join(_put(kind, part) for part in value)
        elif kind == "t":
            text = value.encode()
            out += struct.pack("<Q", len(text)) + text
        else:
            out += struct.pack(NUMBERS[kind], value)
    return out


class _Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.place = 0

    def number(self, layout: str) -> Any:
        (value,) = struct.unpack_from(layout, self.data, self.place)
        self.place += struct.calcsize(layout)
        return value

    def fields(self, fields: tuple | list) -> dict[str, Any]:
        return {name: self.value(kind) for name, kind in fields}

    def value(self, kind: Any) -> Any:
        if isinstance(kind, list):
            return [self.fields(kind) for _ in range(self.number("<I"))]
        if kind == "?":
            return self.fields(ATTEMPT) if self.number("<B") else None
        if kind == "t":
            size = self.number("<Q")
            self.place += size
            return self.data[self.place - size : self.place].decode()
        return self.number(NUMBERS[kind])


@dataclass
class Said:
    """A message of the host: its name in control_messages.h, and its fields by name."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def decode(message: bytes) -> Said:
    """The host's message, which must be whole."""
    name, fields = TO_CLIENT[chr(message[0])]
    reader = _Reader(message[1:])
    said = Said(name, reader.fields(fields))
    assert reader.place == len(reader.data), f"{name}: bytes follow its end"
    return said


def connect(run_folder: Path) -> socket.socket:
    """A connection on which nothing was said, however long the folder's path is."""
    endpoint = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(run_folder / "control", os.O_PATH | os.O_DIRECTORY)
    try:
        endpoint.connect(f"/proc/self/fd/{folder}/control.sock")
    finally:
        os.close(folder)
    return endpoint


class ControlClient:
    """Somebody who looks into a run.

    What the host says is kept until a test expects it; messages of other kinds and workers may come in between.
    """

    def __init__(self, run_folder: Path, who: str = "a test", *, debugger: bool = True):
        token = wait_for("token", lambda: _token_of(run_folder / "control" / "token"))
        self.socket = connect(run_folder)
        self.said: list[Said] = []
        self._unread = b""
        self.send("Join", version=VERSION, token=token, who=who, debugger=debugger)

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, name: str, **values: Any) -> None:
        self.socket.sendall(encode(name, **values))

    def watch(self, *selectors: str, uncaught: bool = False, last_failure: bool = False) -> None:
        """Sets what workers watch for; the rules' ids count from 1."""
        rules = [{"id": number, "selector": selector} for number, selector in enumerate(selectors, 1)]
        self.send("SetWatch", rules=rules, uncaught=uncaught, last_failure=last_failure)

    def expect(self, name: str, where: Callable[[Said], bool] | None = None, **values: Any) -> Said:
        """The first message of that name with these values, now or later; it is taken out of what was said."""
        while True:
            for place, one in enumerate(self.said):
                fits = one.name == name and all(one[key] == value for key, value in values.items())
                if fits and (where is None or where(one)):
                    return self.said.pop(place)
            assert self._receive(), f"the host closed the connection, and said no {name} {values}; rest: {self.said}"

    def expect_end(self) -> None:
        """The host closes the connection."""
        while self._receive():
            pass

    def _receive(self) -> bool:
        """One message more; False when the connection is closed."""
        while True:
            size = struct.unpack_from("<I", self._unread)[0] if len(self._unread) >= 4 else None
            if size is not None and len(self._unread) >= 4 + size:
                self.said.append(decode(self._unread[4 : 4 + size]))
                self._unread = self._unread[4 + size :]
                return True
            ready, _, _ = select.select([self.socket], [], [], GENEROUS_SECONDS)
            assert ready, f"the host says nothing; so far: {self.said}"
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return False
            self._unread += data


class Debugger:
    """The debugger (pydevd) of one worker, over a client: requests, and events as they come."""

    def __init__(self, client: ControlClient, worker: int):
        self.client = client
        self.worker = worker
        self._seq = 0

    def arm(self, breakpoints: dict[str, list[int]] | None = None, *, filters: tuple[str, ...] = ()) -> None:
        """Arms the worker, with lines by file to stop at; returns when they hit."""
        self.client.send("ArmWorker", worker=self.worker)
        self.request("pydevdAuthorize", debugServerAccessToken=None)
        self.request("initialize", adapterID="batchscope", pathFormat="path")
        self.request("attach", justMyCode=False)
        for path, lines in (breakpoints or {}).items():
            self.request("setBreakpoints", source={"path": path}, breakpoints=[{"line": line} for line in lines])
        self.request("setExceptionBreakpoints", filters=list(filters))
        self.request("configurationDone")
        self.client.expect("WorkerArmed", worker=self.worker)

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The body of the answer."""
        seq = self.send(command, **arguments)
        answer = self._expect(lambda message: message.get("request_seq") == seq)
        assert answer["success"], answer
        return answer.get("body") or {}

    def send(self, command: str, **arguments: Any) -> int:
        """A request whose answer nobody waits for; its number."""
        self._seq += 1
        message = {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        self.client.send("ToDebugger", worker=self.worker, json=json.dumps(message))
        return self._seq

    def event(self, name: str) -> dict[str, Any]:
        """The body of the next such event."""
        return self._expect(lambda message: message.get("event") == name).get("body") or {}

    def stopped(self) -> tuple[str, str, int]:
        """Reason, file name and line of the next stop."""
        body = self.event("stopped")
        frame = self.request("stackTrace", threadId=body["threadId"])["stackFrames"][0]
        return body["reason"], Path(frame["source"]["path"]).name, frame["line"]

    def resume(self) -> None:
        """Has it go on; the answer may be lost, as the worker may end before it is written."""
        self.send("continue", threadId="*")

    def _expect(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        said = self.client.expect("FromDebugger", lambda one: fits(json.loads(one["json"])), worker=self.worker)
        return json.loads(said["json"])


def _token_of(path: Path) -> str:
    """What the file says; nothing before all of it is there."""
    try:
        token = path.read_text()
    except FileNotFoundError:
        return ""
    return token if len(token) == TOKEN_SIZE else ""
