"""The runs that this process hosts: kept until they end, and ended tidily with the process."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import TYPE_CHECKING

from batchscope import _engine

if TYPE_CHECKING:
    from batchscope.run import Run


class HostedRuns:
    """By folder. Without it a run nobody keeps a name for would be collected, which ends it."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def add(self, run: Run) -> None:
        """Keeps the run until it has ended."""
        with self._lock:
            self._runs = {folder: each for folder, each in self._runs.items() if not each.has_ended}
            self._runs[str(run.folder)] = run

    def find(self, folder: str) -> Run | None:
        """The run in that folder, if this process hosts it."""
        with self._lock:
            return self._runs.get(folder)

    def end_all(self) -> None:
        """Cancels what is still under way, says so, and waits for the records to be complete."""
        left = [run for run in self._runs.values() if not run.has_ended]
        for run in left:
            if sys.stderr is not None:
                print(
                    f"batchscope: cancelling the run {run.id}, because this Python ends; run.wait() sees it through",
                    file=sys.stderr,
                    flush=True,
                )
        if left and not _engine.shutdown() and sys.stderr is not None:
            print("batchscope: a run did not end in time; its record is sealed later", file=sys.stderr, flush=True)

    def forget_in_child(self) -> None:
        """In a forked child: the runs are the parent's, and a thread that is not here may have held the lock."""
        self._lock = threading.Lock()
        self._runs = {}


hosted_runs = HostedRuns()
"""One for the process, as the process is what ends and forks."""

atexit.register(hosted_runs.end_all)
os.register_at_fork(after_in_child=hosted_runs.forget_in_child)
