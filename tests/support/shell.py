"""Runs the installed program `batchscope` as a person at a shell does, with runs in a folder of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.processes import wait_until_gone
from support.waiting import GENEROUS_SECONDS, wait_for

PROGRAM = Path(sys.executable).parent / "batchscope"
OF_THE_STEP = (
    *("inputs", "output", "arguments", "model_dir"),
    *("debug", "debug_lane", "debug_lease", "hold_on_failure"),
)
ENTRY_SCRIPTS = Path(__file__).resolve().parents[1] / "entry_scripts"


@dataclass
class Ran:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The JSON object on stdout."""
        return json.loads(self.out)

    @property
    def last_line(self) -> str:
        return self.err.rstrip("\n").rpartition("\n")[2]

    @property
    def output(self) -> bytes:
        """The bytes of the output file."""
        return Path(self.result["output"]).read_bytes()

    @property
    def rows(self) -> list[str]:
        return self.output.decode().splitlines()

    @property
    def logs(self) -> Path:
        return Path(self.result["logs"])

    def log_text(self, pattern: str) -> str:
        """All logs whose path below logs/ matches the glob, one behind the other."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.glob(pattern)) if path.is_file())


def _hear_hangups() -> None:
    """Also when the tests were started with nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Started:
    """A command that still runs."""

    def __init__(self, process: subprocess.Popen[str]):
        self.process = process

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> Ran:
        out, err = self.process.communicate(timeout=GENEROUS_SECONDS)
        return Ran(self.process.returncode, out, err)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=GENEROUS_SECONDS)


class Shell:
    """A folder with input files, entry scripts and step files, and the runs made from them.

    `program` is the `batchscope` that runs them: that of the interpreter of the tests, if no other is given.
    """

    def __init__(self, folder: Path, program: Path = PROGRAM):
        self.folder = folder
        self.program = program
        self.home = folder / "home"
        self.inputs = folder / "inputs"
        self.source = folder / "source"
        self.source.mkdir(parents=True)
        hidden = ("VIRTUAL_ENV", "BATCHSCOPE_HOME", "BATCHSCOPE_PACKAGE", "AZUREML_MODEL_DIR")
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self._started: list[Started] = []

    def files(self, count: int, folder: str = "") -> list[Path]:
        """Makes `count` small files 0000.txt, 0001.txt, ... among the inputs."""
        where = self.inputs / folder
        where.mkdir(parents=True, exist_ok=True)
        made = [where / f"{number:04}.txt" for number in range(count)]
        for path in made:
            path.write_text(path.stem)
        return made

    def script(self, text: str, name: str = "score.py") -> Path:
        """Writes an entry script into the source directory."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def step(
        self, entry_script: str = "score.py", *, name: str = "some-step", file: str = "step.yml", **changes: Any
    ) -> Path:
        """Writes a step file; `changes` go to where the step has them.

        Two workers, one file a mini-batch, no failure is one too many, unless `changes` say otherwise.
        """
        step: dict[str, Any] = {"name": name, "inputs": [str(self.inputs)]}
        config: dict[str, Any] = {
            "entry_script": entry_script,
            "source_directory": str(self.source),
            "mini_batch_size": 1,
            "error_threshold": -1,
            "process_count_per_node": 2,
        }
        for key, value in changes.items():
            (step if key in OF_THE_STEP else config)[key] = value
        step["parallel_run_config"] = config
        path = self.folder / file
        path.write_text(json.dumps(step))
        return path

    def call(self, *words: str | Path, **options: Any) -> Ran:
        """`batchscope WORDS`, to its end; `options` as for subprocess."""
        return self.start(*words, **options).end()

    def start(self, *words: str | Path, **options: Any) -> Started:
        options = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": self.environment,
            "cwd": self.folder,
            "text": True,
            "errors": "surrogateescape",
            "preexec_fn": _hear_hangups,
            **options,
        }
        command = [self.program, words[0], "--home", self.home, *words[1:]]
        started = Started(subprocess.Popen([os.fspath(word) for word in command], **options))
        self._started.append(started)
        return started

    def run(self, step: Path | None = None, *words: str) -> Ran:
        """`batchscope run STEP --json` to its end; checks that it leaves no process behind."""
        ran = self.call("run", step or self.step(), "--json", *words)
        wait_until_gone(self.home)
        return ran

    def submit(self, step: Path | None = None, *words: str, **options: Any) -> Started:
        """`batchscope run STEP --json`, and goes on."""
        return self.start("run", step or self.step(), "--json", *words, **options)

    def show(self, run: str = "latest", *words: str) -> Ran:
        return self.call("show", run, "--json", *words)

    def run_folder(self) -> Path:
        """The folder of the only run, as soon as there is one."""
        return wait_for("run folder", lambda: next((path for path in self.home.glob("*") if path.is_dir()), None))

    def wait_for_file(self, path: Path) -> Path:
        wait_for(path.name, path.exists)
        return path

    def close(self) -> None:
        """Ends what a failed test left behind."""
        for started in self._started:
            if started.process.poll() is None:
                started.process.send_signal(signal.SIGKILL)
                started.process.wait()
