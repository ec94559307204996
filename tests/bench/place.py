"""Step files, many small files, and running the program `batchscope` on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "batchscope"
FILES_A_FOLDER = 1000
ENTRY_SCRIPTS = Path(__file__).resolve().parents[1] / "entry_scripts"


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


def write_step(folder: Path, script: str | Path, inputs: list[Path], **config: Any) -> Path:
    """A step file in `folder`; `script` is a path, or the text of a script to be written."""
    source = folder / "source"
    if isinstance(script, str):
        source.mkdir(exist_ok=True)
        path = source / "score.py"
        path.write_text(textwrap.dedent(script))
    else:
        path, source = script, script.parent
    step = {
        "name": "bench",
        "inputs": [{"name": "files", "path": [str(path) for path in inputs]}],
        "parallel_run_config": {
            "entry_script": path.name,
            "source_directory": str(source),
            "mini_batch_size": 1,
            "error_threshold": 0,
            "process_count_per_node": 2,
            **config,
        },
    }
    file = folder / f"step-{len(list(folder.glob('step-*')))}.yml"
    file.write_text(json.dumps(step))
    return file


def many_files(folder: Path, count: int) -> list[Path]:
    """`count` empty files, a thousand a folder; the folders."""
    folders = []
    for first in range(0, count, FILES_A_FOLDER):
        where = folder / f"{first // FILES_A_FOLDER:05}"
        folders.append(where)
        if where.exists():
            continue
        where.mkdir(parents=True)
        origin = where / "000"
        origin.touch()
        for number in range(1, min(FILES_A_FOLDER, count - first)):
            os.link(origin, where / f"{number:03}")
    return folders


def start(step: Path, home: Path) -> subprocess.Popen[str]:
    command = [str(PROGRAM), "run", str(step), "--home", str(home), "--quiet", "--json"]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The run's result; raises when it did not complete."""
    out, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"batchscope run ended with {process.returncode}")
    return json.loads(out)
