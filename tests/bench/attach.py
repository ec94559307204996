"""From the wish to look into busy workers to their stop in the frame that was on the stack: a debug client that starts
`batchscope-dap`, attaches to a run and stops all of its workers, beside `debugpy --pid` for as many processes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.place import environment, finish, start, write_step
from bench.table import Line, at_least, at_most
from support.dap_client import Debugger, Stream
from support.waiting import GENEROUS_SECONDS, wait_for

# How many at once, and how often with ours: they get slower with what a core has to share.
FLEETS = {2: 11, 8: 5, 32: 3}
MOST_MILLISECONDS = 200.0
# With more than so many busy ones a core, the cores are what all of them wait for.
WORKERS_A_CORE = 4
TIMES_FASTER = 8.0
THEIR_MOST = 8  # Each injection takes seconds of a core: more at once take minutes.
LOOP = """
    import os, time

    def run(mini_batch):
        open(os.path.join({marks!r}, str(os.getpid())), "w").close()
        count = 1
        while count & 0xFFFFF or not os.path.exists({gate!r}):
            count += 1  # busy
        return mini_batch
"""


class Place:
    """A folder with the script, the marks of those who are in its run(), and the gate that ends them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.marks, self.gate = folder / "marks", folder / "gate"
        self.marks.mkdir(parents=True)
        self.text = textwrap.dedent(LOOP.format(marks=str(self.marks), gate=str(self.gate)))
        self.line = self.text[: self.text.index("# busy")].count("\n") + 1

    def wait_for(self, count: int) -> None:
        wait_for(f"{count} in run()", lambda: len(list(self.marks.iterdir())) == count)

    def threads(self) -> list[int]:
        """How many each process has; as before once nothing of a debugger is left."""
        return [len(list(Path("/proc", mark.name, "task").iterdir())) for mark in sorted(self.marks.iterdir())]


def ours(folder: Path, count: int) -> Iterator[float]:
    """Milliseconds until each worker had stopped, over all rounds."""
    place = Place(folder)
    inputs = folder / "inputs"
    inputs.mkdir()
    for number in range(count):
        (inputs / f"{number:03}").touch()
    home = folder / "home"
    step = write_step(folder, place.text, [inputs], process_count_per_node=count, run_invocation_timeout=3600)
    run = start(step, home)
    place.wait_for(count)
    before = place.threads()
    for _ in range(FLEETS[count]):
        started = time.perf_counter()
        client = Debugger.start("--home", home, environment=environment())
        client.attach(breakpoints={folder / "source" / "score.py": [place.line]})
        for _ in range(count):
            client.stopped(reason="breakpoint")
            yield (time.perf_counter() - started) * 1000
        client.disconnect()
        client.close()
        wait_for("end of the debuggers", lambda: place.threads() == before)
    place.gate.touch()
    finish(run)


class Injection:
    """`debugpy --pid` for one process, and the client that it waits for."""

    def __init__(self, script: Path, line: int, pid: int):
        self.script, self.line, self.pid = script, line, pid
        self.milliseconds = 0.0
        self.thread = threading.Thread(target=self.stop)

    def stop(self) -> None:
        started = time.perf_counter()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = ["--listen", f"127.0.0.1:{port}", "--pid", str(self.pid)]
        command = [sys.executable, "-m", "debugpy", *words]
        subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=600)
        with socket.create_connection(("127.0.0.1", port), GENEROUS_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.talk(Stream(connection.makefile("rb"), connection.makefile("wb")))
            self.milliseconds = (time.perf_counter() - started) * 1000

    def talk(self, stream: Stream) -> None:
        """Until the process has stopped."""
        requests: list[tuple[str, dict[str, Any]]] = [
            ("initialize", {"adapterID": "bench"}),
            ("attach", {"justMyCode": False}),
        ]
        configuration: list[tuple[str, dict[str, Any]]] = [
            ("setBreakpoints", {"source": {"path": str(self.script)}, "breakpoints": [{"line": self.line}]}),
            ("configurationDone", {}),
        ]
        for number, (command, arguments) in enumerate(requests):
            stream.write({"seq": number, "type": "request", "command": command, "arguments": arguments})
        while (message := stream.read()) is not None:
            if message.get("event") == "initialized":
                for number, (command, arguments) in enumerate(configuration, len(requests)):
                    stream.write({"seq": number, "type": "request", "command": command, "arguments": arguments})
            if message.get("event") == "stopped":
                return
        raise RuntimeError("debugpy ended before the process stopped")


def theirs(folder: Path, count: int) -> list[float]:
    """Milliseconds until each process had stopped."""
    place = Place(folder)
    script = folder / "score.py"
    script.write_text(place.text + "\nrun([])\n")
    with contextlib.ExitStack() as stack:
        processes = []
        for _ in range(count):
            process = subprocess.Popen([sys.executable, script], env=environment(), stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        place.wait_for(count)
        injections = [Injection(script, place.line, process.pid) for process in processes]
        for each in injections:
            each.thread.start()
        for each in injections:
            each.thread.join()
    if missing := sum(not each.milliseconds for each in injections):
        raise RuntimeError(f"{missing} of {count} processes were not stopped by `debugpy --pid`")
    return [each.milliseconds for each in injections]


def measure(folder: Path, _files: int) -> list[Line]:
    lines = []
    for count in FLEETS:
        our_median = median(ours(folder / f"ours-{count}", count))
        their_count = min(count, THEIR_MOST)
        their_median = median(theirs(folder / f"theirs-{count}", their_count))
        what = f"attach: {count} busy workers stop, median"
        limit = MOST_MILLISECONDS * max(1, count / (WORKERS_A_CORE * (os.cpu_count() or 1)))
        lines.append(at_most(what, our_median, limit, unit="ms"))
        beside = f"{what}, against debugpy --pid for {their_count}"
        lines.append(at_least(beside, our_median, their_median, TIMES_FASTER, unit="ms", higher_is_better=False))
    return lines
