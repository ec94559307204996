"""Until 32 workers have numpy and pandas: ours, a bare fork server that imports them once, multiprocessing's spawn."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.place import environment, finish, start, write_step
from bench.table import Line, at_least

WORKERS = 32
ROUNDS = 3
# Each worker notes when it was ready; none ends before all are.
SCRIPT = """
    import os, time

    marks = {marks!r}

    def init():
        import numpy
        import pandas
        with open(os.path.join(marks, str(os.getpid())), "w") as mark:
            mark.write(str(time.monotonic()))

    def run(mini_batch):
        while len(os.listdir(marks)) < 32:
            time.sleep(0.01)
        return mini_batch
"""
FORK_SERVER = """
import os, sys, time
import numpy, pandas

marks, workers = sys.argv[1], int(sys.argv[2])
for _ in range(workers):
    if os.fork() == 0:
        with open(os.path.join(marks, str(os.getpid())), "w") as mark:
            mark.write(str(time.monotonic()))
        os._exit(0)
for _ in range(workers):
    os.wait()
"""


def spawned(marks: str) -> None:
    import numpy  # noqa: F401
    import pandas  # noqa: F401

    Path(marks, str(multiprocessing.current_process().pid)).write_text(str(time.monotonic()))


def last_mark(marks: Path) -> float:
    times = [float(mark.read_text()) for mark in marks.iterdir()]
    if len(times) != WORKERS:
        raise RuntimeError(f"{len(times)} workers were ready, not {WORKERS}")
    return max(times)


def ours(folder: Path, marks: Path) -> None:
    inputs = folder / "inputs"
    inputs.mkdir(exist_ok=True)
    for number in range(4 * WORKERS):
        (inputs / f"{number:03}").touch()
    script = SCRIPT.format(marks=str(marks))
    finish(start(write_step(folder, script, [inputs], process_count_per_node=WORKERS), folder / "home"))


def bare_fork_server(folder: Path, marks: Path) -> None:
    command = [sys.executable, "-c", FORK_SERVER, str(marks), str(WORKERS)]
    subprocess.run(command, check=True, env=environment())


def spawn(folder: Path, marks: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=spawned, args=(str(marks),)) for _ in range(WORKERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def seconds(way, folder: Path) -> float:
    marks = folder / f"marks-{way.__name__}-{len(list(folder.glob('marks-*')))}"
    marks.mkdir()
    started = time.monotonic()
    way(folder, marks)
    return last_mark(marks) - started


def measure(folder: Path, _files: int) -> list[Line]:
    taken: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for way in (ours, bare_fork_server):
            taken.setdefault(way.__name__, []).append(seconds(way, folder))
    spawned_in = seconds(spawn, folder)
    our_seconds, their_seconds = median(taken["ours"]), median(taken["bare_fork_server"])
    what = f"startup: {WORKERS} workers with numpy and pandas, against"
    bare = at_least(f"{what} a bare fork server", our_seconds, their_seconds, 1 / 1.5, unit="s", higher_is_better=False)
    spawning = at_least(f"{what} spawn", our_seconds, spawned_in, 8, unit="s", higher_is_better=False)
    return [bare, spawning]
