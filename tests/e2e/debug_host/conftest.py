"""Runs that somebody looks into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.control_client import ControlClient
from support.shell import Shell

LOOP = """
import os
import time

def run(mini_batch):
    rounds = 0  # @first
    while not os.path.exists({go!r}):
        rounds += 1
        time.sleep(0.001)  # @loop
    return [f"{{os.path.basename(path)}} {{os.getpid()}}" for path in mini_batch]
"""
PLAIN = """
import os

def run(mini_batch):
    pid = os.getpid()  # @first
    return [f"{os.path.basename(path)} {pid}" for path in mini_batch]
"""
FAILING = """
import os

def run(mini_batch):
    name = os.path.basename(mini_batch[0])
    if name == "0001.txt":
        raise ValueError(f"no {name}")  # @raise
    return [f"{name} {os.getpid()}"]
"""


def line_of(source: str, marker: str) -> int:
    """The number of the line that bears `# @marker`."""
    return next(number for number, line in enumerate(source.splitlines(), 1) if line.endswith(f"# @{marker}"))


@pytest.fixture
def joined(shell: Shell) -> Iterator[Callable[..., ControlClient]]:
    """Joins the shell's only run: ``joined(who, debugger=True)``; the connections end with the test."""
    clients: list[ControlClient] = []

    def join(who: str = "a test", debugger: bool = True) -> ControlClient:
        folder = shell.run_folder()
        shell.wait_for_file(folder / "control" / "token")
        clients.append(ControlClient(folder, who, debugger=debugger))
        return clients[-1]

    yield join
    for client in clients:
        client.close()


def entry_of(client: ControlClient) -> str:
    """Joins: the path of the run's copy of the entry script."""
    welcome = client.expect("Welcome")
    return str(Path(welcome["entry_folder"]) / welcome["entry_script"])


def names(rows: list[str]) -> list[str]:
    """The first word of each row."""
    return [row.split()[0] for row in rows]
