"""The native engine: what `batchscope._engine` offers. Thin; the package's own modules give it its shape for people."""

from __future__ import annotations

from typing import Any, Callable, TypedDict

class EngineError(Exception):
    """Something outside failed: a wrong configuration, a missing folder, a full disk. The text says what to do."""

class Counts(TypedDict):
    mini_batches: int
    succeeded: int
    failed: int
    items_succeeded: int
    items_failed: int
    workers_alive: int
    workers_ready: int
    retries: int

class Failure(TypedDict):
    kind: str
    type: str
    message: str
    traceback: str

class StoppedWorker(TypedDict):
    worker: int
    where: str
    seconds: float

class HowToAttach(TypedDict):
    link: str
    launch_json: str
    obstacle: str
    text: str

class Summary(TypedDict):
    id: str
    name: str
    status: str
    reason: str
    started: str
    ended: str
    elapsed_seconds: float
    counts: Counts
    folder: str
    output_file: str
    logs: str
    stopped: list[StoppedWorker]
    fatal: Failure | None

class Run:
    """A run under way in this process. Any thread may call; nothing holds the GIL while it waits."""

    @property
    def folder(self) -> str: ...
    @property
    def output_file(self) -> str: ...
    def progress(self) -> str:
        """The progress as the JSON text of `batchscope.progress_sink.v1`."""
    def cancel(self, now: bool = False) -> None: ...
    def wait_for(self, seconds: float) -> bool:
        """True when the run has ended and its record is complete. Handles signals, so KeyboardInterrupt comes through."""

def submit(
    step: str,
    base: str,
    *,
    home: str = "",
    python: str,
    package_folder: str,
    debugpy_folder: str = "",
    wait_for_debugger: bool = False,
    sink: object | None = None,
) -> Run:
    """Start a step given as JSON text; relative paths are taken from `base`.

    `debugpy_folder` holds the package debugpy, for workers that have none of their own; empty: there is none.
    `wait_for_debugger`: workers wait for one before they import the script. `sink` is a capsule
    "batchscope.progress_sink.v1" or None. Raises EngineError.
    """

def shutdown() -> bool:
    """Cancel every run of this process and wait, a few seconds at most; True when all records are complete."""

def check(step: str, base: str) -> str:
    """The step with all defaults, as JSON text. Raises EngineError with every problem, a line each."""

def load_step(path: str) -> str:
    """A step file, YAML or JSON, checked; its JSON text with absolute paths."""

def runs_home() -> str: ...
def list_runs(home: str) -> list[str]:
    """Folders of the runs, newest first."""

def find_run(home: str, which: str) -> str: ...
def read_summary(folder: str) -> Summary: ...
def how_to_attach(folder: str, adapter: str) -> HowToAttach:
    """How a debugger gets to the run; `adapter` is the command line of batchscope-dap, which `text` names."""

def read_mini_batches(folder: str) -> dict[str, list[Any]]:
    """Columns: id, status, picked_count, process, start_unix_us, total, succeeded, failed, elapsed_seconds,
    process_seconds, run_seconds, error_category, error_message; a list each, ordered by id."""

def read_errors(folder: str, limit: int) -> tuple[dict[str, list[Any]], int]:
    """Columns mini_batch, attempt, last, process, time, kind, type, message, traceback, items; and how many there are."""

def read_items(folder: str, mini_batch: int) -> list[str]: ...
def why(folder: str, mini_batch: int) -> list[str]: ...
