"""A host for one worker process: speaks runtime/wire's messages to the real `batchscope._worker`."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import zmq

WATCHDOG_MS = 120_000  # against a hang, no measure of speed
SLOT = struct.Struct("<QqqQQqqq")  # wire::BoardSlot
TASK_RESULT = struct.Struct("<IIBBIqQQQI")
WORKER = 3
# What the fork server does before and after it forks.
LAUNCH = """
import importlib.util, json, os, sys
folder, setup, worker, wait = sys.argv[1:]
spec = importlib.util.spec_from_file_location("_forkserver", os.path.join(folder, "_forkserver.py"))
server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(server)
module = server.load_worker_module(folder)
server.preload_debugger(folder, json.loads(setup))
module.die_with_parent()
os._exit(module.serve(setup, int(worker), 0, wait == "wait"))
"""


@dataclass(frozen=True)
class Python:
    """An interpreter that workers run in, and the folder of the package's files for it."""

    executable: str
    package: Path


def installed_python() -> Python:
    """The one that runs the tests, with the installed package; found without importing that."""
    spec = importlib.util.find_spec("batchscope")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            if Path(folder, "_worker" + suffix).exists():
                return Python(sys.executable, Path(folder))
    raise FileNotFoundError(f"no _worker for this Python in {folders}; install batchscope first")


@dataclass
class Failure:
    """Why something failed; `kind` counts FailureKind's names from 0."""

    kind: int
    type: str
    message: str
    traceback: str


EXCEPTION, WRONG_TYPE, REJECTED = 0, 1, 5


@dataclass
class Outcome:
    """What became of one mini-batch."""

    mini_batch: int
    attempt: int
    ok: bool
    results: int
    rows: bytes
    header_size: int
    failure: Failure | None
    holds: bool = False


START, BEFORE_RUN, IN_RUN, AFTER_RUN, FAILURE = range(5)


@dataclass
class Gate:
    """wire::AtGate; `failure` at the gate FAILURE only."""

    gate: int
    mini_batch: int = 0
    attempt: int = 0
    rules: list[int] = field(default_factory=list)
    in_init: bool = False
    failure: Failure | None = None


@dataclass
class Message:
    """One message of the worker: `tag` is the letter that it begins with (runtime/wire/README.md).

    Attributes
    ----------
    text
        Of DebuggerOutput the JSON, of DebuggerGone why, of WorkerStopped the file.
    stop
        Of WorkerStopped, the line and the reason.
    """

    tag: str
    pid: int = 0
    failure: Failure | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    text: str = ""
    stop: tuple[int, str] | None = None
    gate: Gate | None = None


class Reader:
    """Takes integers and texts from a message."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        values = layout.unpack_from(self.data, self.place)
        self.place += layout.size
        return values

    def text(self) -> bytes:
        (size,) = self.take(struct.Struct("<Q"))
        self.place += size
        return self.data[self.place - size : self.place]

    def failure(self) -> Failure:
        (kind,) = self.take(struct.Struct("<B"))
        return Failure(kind, *(self.text().decode() for _ in range(3)))


def decode(data: bytes) -> Message:
    """The worker's message in `data`."""
    message, reader = Message(chr(data[0])), Reader(data[1:])
    if message.tag == "H":
        _, message.pid = reader.take(struct.Struct("<Ii"))
    elif message.tag == "I":
        message.failure = reader.failure()
    elif message.tag == "T":
        (count,) = reader.take(struct.Struct("<I"))
        sizes = []
        for _ in range(count):
            batch, attempt, ok, holds, results, _, _, _, size, header = reader.take(TASK_RESULT)
            failure = None if ok else reader.failure()
            message.outcomes.append(Outcome(batch, attempt, bool(ok), results, b"", header, failure, bool(holds)))
            sizes.append(size)
        rows = Reader(reader.text())
        for outcome, size in zip(message.outcomes, sizes, strict=True):
            (outcome.rows,) = rows.take(struct.Struct(f"{size}s"))
    elif message.tag in "NOS":
        message.text = reader.text().decode()
        if message.tag == "S":
            (line,) = reader.take(struct.Struct("<I"))
            message.stop = (line, reader.text().decode())
    elif message.tag == "G":
        gate, batch, attempt, count = reader.take(struct.Struct("<BIII"))
        message.gate = Gate(gate, batch, attempt, list(reader.take(struct.Struct(f"<{count}I"))))
        message.gate.in_init = bool(*reader.take(struct.Struct("<B")))
        failure = reader.failure()
        message.gate.failure = failure if gate == FAILURE else None
    return message


class WireHost:
    """Starts one worker with the given entry script and talks with it.

    Use it as a context: the worker does not outlive it.
    """

    def __init__(
        self,
        folder: Path,
        script: str,
        name: str = "score.py",
        *,
        python: Python | None = None,
        wait: bool = False,
        **setup: object,
    ) -> None:
        self._python = python or installed_python()
        self._wait = wait
        self.run = folder / "run"
        self.entry = self.run / "entry"
        self.script = self.entry / name
        self.output = folder / "out put"
        self.names = folder / "names"
        for each in (self.script.parent, self.output, self.names, self.run / "control"):
            each.mkdir(parents=True, exist_ok=True)
        self.script.write_text(script, encoding="utf-8")
        self._socket_folder = tempfile.mkdtemp(prefix="bs-")  # pytest's own folders are too long for a socket
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        endpoint = f"ipc://{self._socket_folder}/link"
        self._socket.bind(endpoint)
        self._peer = b""
        self._board = os.memfd_create("board")
        os.ftruncate(self._board, SLOT.size)
        self.setup = {
            "run_id": "run_7",
            "run_folder": str(self.run),
            "endpoint": endpoint,
            "board_fd": self._board,
            "node": "10.0.0.7",
            "entry_script": str(self.script),
            "source_directory": str(self.entry),
            "arguments": [],
            "output_dir": str(self.output),
            "output_action": "append_row",
            "append_header": False,
            "model_dir": "",
            "logging_level": "INFO",
            "work_folder": str(self.run / "work"),
            "logs_folder": str(self.run / "logs"),
            "stacks_folder": str(self.run / "control" / "stacks"),
            "names_folder": str(self.names),
            "input_names": ["images"],
            **setup,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> WireHost:
        self._process = subprocess.Popen(
            [
                *(self._python.executable, "-c", LAUNCH, str(self._python.package), json.dumps(self.setup)),
                *(str(WORKER), "wait" if self._wait else "go"),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[self._board],
            start_new_session=True,
        )
        self._pidfd = os.pidfd_open(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process
        self._process.poll()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._pidfd)
        self._socket.close(linger=0)
        self._context.term()
        os.close(self._board)
        shutil.rmtree(self._socket_folder)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def receive(self) -> Message:
        """The worker's next message."""
        both = zmq.Poller()
        both.register(self._socket, zmq.POLLIN)
        both.register(self._pidfd, zmq.POLLIN)
        ready = dict(both.poll(WATCHDOG_MS))
        if self._socket not in ready and not self._socket.poll(0):
            how = f"ended with {self.exit_code()}" if self._pidfd in ready else "is silent"
            raise TimeoutError(f"the worker {how}; its stderr: {self.log('stderr')!r}")
        self._peer, data = self._socket.recv_multipart()
        return decode(data)

    def become_ready(self) -> None:
        """Takes Hello and Ready."""
        hello, ready = self.receive(), self.receive()
        assert (hello.tag, hello.pid, ready.tag) == ("H", self.pid, "R"), (hello, ready)

    def init_failure(self) -> Failure:
        """Takes Hello and InitFailure, and the end with code 1 once it was dismissed."""
        hello, failed = self.receive(), self.receive()
        assert (hello.tag, failed.tag) == ("H", "I"), (hello, failed)
        assert self.dismiss() == 1
        assert failed.failure
        return failed.failure

    def say(self, data: bytes) -> None:
        """Sends a message as it is."""
        self._socket.send_multipart([self._peer, data])

    def watch(self, rules: dict[int, str] | None = None, uncaught: bool = False, last_failure: bool = False) -> None:
        """Sends wire::Watch with these selectors by their ids."""
        data = b"V" + struct.pack("<I", len(rules or {}))
        for rule, selector in (rules or {}).items():
            data += struct.pack("<IQ", rule, len(selector)) + selector.encode()
        self.say(data + bytes([uncaught, last_failure]))

    def send(
        self, tasks: Sequence[Sequence[str]], first: int = 0, attempt: int = 0, last_try: bool = False
    ) -> None:
        """Hands over mini-batches of these paths, numbered from `first`."""
        data = b"W" + struct.pack("<I", len(tasks))
        for number, paths in enumerate(tasks, first):
            text = b"".join(os.fsencode(path) + b"\0" for path in paths)
            data += struct.pack("<IIIQ", number, attempt, len(paths), len(text)) + text + bytes([last_try])
        self.say(data)

    def outcomes(self, count: int) -> list[Outcome]:
        """The next `count` results, in the order they came."""
        found: list[Outcome] = []
        while len(found) < count:
            message = self.receive()
            assert message.tag == "T", message
            found += message.outcomes
        assert len(found) == count, found
        return found

    def run_one(self, *paths: str, attempt: int = 0) -> Outcome:
        """What becomes of a mini-batch of these paths."""
        self.send([paths], attempt=attempt)
        return self.outcomes(1)[0]

    def dismiss(self) -> int:
        """Says that no more work comes; the worker's exit code."""
        self.say(b"D")
        return self.exit_code()

    def exit_code(self) -> int:
        assert self._process
        return self._process.wait(WATCHDOG_MS / 1000)

    def board(self) -> tuple[int, int, int, int, int]:
        """running, begun_ns, run_started_ns, finished, stack_dumps."""
        running, begun_ns, run_started_ns, finished, dumps, *_ = SLOT.unpack(os.pread(self._board, SLOT.size, 0))
        return running, begun_ns, run_started_ns, finished, dumps

    def stopped(self) -> tuple[int, int]:
        """stopped_since_ns and stopped_ns of the board."""
        *_, since_ns, earlier_ns, _ = SLOT.unpack(os.pread(self._board, SLOT.size, 0))
        return since_ns, earlier_ns

    def log(self, kind: str) -> str:
        """What the worker wrote: `kind` is stdout, stderr or log."""
        user, name = self.run / "logs" / "user", f"process{WORKER:03}"
        folder = user / "10.0.0.7" if kind == "log" else user / kind / "10.0.0.7"
        path = folder / f"{name}.{kind}.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""
