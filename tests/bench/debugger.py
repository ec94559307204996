"""What a debugger costs a worker's run(): never attached, attached without a breakpoint, detached again; and how long a
busy worker takes to stop. For each CPython there is."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import debugpy

from bench.table import Line, at_most
from e2e.worker.dap import Dap
from e2e.worker.wire_host import Python, WireHost, installed_python
from support.interpreters import build_worker, find_interpreter

INSTALLED = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = ["3.12", "3.13"]
ROUNDS = 5
STOPS = 11
WINDOW_SECONDS = 1.0
# Milliseconds of the thread, the best of some, so that other processes do not count.
SCRIPT = """
import json, time

GO = []

def loop(count):
    x = 0
    for i in range(count):
        x = (x * 3 + i) & 0xFFFF
    return x

def add(a, b):
    return a + b

def calls(count):
    x = 0
    for i in range(count):
        x = add(x, i) & 0xFFFF
    return x

def best(function, count):
    taken = []
    for _ in range(7):
        started = time.thread_time()
        function(count)
        taken.append(time.thread_time() - started)
    return min(taken) * 1000

def one_frame():
    taken = []
    while not GO:
        started, x = time.thread_time(), 0
        for i in range(100_000):
            x = (x * 3 + i) & 0xFFFF
        taken.append((time.monotonic(), (time.thread_time() - started) * 1000))
    GO.clear()
    return [json.dumps(taken)]  # in one_frame

def run(mini_batch):
    if mini_batch == ["frame"]:
        return one_frame()
    if mini_batch == ["busy"]:
        while not GO:
            mini_batch[0] + "y"  # busy
        return GO
    return [json.dumps([best(loop, 100_000), best(calls, 50_000)])]
"""


def line_of(mark: str) -> int:
    return SCRIPT[: SCRIPT.index(f"# {mark}")].count("\n") + 1


# The most that each may cost: run() of a debugged worker is traced by pydevd before 3.12.
ATTACHED_AIM = {INSTALLED: 30.0}
FREE = 1.15


def pythons() -> Iterator[tuple[str, Python]]:
    yield INSTALLED, installed_python()
    for version in OTHERS:
        if interpreter := find_interpreter(version):
            yield version, Python(str(interpreter), build_worker(interpreter, version))


def speed(host: WireHost, dap: Dap) -> tuple[float, float]:
    """Milliseconds of the loop and of the calls."""
    host.send([["measure"]])
    loop, calls = json.loads(dap.word("T").outcomes[0].rows)
    return loop, calls


def costs(host: WireHost, dap: Dap) -> tuple[tuple[float, float], tuple[float, float]]:
    """How many times longer the loop and the calls take while attached, and after detaching."""
    never = speed(host, dap)
    attached, detached = [], []
    for _ in range(ROUNDS):
        dap.arm()
        attached.append(speed(host, dap))
        dap.disarm()
        detached.append(speed(host, dap))
    best_attached = [min(each) for each in zip(*attached, strict=True)]
    best_detached = [min(each) for each in zip(*detached, strict=True)]
    loop, calls = never
    return (best_attached[0] / loop, best_attached[1] / calls), (best_detached[0] / loop, best_detached[1] / calls)


def frame_cost(host: WireHost, dap: Dap) -> float:
    """How many times longer a loop takes, in a frame that was there before, after an attach, a stop and a detach."""
    begun = time.monotonic()
    host.send([["frame"]])
    time.sleep(WINDOW_SECONDS)
    attached = time.monotonic()
    dap.arm()
    dap.send("pause", threadId="*")
    dap.event("stopped")
    dap.disarm()
    detached = time.monotonic()
    time.sleep(WINDOW_SECONDS)
    dap.arm()
    dap.send("pause", threadId="*")
    dap.evaluate(dap.event("stopped")["threadId"], "GO.append(1)")
    dap.disarm()
    taken = json.loads(dap.word("T").outcomes[0].rows)
    before = [each for at, each in taken if begun < at < attached]
    after = [each for at, each in taken if detached < at < detached + WINDOW_SECONDS]
    return min(after) / min(before)


def stopping(host: WireHost, dap: Dap) -> float:
    """Milliseconds from the wish to look into a busy worker to its stop, in the frame that was on the stack."""
    host.send([["busy"]])
    taken = []
    for _ in range(STOPS):
        started = time.perf_counter()
        dap.arm({host.script: [{"line": line_of("busy")}]}, until_armed=False)
        thread = dap.event("stopped")["threadId"]
        taken.append((time.perf_counter() - started) * 1000)
        last = len(taken) == STOPS
        if last:
            dap.evaluate(thread, "GO.append(1)")
        dap.disarm()
    dap.word("T")
    return median(taken)


def measure(folder: Path, _files: int) -> list[Line]:
    lines = []
    for version, python in pythons():
        place = folder / version
        site = str(Path(debugpy.__file__).parents[1])
        with contextlib.ExitStack() as stack:
            host = stack.enter_context(WireHost(place, SCRIPT, python=python, debug=True, debugpy_folder=site))
            host.become_ready()
            dap = Dap(host)
            attached, detached = costs(host, dap)
            frame = frame_cost(host, dap)
            stopped = stopping(host, dap)
        for name, on, off in zip(("loop", "calls"), attached, detached, strict=True):
            aim = ATTACHED_AIM.get(version, FREE)
            lines.append(at_most(f"debugger: {name} on {version}, attached to never attached", on, aim, unit="x"))
            lines.append(at_most(f"debugger: {name} on {version}, detached to never attached", off, FREE, unit="x"))
        lines.append(at_most(f"debugger: the same frame on {version}, after to before", frame, FREE, unit="x"))
        lines.append(at_most(f"debugger: a busy worker on {version} stops, median", stopped, 200, unit="ms"))
    return lines
