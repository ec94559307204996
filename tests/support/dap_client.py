"""A strict client of the Debug Adapter Protocol.

It checks every message it gets: against the protocol's schema, its number, that each request is answered once, and that
no worker's stop is told as a stop of all. It waits for answers and for events that match, never for a time.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from support.dap_schema import problems_of
from support.waiting import GENEROUS_SECONDS, wait_for

ADAPTER = Path(sys.executable).parent / "batchscope-dap"
Message = dict[str, Any]


class Refused(AssertionError):
    """A request failed; the text is for the user."""


@dataclass
class Stop:
    """A worker's thread in the debugger."""

    thread: int
    reason: str
    body: Message


def _agrees(found: Any, wanted: Any) -> bool:
    """Whether `found` is what is wanted: a value, a test of it, or for a dict these fields at least."""
    if callable(wanted):
        return bool(wanted(found))
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_agrees(found.get(key), value) for key, value in wanted.items())
    return found == wanted


class Stream:
    """Messages over two byte streams, cut by Content-Length."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO):
        self.reader = reader
        self.writer = writer

    def write(self, message: Message) -> None:
        text = json.dumps(message).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.writer.flush()

    def read(self) -> Message | None:
        """The next one; None at the end."""
        header = self.reader.readline()
        if not header:
            return None
        found = re.fullmatch(rb"Content-Length: (\d+)\r\n", header)
        assert found and self.reader.readline() == b"\r\n", header
        text = self.reader.read(int(found[1]))
        assert len(text) == int(found[1]), f"the stream ended within a message: {text!r}"
        return json.loads(text)


class DapClient:
    """One client of an adapter.

    Attributes
    ----------
    messages
        Everything that was said, in order, requests too.
    """

    def __init__(self, stream: Stream):
        self.stream = stream
        self.messages: list[Message] = []
        self.has_ended = False
        self._changed = threading.Condition()
        self._answers: dict[int, Message] = {}
        self._pending: dict[int, str] = {}
        self._taken: set[int] = set()
        self._wrong: list[str] = []
        self._last_seq = 0
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    def _read_all(self) -> None:
        try:
            while (message := self.stream.read()) is not None:
                self._take(message)
        except (OSError, ValueError):  # closed by us, or the peer was killed
            pass
        except AssertionError as problem:
            self._wrong.append(str(problem))
        with self._changed:
            self.has_ended = True
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        with self._changed:
            wrong = problems_of(message)
            if message.get("seq") != self._last_seq + 1:
                wrong.append(f"seq is not {self._last_seq + 1}")
            self._last_seq += 1
            if message["type"] == "response":
                if self._pending.pop(message["request_seq"], None) != message["command"]:
                    wrong.append("nobody waits for it")
                self._answers[message["request_seq"]] = message
            elif message["type"] != "event":
                wrong.append("a client of this kind is not asked")
            elif message["event"] == "stopped" and message["body"].get("allThreadsStopped") is not False:
                wrong.append("allThreadsStopped is not false")
            elif message["event"] == "continued" and message["body"].get("allThreadsContinued") is not False:
                wrong.append("allThreadsContinued is not false")
            self._wrong += [f"{each}: {message}" for each in wrong]
            self.messages.append(message)
            self._changed.notify_all()

    def _wait(self, what: str, look: Callable[[], Any], *, may_end: bool = False) -> Any:
        deadline = time.monotonic() + GENEROUS_SECONDS
        with self._changed:
            while True:
                assert not self._wrong, "\n".join(self._wrong)
                found = look()
                if found is not None:
                    return found
                if self.has_ended and not may_end:
                    raise AssertionError(f"the adapter ended without {what}\n{self.story()}")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {what} within {GENEROUS_SECONDS:.0f} s\n{self.story()}")

    def story(self, last: int = 60) -> str:
        """The last messages, a line each."""
        with self._changed:
            return "\n".join(json.dumps(message)[:600] for message in self.messages[-last:])

    def send(self, command: str, arguments: Message | None = None) -> int:
        """Sends a request; its number, for answer()."""
        with self._changed:
            seq = 1 + sum(message["type"] == "request" for message in self.messages)
            request: Message = {"seq": seq, "type": "request", "command": command}
            if arguments is not None:
                request["arguments"] = arguments
            self._pending[seq] = command
            self.messages.append(request)
        self.stream.write(request)
        return seq

    def answer(self, seq: int) -> Message:
        """The whole response to a request."""
        return self._wait(f"answer to request {seq}", lambda: self._answers.get(seq))

    def body(self, seq: int) -> Message:
        """The body of the response to a request that must not fail."""
        answer = self.answer(seq)
        if not answer["success"]:
            raise Refused(answer["message"])
        return answer.get("body", {})

    def ask(self, command: str, **arguments: Any) -> Message:
        """The body of the response to a request."""
        return self.body(self.send(command, arguments))

    def refusal(self, command: str, **arguments: Any) -> str:
        """Why a request fails."""
        answer = self.answer(self.send(command, arguments))
        assert not answer["success"], answer
        return answer["message"]

    def event(self, name: str, **fields: Any) -> Message:
        """The body of the first event, not taken before, whose body has these fields; each a value or a test."""

        def look() -> Message | None:
            for place, message in enumerate(self.messages):
                fits = message["type"] == "event" and message["event"] == name and place not in self._taken
                if fits and _agrees(message.get("body", {}), fields):
                    self._taken.add(place)
                    return message.get("body", {})
            return None

        return self._wait(f"event {name} {fields}", look)

    def output(self, words: str) -> str:
        """The text of the first line in the console, not taken before, that has these words."""
        return self.event("output", output=lambda text: words in text)["output"]

    def taken(self) -> set[int]:
        """The places, among all messages, of the events that were waited for."""
        with self._changed:
            return set(self._taken)

    def untaken(self, *names: str) -> list[Message]:
        """The events so far that no test took, of these names."""
        with self._changed:
            return [
                message
                for place, message in enumerate(self.messages)
                if message["type"] == "event" and message["event"] in names and place not in self._taken
            ]

    def wait_for_end(self) -> None:
        """Returns when the adapter has closed its side."""
        self._wait("end of the adapter", lambda: self.has_ended or None, may_end=True)

    def check(self) -> None:
        """Every request was answered, and nothing was wrong."""
        with self._changed:
            assert not self._wrong, "\n".join(self._wrong)
            assert not self._pending, f"never answered: {self._pending}\n{self.story()}"


class Debugger(DapClient):
    """A client as an editor is: what a person does in a few words each.

    `process`: the adapter, when this client started it.
    """

    def __init__(
        self,
        stream: Stream,
        process: subprocess.Popen[bytes] | None = None,
        connection: socket.socket | None = None,
    ):
        super().__init__(stream)
        self.process = process
        self.connection = connection
        self.capabilities: Message = {}

    @classmethod
    def start(cls, *words: str | Path, environment: dict[str, str] | None = None) -> Debugger:
        """With an adapter of its own, over its stdin and stdout."""
        process = subprocess.Popen(
            [ADAPTER, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        assert process.stdin and process.stdout
        return cls(Stream(process.stdout, process.stdin), process)  # type: ignore[arg-type]

    @classmethod
    def connect(cls, port: int) -> Debugger:
        """To an adapter that listens."""
        connection = socket.create_connection(("127.0.0.1", port))
        stream = Stream(connection.makefile("rb"), connection.makefile("wb"))  # type: ignore[arg-type]
        return cls(stream, connection=connection)

    def initialize(self, **arguments: Any) -> Message:
        arguments = {
            "adapterID": "batchscope",
            "clientID": "test",
            "clientName": "a test",
            "linesStartAt1": True,
            "columnsStartAt1": True,
            "pathFormat": "path",
            "supportsVariableType": True,
            **arguments,
        }
        self.capabilities = self.ask("initialize", **arguments)
        return self.capabilities

    def attach(
        self,
        run: str | Path = "",
        *,
        breakpoints: dict[Path, list[int | Message]] | None = None,
        functions: list[str | Message] | None = None,
        filters: list[str] | None = None,
        **arguments: Any,
    ) -> None:
        """Joins a run and configures the debugger as an editor does; no filters are the default ones."""
        self._begin("attach", {"run": str(run), **arguments}, breakpoints, functions, filters)

    def launch(
        self,
        step: Path,
        *,
        breakpoints: dict[Path, list[int | Message]] | None = None,
        functions: list[str | Message] | None = None,
        filters: list[str] | None = None,
        **arguments: Any,
    ) -> None:
        """Starts a step, and configures as attach() does."""
        self._begin("launch", {"step": str(step), **arguments}, breakpoints, functions, filters)

    def _begin(
        self,
        command: str,
        arguments: Message,
        breakpoints: dict[Path, list[int | Message]] | None,
        functions: list[str | Message] | None,
        filters: list[str] | None,
    ) -> None:
        if not self.capabilities:
            self.initialize()
        begun = self.send(command, arguments)
        look = self._wait(
            "event initialized or refusal",
            lambda: next(
                (
                    message
                    for message in self.messages
                    if message.get("event") == "initialized"
                    or (message.get("request_seq") == begun and not message["success"])
                ),
                None,
            ),
        )
        if look["type"] == "response":
            raise Refused(look["message"])
        self.event("initialized")
        for path, lines in (breakpoints or {}).items():
            self.set_breakpoints(path, *lines)
        if functions is not None:
            self.set_functions(*functions)
        if filters is None:
            offered = self.capabilities.get("exceptionBreakpointFilters", [])
            filters = [each["filter"] for each in offered if each.get("default")]
        self.ask("setExceptionBreakpoints", filters=filters)
        self.ask("configurationDone")
        self.body(begun)

    def set_breakpoints(self, path: Path, *lines: int | Message) -> list[Message]:
        wanted = [{"line": each} if isinstance(each, int) else each for each in lines]
        return self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=wanted)["breakpoints"]

    def set_functions(self, *names: str | Message) -> list[Message]:
        wanted = [{"name": each} if isinstance(each, str) else each for each in names]
        return self.ask("setFunctionBreakpoints", breakpoints=wanted)["breakpoints"]

    def threads(self) -> dict[str, int]:
        """Ids by names."""
        return {each["name"]: each["id"] for each in self.ask("threads")["threads"]}

    def thread(self, worker: int) -> int:
        """The id of a worker's own thread."""
        found = [number for name, number in self.threads().items() if re.match(rf"w{worker} - ", name)]
        assert len(found) == 1, f"worker {worker}: {self.threads()}"
        return found[0]

    def stopped(self, **fields: Any) -> Stop:
        """The next stop that was not taken yet, with these fields in its event."""
        body = self.event("stopped", **fields)
        return Stop(body["threadId"], body["reason"], body)

    def frames(self, thread: int | Stop) -> list[Message]:
        thread = thread.thread if isinstance(thread, Stop) else thread
        return self.ask("stackTrace", threadId=thread)["stackFrames"]

    def workers(self) -> list[Message]:
        """The workers as the host sees them. What was asked of it before has reached it then."""
        return self.ask("batchscope/workers")["workers"]

    def wait_armed(self) -> None:
        """Returns when every worker has the debugger in it: a breakpoint stops it from now on."""
        wait_for("debugger in all workers", lambda: all(each["armed"] for each in self.workers()))

    def top(self, thread: int | Stop) -> Message:
        return self.frames(thread)[0]

    def place(self, thread: int | Stop) -> tuple[str, int]:
        """Function and line where a thread is."""
        top = self.top(thread)
        return top["name"], top["line"]

    def locals(self, frame: Message) -> dict[str, Message]:
        """The local variables of a frame, by name."""
        scopes = self.ask("scopes", frameId=frame["id"])["scopes"]
        scope = next(each for each in scopes if each["name"] == "Locals")
        return self.children(scope["variablesReference"])

    def children(self, reference: int) -> dict[str, Message]:
        found = self.ask("variables", variablesReference=reference)["variables"]
        return {each["name"]: each for each in found}

    def evaluate(self, expression: str, frame: Message | None = None, context: str = "repl") -> str:
        arguments: Message = {"expression": expression, "context": context}
        if frame is not None:
            arguments["frameId"] = frame["id"]
        return self.ask("evaluate", **arguments)["result"]

    def step(self, how: str, stop: Stop, **fields: Any) -> Stop:
        """`next`, `stepIn` or `stepOut`, and where it ends."""
        self.ask(how, threadId=stop.thread)
        return self.stopped(threadId=stop.thread, **fields)

    def resume(self, stop: Stop) -> None:
        assert self.ask("continue", threadId=stop.thread).get("allThreadsContinued") is False

    def disconnect(self, **arguments: Any) -> None:
        """Says good-bye, and waits for the end of the adapter."""
        self.ask("disconnect", **arguments)
        self.wait_for_end()
        self.check()
        if self.process:
            assert self.process.wait(GENEROUS_SECONDS) == 0

    def kill(self) -> None:
        """As when the editor crashes."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Ends what a failed test left behind."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.connection:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self._reader.join(GENEROUS_SECONDS)
        for stream in (self.stream.reader, self.stream.writer, self.connection):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
