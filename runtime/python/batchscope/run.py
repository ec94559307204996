"""A run: one under way in this process, or any other by its record."""

from __future__ import annotations

import html
import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchscope import _engine, _tables
from batchscope._display import Display, SilentDisplay, choose_display, duration, stopped_text
from batchscope._hosted import hosted_runs
from batchscope.attach import Attach
from batchscope.dataset import PathText
from batchscope.errors import BatchscopeError, RunFailed, engine_errors

if TYPE_CHECKING:
    import pandas

_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_BETWEEN_READS = 1.0  # of another process's record, which may be long


class Run:
    """A run of a step. `ParallelRunStep.submit` and `get_run` make them; any thread may use one.

    A run of this process can be waited for, cancelled and killed; of any other one the record is read, which may grow
    meanwhile.
    """

    def __init__(self, folder: PathText, native: _engine.Run | None = None, is_shown: bool = False) -> None:
        self._folder = Path(folder)
        self._native = native
        self._host = os.getpid()
        self._is_shown = is_shown
        if native is not None:
            hosted_runs.add(self)

    @property
    def id(self) -> str:
        """The step's name, the time in UTC and four letters: the name of the run's folder."""
        return self._folder.name

    @property
    def name(self) -> str:
        """The step's name."""
        return str(self.progress["name"])

    @property
    def folder(self) -> Path:
        """Everything that is known about the run; it can be moved and copied."""
        return self._folder

    @property
    def output(self) -> Path | None:
        """The file of all rows in the mini-batches' order; None with ``summary_only``."""
        file = self._native.output_file if self._native is not None else self.summary["output_file"]
        return Path(file) if file else None

    @property
    def logs(self) -> Path:
        """The folder of the logs; its ``readme.txt`` says what each is."""
        return self._folder / "logs"

    @property
    def status(self) -> str:
        """starting, running, cancelling, completed, failed, cancelled, or crashed when its host process died."""
        return str(self.progress["status"])

    @property
    def has_ended(self) -> bool:
        """Whether the run is over and its record complete."""
        return self._wait_for(0.0)

    @property
    def progress(self) -> dict[str, Any]:
        """How the run stands: status, mini-batches (total, done, failed), items, rate, seconds left, workers, stops."""
        if self._native is not None:
            return json.loads(self._hosted().progress())
        summary = self.summary
        counts = summary["counts"]
        return {
            "run": summary["id"],
            "name": summary["name"],
            "status": summary["status"],
            "message": summary["reason"],
            "folder": summary["folder"],
            "total": counts["mini_batches"],
            "done": counts["succeeded"] + counts["failed"],
            "failed": counts["failed"],
            "items_done": counts["items_succeeded"] + counts["items_failed"],
            "items_failed": counts["items_failed"],
            "items_per_second": 0.0,
            "seconds_left": None,
            "elapsed_seconds": summary["elapsed_seconds"],
            "workers": counts["workers_alive"],
            "stopped": summary["stopped"],
        }

    @property
    def stopped(self) -> list[dict[str, Any]]:
        """The workers that wait for a person: each one's number (worker), where, and for how long (seconds).

        ``where`` is text: "stopped in debugger at entry.py:12", "held after mini-batch 7 failed" and the like.
        """
        return list(self.progress.get("stopped", []))

    def attach(self) -> Attach:
        """How to get a debugger to this run: a link for VS Code, a launch.json, the command of the debug adapter."""
        return Attach(self._folder)

    @property
    def summary(self) -> _engine.Summary:
        """The record's first page: status, reason, times, counts, where things lie, and what ended the run."""
        with engine_errors():
            return _engine.read_summary(str(self._folder))

    def mini_batches(self) -> pandas.DataFrame:
        """A row per mini-batch, with the columns of Azure's logs; times in UTC and in seconds."""
        with engine_errors():
            return _tables.mini_batches(str(self._folder))

    @property
    def errors(self) -> pandas.DataFrame:
        """A row per failed attempt: which mini-batch, attempt and process, when, what, its traceback and its items.

        At most the first 10,000; ``errors.attrs["total"]`` says how many there are.
        """
        with engine_errors():
            return _tables.errors(str(self._folder))

    def items(self, mini_batch: int) -> list[str]:
        """The files of a mini-batch."""
        with engine_errors():
            return _engine.read_items(str(self._folder), mini_batch)

    def why(self, mini_batch: int) -> str:
        """The story of a mini-batch, a line an event: who got it when, what failed, what came of it."""
        with engine_errors():
            return "\n".join(_engine.why(str(self._folder), mini_batch))

    def read_output(self, sep: str | None = None, **options: Any) -> pandas.DataFrame:
        """The rows that were written so far.

        Parameters
        ----------
        sep : str, optional
            What stands between the columns; without it each row stays as it is, in a column `row`.
        **options
            Handed on to `pandas.read_csv`, for example ``names``.
        """
        import pandas as pd

        file = self.output
        if file is None:
            raise BatchscopeError(f"the run {self.id} has no output file: its output_action is summary_only")
        if sep is None:
            rows = file.read_text(encoding="utf-8", errors="backslashreplace").split("\n")
            return pd.DataFrame({"row": rows[:-1]})
        options = {"header": None, "encoding_errors": "backslashreplace", **options}
        if len(sep) > 1:  # pandas takes several characters for a regular expression
            options.setdefault("engine", "python")
            sep = re.escape(sep)
        try:
            return pd.read_csv(file, sep=sep, **options)
        except pd.errors.EmptyDataError:
            return pd.DataFrame(columns=options.get("names"))

    def cancel(self) -> None:
        """Asks for a tidy end and returns at once: workers are stopped, what is finished is kept."""
        self._hosted().cancel(False)

    def kill(self) -> None:
        """Asks for the end without any wait and returns at once; what is finished is kept."""
        self._hosted().cancel(True)

    def wait(self, show_progress: bool = True, raise_on_error: bool = True) -> str:
        """Waits until the run has ended and its record is complete; the status.

        An interrupt (Ctrl-C, the notebook's stop button) cancels the run tidily, a second one kills it; both times the
        record gets complete before KeyboardInterrupt comes out.

        Parameters
        ----------
        show_progress : bool
            In a notebook's cell, as a bar on a terminal, as lines elsewhere (on stderr).
        raise_on_error : bool
            Whether a failed run is an exception.

        Raises
        ------
        RunFailed
            The run failed; the text has the reason, and the traceback of the user's code if that ended it.
        """
        display = choose_display(self._is_shown) if show_progress else SilentDisplay()
        interrupts = self._wait_to_the_end(display)
        progress = self.progress
        display.end(progress)
        if interrupts:
            raise _interrupt(progress)
        if raise_on_error and progress["status"] in ("failed", "crashed"):
            summary = self.summary
            traceback = (summary["fatal"] or {}).get("traceback", "")
            raise RunFailed(self, summary["reason"], traceback, summary["logs"])
        return str(progress["status"])

    def _wait_to_the_end(self, display: Display) -> int:
        """How many interrupts came meanwhile. Each is acted on once, wherever in the loop it strikes."""
        interrupts = handled = 0
        while True:
            try:
                if interrupts > handled:
                    handled += 1
                    self._interrupted(handled, display)
                if self._wait_for(_SECONDS_BETWEEN_LOOKS):
                    return interrupts
                display.show(self.progress)
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > 2 or self._native is None:
                    raise

    def _interrupted(self, count: int, display: Display) -> None:
        if count == 1:
            self.cancel()
            display.say("cancelling the run; interrupt again to kill its workers at once")
        else:
            self.kill()
            display.say("killing the run's workers")

    def _wait_for(self, seconds: float) -> bool:
        if self._native is not None:
            return self._hosted().wait_for(seconds)
        if self.summary["status"] != "running":
            return True
        if seconds:
            time.sleep(_SECONDS_BETWEEN_READS)
        return False

    def _hosted(self) -> _engine.Run:
        if self._native is None:
            raise BatchscopeError(f"the run {self.id} is not this process's own; only its own process can do that")
        if os.getpid() != self._host:
            raise BatchscopeError(f"the run {self.id} belongs to process {self._host}, of which this is a fork")
        return self._native

    def __repr__(self) -> str:
        progress = self.progress
        counts = f"{progress['done']} of {progress['total']} mini-batches, {progress['failed']} failed"
        return f"Run({self.id!r}, {progress['status']}, {counts})"

    def _repr_html_(self) -> str:
        progress = self.progress
        done, failed, items_failed = progress["done"], progress["failed"], progress["items_failed"]
        is_over = progress["status"] in ("completed", "failed", "cancelled", "crashed")
        rows = {
            "run": self.id,
            "status": progress["status"],
            "mini-batches": f"{done:,} of {progress['total']:,} done: {done - failed:,} succeeded, {failed:,} failed",
            "items": f"{progress['items_done'] - items_failed:,} succeeded, {items_failed:,} failed",
            "time": duration(progress["elapsed_seconds"]) + ("" if is_over else " so far"),
            "output": self.output or "none (summary_only)",
            "logs": self.logs,
        }
        if progress.get("stopped"):
            rows["stopped"] = "; ".join(map(stopped_text, progress["stopped"]))
        if progress.get("message"):
            rows["reason"] = progress["message"]
        left = "style='text-align:left'"  # JupyterLab would set them at the right
        cells = "".join(
            f"<tr><th {left}>{name}</th><td {left}>{html.escape(str(value))}</td></tr>" for name, value in rows.items()
        )
        return f"<table>{cells}</table>"


def _interrupt(progress: dict[str, Any]) -> KeyboardInterrupt:
    """Of a run that the person at the keyboard ended: IPython shows what came of it instead of a traceback."""
    done = f"{progress['done']:,} of {progress['total']:,} mini-batches are done"
    interrupt = KeyboardInterrupt(f"the run is {progress['status']}; {done} and kept")
    interrupt._render_traceback_ = lambda: [f"KeyboardInterrupt: {interrupt}"]  # type: ignore[attr-defined]
    return interrupt


def get_run(which: PathText = "latest", home: PathText | None = None) -> Run:
    """A run by its id, the beginning of it, its folder, or ``latest``.

    Parameters
    ----------
    which : str or path
        Which.
    home : path, optional
        Where runs are kept, as for `ParallelRunStep.submit`.

    Raises
    ------
    BatchscopeError
        There is none, or there are several; the text lists them.
    """
    with engine_errors():
        folder = _engine.find_run(_home(home), os.fspath(which))
    return hosted_runs.find(folder) or Run(folder)


def runs(home: PathText | None = None) -> pandas.DataFrame:
    """All runs, newest first, a row each."""
    with engine_errors():
        return _tables.runs(_engine.list_runs(_home(home)))


def _home(home: PathText | None) -> str:
    return os.path.abspath(home) if home is not None else _engine.runs_home()
