"""What the tests of the Python package share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batchscope import ParallelRunConfig, ParallelRunStep

ECHO = """
from pathlib import Path

def run(mini_batch):
    return [f"{Path(path).name} {len(Path(path).read_text())}" for path in mini_batch]
"""


OF_STEP = ("inputs", "output", "arguments", "debug", "debug_lane", "debug_lease", "hold_on_failure")


class Bench:
    """A folder with numbered files, and steps over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"

    def put_files(self, count: int) -> None:
        self.files.mkdir()
        for number in range(count):
            (self.files / f"{number:04}.txt").write_text("x" * number)

    def script(self, source: str = ECHO) -> Path:
        (self.folder / "source").mkdir(exist_ok=True)
        file = self.folder / "source" / "entry.py"
        file.write_text(source)
        return file

    def step(self, source: str = ECHO, **changed: Any) -> ParallelRunStep:
        """A step over the files; `changed` are parameters of the configuration, or of the step where it has them."""
        of_step = {name: changed.pop(name) for name in OF_STEP if name in changed}
        config = ParallelRunConfig(
            **{"entry_script": self.script(source), "error_threshold": -1, "process_count_per_node": 1, **changed}
        )
        return ParallelRunStep("test-step", config, **{"inputs": [self.files], **of_step})

    def python(self, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `code` in a Python of its own, in this folder."""
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Five files; runs and models are kept below the test's own folder."""
    monkeypatch.setenv("BATCHSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BATCHSCOPE_MODELS", raising=False)
    made = Bench(tmp_path)
    made.put_files(5)
    return made
