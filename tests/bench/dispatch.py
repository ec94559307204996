"""Mini-batches a second with a run() that does nothing and two workers, beside multiprocessing.Pool on the same ones.

Both call the same run() with a list of one path, and write what it returns into a file, a line each, in order; ours are
tracked and journaled besides. Counted is the time from the first worker that is ready to the complete record. Before it
the folders are read and the plan is written, as the Pool's processes and list of paths are made before its clock
starts; a line of its own counts that too.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from bench.place import ENTRY_SCRIPTS, finish, many_files, start, write_step
from bench.table import Line, at_least

MANY = 300_000
ONE_BY_ONE = 30_000
CHUNKS = [64, 256, 1024, 4096, 16384]
ROUNDS = 3


def no_op(mini_batch: list[str]) -> list[str]:
    return mini_batch


def our_seconds(folder: Path, inputs: Path) -> tuple[float, float]:
    """From the first ready worker to the complete record, and of the whole run."""
    script = folder / "no_op" / "no_op.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text((ENTRY_SCRIPTS / "no_op.py").read_text())
    result = finish(start(write_step(folder, script, [inputs]), folder / "home"))
    log = Path(result["logs"], "sys", "master.txt").read_text()
    ready = datetime.fromisoformat(next(line for line in log.splitlines() if " is ready after " in line).split()[0])
    ended = datetime.fromisoformat(result["ended"])
    return (ended - ready).total_seconds(), result["elapsed_seconds"]


def pool_rate(pool, mini_batches: list[list[str]], chunk: int, output: Path) -> float:
    started = time.perf_counter()
    with output.open("w") as file:
        for rows in pool.imap(no_op, mini_batches, chunk):
            file.writelines(f"{row}\n" for row in rows)
    return len(mini_batches) / (time.perf_counter() - started)


def measure(folder: Path, files: int) -> list[Line]:
    count = min(files, MANY)
    mini_batches = [[entry.path] for each in many_files(folder / "inputs", count) for entry in os.scandir(each)]
    output = folder / "pool.txt"
    ours, whole, one_by_one, chunked = [], [], [], []
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool_rate(pool, mini_batches[:ONE_BY_ONE], 1, output)
        for _ in range(ROUNDS):
            seconds, whole_seconds = our_seconds(folder, folder / "inputs")
            ours.append(count / seconds)
            whole.append(count / whole_seconds)
            one_by_one.append(pool_rate(pool, mini_batches[:ONE_BY_ONE], 1, output))
            chunked.append(max(pool_rate(pool, mini_batches, chunk, output) for chunk in CHUNKS))
    rate, single = median(ours), median(one_by_one)
    what = "dispatch: no-op mini-batches"

    def faster(words: str, mine: float, theirs: float, aim: float) -> Line:
        return at_least(f"{what}{words}", mine, theirs, aim, unit="/s", higher_is_better=True)

    return [
        faster(", against Pool.imap one by one", rate, single, 5),
        faster(", against Pool.imap's best chunks", rate, median(chunked), 1),
        faster(", planning included, against Pool.imap one by one", median(whole), single, 1),
    ]
