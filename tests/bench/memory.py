"""The host's memory a mini-batch, from a thousand to a million of them, when all but the last have been done."""

from __future__ import annotations

import re
import time
from pathlib import Path

from bench.place import finish, many_files, start, write_step
from bench.table import Line, at_most
from support.waiting import wait_for

FEW = 1_000
SCRIPT = """
    import os, time

    def run(mini_batch):
        if mini_batch[0].endswith("the-last-one"):
            open({mark!r}, "x").close()
            while not os.path.exists({gate!r}):
                time.sleep(0.01)
        return mini_batch
"""


def peak_bytes(pid: int) -> int:
    """The most memory the process has had."""
    kibibytes = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if kibibytes is None:
        raise RuntimeError(f"process {pid} has no VmHWM")
    return int(kibibytes[1]) * 1024


def all_but_one_done(home: Path) -> bool:
    """Whether the newest run's output has stopped growing: what is left is the last mini-batch."""
    (run,) = home.iterdir()
    size = -1
    output = run / "output" / "parallel_run_step.txt"
    while size != output.stat().st_size:
        size = output.stat().st_size
        time.sleep(0.3)
    return True


def host_peak(folder: Path, count: int) -> int:
    place = folder / str(count)
    place.mkdir()
    last = place / "zz" / "the-last-one"
    last.parent.mkdir()
    last.touch()
    mark, gate = place / "mark", place / "gate"
    script = SCRIPT.format(mark=str(mark), gate=str(gate))
    folders = many_files(folder / "inputs", count - 1)
    step = write_step(place, script, [*folders, last.parent], run_invocation_timeout=3600)
    run = start(step, place / "home")
    wait_for("last mini-batch", mark.exists, limit=600)
    all_but_one_done(place / "home")
    peak = peak_bytes(run.pid)
    gate.touch()
    finish(run)
    return peak


def measure(folder: Path, files: int) -> list[Line]:
    counts = [count for count in (FEW, 100_000, 1_000_000) if count <= max(files, 2 * FEW)]
    if len(counts) == 1:
        counts.append(files)
    peaks = {count: host_peak(folder, count) for count in counts}
    lines = []
    for fewer, more in zip(counts, counts[1:]):
        bytes_each = (peaks[more] - peaks[fewer]) / (more - fewer)
        what = f"memory: of the host, a mini-batch, {fewer:,} to {more:,}"
        lines.append(at_most(what, bytes_each, 300, unit="bytes"))
    return lines
