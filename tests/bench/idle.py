"""CPU of a whole run (host, fork server, eight workers) while every worker waits in run()."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.place import finish, start, write_step
from bench.table import Line, at_most
from support.processes import processes_of
from support.waiting import wait_for

WORKERS = 8
WINDOW_SECONDS = 10.0
SCRIPT = """
    import os

    def run(mini_batch):
        open(os.path.join({marks!r}, str(os.getpid())), "x").close()
        with open({gate!r}) as gate:  # a named pipe: opening it waits without any CPU
            gate.read()
        return mini_batch
"""


def cpu_seconds(pids: list[int]) -> float:
    """What all their threads have used since they started."""
    threads = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def measure(folder: Path, _files: int) -> list[Line]:
    inputs, marks, gate = folder / "inputs", folder / "marks", folder / "gate"
    inputs.mkdir()
    marks.mkdir()
    os.mkfifo(gate)
    for number in range(WORKERS):
        (inputs / str(number)).touch()
    script = SCRIPT.format(marks=str(marks), gate=str(gate))
    step = write_step(folder, script, [inputs], process_count_per_node=WORKERS, run_invocation_timeout=3600)
    run = start(step, folder / "home")
    wait_for("eight workers in run()", lambda: len(list(marks.iterdir())) == WORKERS)
    pids = sorted({run.pid, *processes_of(folder / "home")})
    before, started = cpu_seconds(pids), time.monotonic()
    time.sleep(WINDOW_SECONDS)  # the window that is measured
    percent = 100 * (cpu_seconds(pids) - before) / (time.monotonic() - started)
    while run.poll() is None:  # lets all of them go, however they open it
        try:
            os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            time.sleep(0.01)
    finish(run)
    return [at_most(f"idle: CPU of {len(pids)} processes, {WORKERS} of them workers", percent, 0.5, unit="% of a core")]
