"""A run whose control endpoint is in bad company completes as if nobody was there."""

from __future__ import annotations

import os
import random
import select
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.control_client import VERSION, ControlClient, Debugger, connect, encode
from support.processes import processes_of, wait_until_gone
from support.shell import Ran, Shell
from support.waiting import GENEROUS_SECONDS, wait_for

GATED = """
    import os, time

    def run(mini_batch):
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.005)
        return [os.path.basename(path) for path in mini_batch]
"""
LISTENS = "0A"  # TCP_LISTEN of /proc/net/tcp


class GatedRun:
    """A run of six files that goes on when it is let go."""

    def __init__(self, shell: Shell):
        self.shell = shell
        self.gate = shell.folder / "gate"
        shell.files(6)
        shell.script(GATED)
        self.started = shell.submit(shell.step(environment_variables={"GATE": str(self.gate)}))
        self.folder = shell.run_folder()
        self.control = self.folder / "control"
        shell.wait_for_file(self.control / "control.sock")

    def token(self) -> str:
        return (self.control / "token").read_text()

    def joining(self, who: str = "a rude one", **changes: object) -> bytes:
        return encode("Join", **{"version": VERSION, "token": self.token(), "who": who, "debugger": False, **changes})

    def completes(self) -> Ran:
        """Lets it go on, and checks that all is as it would be anyway."""
        self.gate.touch()
        ran = self.started.end()
        assert ran.code == 0, ran.err
        assert ran.rows == [f"{number:04}.txt" for number in range(6)]
        assert ran.result["mini_batches"] == {"total": 6, "succeeded": 6, "failed": 0, "tried_again": 0}
        wait_until_gone(self.shell.home)
        return ran


@pytest.fixture
def run(shell: Shell) -> GatedRun:
    return GatedRun(shell)


@pytest.fixture
def say(run: GatedRun) -> Iterator[Callable[..., socket.socket]]:
    """Connects and says some bytes, as many as the host takes: ``say(b"...")``; the connections end with the test."""
    with ExitStack() as stack:

        def connect_and_say(data: bytes = b"") -> socket.socket:
            endpoint = stack.enter_context(connect(run.folder))
            endpoint.settimeout(GENEROUS_SECONDS)
            try:
                endpoint.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the host did not listen to the end
            return endpoint

        yield connect_and_say


def answer(endpoint: socket.socket) -> bytes:
    """All that the host says until it closes the connection."""
    said = b""
    while True:
        try:
            part = endpoint.recv(1 << 16)
        except ConnectionResetError:
            part = b""
        if not part:
            return said
        said += part


def serves_others(run: GatedRun) -> None:
    with ControlClient(run.folder, "a polite one", debugger=False) as client:
        client.expect("Welcome")
        client.send("AskWorkers")
        client.expect("Workers")


def test_a_wrong_token_is_refused(run: GatedRun, say: Callable[..., socket.socket]):
    for token in ["", "0" * 64, run.token()[:-1], run.token() + "\n"]:
        assert b"its token is not the one in control/token" in answer(
            say(run.joining(token=token) + encode("CancelRun"))
        )
    serves_others(run)
    run.completes()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\0" * 100_000,
        b"\xff" * 100_000,
        struct.pack("<I", 5) + b"CCCCC",
        random.Random(1).randbytes(5_000),
    ],
    ids=["http", "zeros", "ones", "cancel", "random"],
)
def test_garbage_changes_nothing(run: GatedRun, say: Callable[..., socket.socket], data: bytes):
    endpoint = say(data)
    endpoint.shutdown(socket.SHUT_WR)
    answer(endpoint)
    joined = say(run.joining() + struct.pack("<I", 5) + b"?????" + data)
    assert b"no message begins with the byte 63" in answer(joined)
    serves_others(run)
    run.completes()


def test_a_message_of_20_mib_is_refused(run: GatedRun, say: Callable[..., socket.socket]):
    size = 20 << 20
    message = struct.pack("<I", size) + b"T" + bytes(size - 1)
    assert b"it sent a message of 20971520 bytes, expected at most 4096" in answer(say(message))
    assert b"it sent a message of 20971520 bytes, expected at most 16777216" in answer(say(run.joining() + message))
    serves_others(run)
    run.completes()


def test_a_client_that_never_reads_is_dropped(run: GatedRun, say: Callable[..., socket.socket]):
    endpoint = say(run.joining(debugger=True))
    endpoint.setblocking(False)
    question = encode("AskWorkers")
    questions = question * 10_000
    asked = 0  # bytes

    def dropped() -> bool:
        nonlocal asked
        try:
            asked += endpoint.send(questions[asked % len(question) :])
        except BlockingIOError:
            select.select([], [endpoint], [], 0.1)
        except (BrokenPipeError, ConnectionResetError):
            return True
        return False

    wait_for("end of the connection", dropped)
    serves_others(run)
    ran = run.completes()
    why = "it stopped reading: more than 64 MiB wait for it"
    assert f"the debugger has left ({why}); all workers go on" in ran.log_text("**/*")


def test_clients_that_vanish_are_forgotten(run: GatedRun, say: Callable[..., socket.socket]):
    joining = run.joining(debugger=True)
    for size in [0, 1, 4, 5, len(joining) - 1]:
        say(joining[:size]).close()
    for rest in [b"", struct.pack("<I", 1000) + b"T", encode("AskWorkers") * 100, encode("ArmWorker", worker=0)]:
        with ControlClient(run.folder, "one that goes") as client:
            client.expect("Welcome")
            client.socket.sendall(rest)
    run.completes()


def test_fifty_clients_at_once_are_served(run: GatedRun, say: Callable[..., socket.socket]):
    silent = [say() for _ in range(50)]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(ControlClient(run.folder, f"client {number}", debugger=False)) for number in range(50)
        ]
        for client in clients:
            client.expect("Welcome")
            client.send("AskWorkers")
        for client in clients:
            client.expect("Workers")
        serves_others(run)
        run.completes()
        for client in clients:
            assert client.expect("RunEnded")["status"] == "completed"
    assert [answer(endpoint) for endpoint in silent] == [b""] * 50


def listening_inodes() -> set[str]:
    """Of the TCP sockets of this machine that listen."""
    found = set()
    for table in [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]:
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        found |= {fields[9] for fields in map(str.split, lines) if fields[3] == LISTENS}
    return found


def sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def test_only_the_owner_reaches_it_and_nothing_listens_on_tcp(run: GatedRun):
    for name in ["control.sock", "token"]:
        assert stat.S_IMODE((run.control / name).stat().st_mode) == 0o600, name
    assert len(run.token()) == 64
    with ControlClient(run.folder, "one who looks", debugger=False) as client:
        client.expect("Welcome")

        def running() -> list[int]:
            client.send("AskWorkers")
            pids = [view["pid"] for view in client.expect("Workers")["workers"] if view["attempt"]]
            return pids if len(pids) == 2 else []

        workers = wait_for("two workers in run()", running)
    nobody_listens(run, workers)
    with ControlClient(run.folder, "a debugger") as client:
        client.expect("Welcome")
        Debugger(client, 0).arm()
        nobody_listens(run, workers)
    run.completes()
    assert not (run.control / "control.sock").exists() and not (run.control / "token").exists()


def nobody_listens(run: GatedRun, workers: list[int]) -> None:
    """Checks the host, the fork server and the workers."""
    belonging = processes_of(run.shell.home)
    assert {run.started.process.pid, *workers} <= set(belonging), belonging
    assert len(belonging) >= 4, belonging
    listening = listening_inodes()
    for pid, command in belonging.items():
        assert not sockets_of(pid) & listening, command
