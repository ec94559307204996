"""A run whose mini-batches wait at a gate, and clients that look inside it."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from support.dap_client import Debugger, Message
from support.shell import Ran, Shell, Started
from support.waiting import wait_for

# Tells where it is by files, and goes on when the gate is open.
STEADY = """
    import os
    import time

    PLACE = os.environ["PLACE"]


    def double(value):
        result = value * 2  # @double
        return result


    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])  # @first
        open(f"{PLACE}/in.{number}", "w").close()
        rounds = 0
        while not os.path.exists(f"{PLACE}/gate"):  # @loop
            rounds += 1  # @round
            time.sleep(0.002)
        answer = double(number)  # @call
        return [f"{number}: {answer}"]  # @last
"""


class Scene:
    """A step's script with `# @marker` lines, its run, and debug clients.

    Attributes
    ----------
    changes
        What all its steps say besides.
    """

    def __init__(self, shell: Shell):
        self.shell = shell
        self.place = shell.folder / "signs"
        self.place.mkdir()
        self.path = shell.source / "score.py"
        self.changes: dict[str, Any] = {}
        self.clients: list[Debugger] = []
        self.started: Started | None = None

    def script(self, text: str = STEADY, name: str = "score.py") -> Path:
        self.path = self.shell.script(textwrap.dedent(text).lstrip("\n"), name)
        return self.path

    def line(self, mark: str) -> int:
        """The line that ends with `# @mark`."""
        lines = self.path.read_text().splitlines()
        found = [number for number, line in enumerate(lines, 1) if re.search(rf"# @{mark}$", line)]
        assert len(found) == 1, f"{mark}: {found}"
        return found[0]

    def step(self, *, files: int = 2, **changes: Any) -> Path:
        """A step of so many mini-batches of a file each."""
        if not self.path.exists():
            self.script()
        self.shell.files(files)
        changes = {**self.changes, **changes}
        variables = {"PLACE": str(self.place), **changes.pop("environment_variables", {})}
        return self.shell.step(environment_variables=variables, **changes)

    def start(self, *words: str, **step: Any) -> Started:
        """Starts the run; the gate is closed."""
        self.started = self.shell.submit(self.step(**step), *words)
        return self.started

    def wait_in(self, *mini_batches: int) -> None:
        """Returns when these are in run()."""
        for number in mini_batches:
            self.shell.wait_for_file(self.place / f"in.{number}")

    def wait_running(self, count: int) -> list[int]:
        """Returns when so many mini-batches are in run(), and which.

        Which worker gets which is the engine's matter, and one that is ready first may hold two.
        """

        def begun() -> list[int]:
            return sorted(int(path.suffix[1:]) for path in self.place.glob("in.*"))

        wait_for(f"{count} mini-batches in run()", lambda: len(begun()) == count)
        return begun()

    def open_gate(self, name: str = "gate") -> None:
        (self.place / name).touch()

    def finish(self) -> Ran:
        """Opens the gate; how the run ended."""
        self.open_gate()
        assert self.started
        return self.started.end()

    def client(self, *words: str | Path) -> Debugger:
        """A client with an adapter of its own."""
        client = Debugger.start("--home", self.shell.home, *words, environment=self.shell.environment)
        self.clients.append(client)
        return client

    def attach(self, *marks: str, **options: Any) -> Debugger:
        """A client attached to the run, with breakpoints at these lines of the script."""
        wait_for("run", lambda: list(self.shell.home.glob("*/journal.jsonl")))
        client = self.client()
        if marks:
            options["breakpoints"] = {self.path: [self.line(mark) for mark in marks]}
        client.attach(**options)
        return client

    def at(self, mark: str, **more: Any) -> Message:
        """A breakpoint."""
        return {"line": self.line(mark), **more}

    def close(self) -> None:
        for client in self.clients:
            client.close()


def doubled(count: int) -> list[str]:
    """The rows of STEADY over so many files."""
    return [f"{number}: {2 * number}" for number in range(count)]
