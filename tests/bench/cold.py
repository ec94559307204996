"""From a cold shell to the result of one file: `batchscope run` beside a Python script with joblib.Parallel."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.place import PROGRAM, environment, write_step
from bench.table import Line, at_least

ROUNDS = 7
JOBLIB = """
import sys
from joblib import Parallel, delayed

def run(path):
    return path

if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(run)(path) for path in sys.argv[1:]))
"""


def seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    return time.perf_counter() - started


def measure(folder: Path, _files: int) -> list[Line]:
    (folder / "inputs").mkdir()
    file = folder / "inputs" / "one.txt"
    file.write_text("1")
    step = write_step(folder, "def run(mini_batch):\n    return mini_batch\n", [file])
    script = folder / "with_joblib.py"
    script.write_text(JOBLIB)
    commands = {
        "ours": [str(PROGRAM), "run", str(step), "--home", str(folder / "home")],
        "joblib": [sys.executable, str(script), str(file)],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for name, command in commands.items():  # the disk's cache is warm for both
        seconds_of(command)
    for _ in range(ROUNDS):
        for name, command in commands.items():
            seconds[name].append(seconds_of(command))
    ours, theirs = median(seconds["ours"]), median(seconds["joblib"])
    what = "cold: shell to result of one file, against joblib"
    return [at_least(what, ours * 1000, theirs * 1000, 5, unit="ms", higher_is_better=False)]
