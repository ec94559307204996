"""How a run that is waited for shows its progress: in a notebook's cell, as a bar on a terminal, else in lines."""

from __future__ import annotations

import html
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

Progress = dict[str, Any]
"""The fields of the engine's progress: run, name, status, total, done, failed, items_done, items_per_second, ..."""

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_UPDATES = 0.2
_BAR_COLUMNS = 30
_FEWEST_BAR_COLUMNS = 10


def progress_sink() -> object | None:
    """In our own kernel the capsule through which the engine draws into the cell itself; elsewhere None."""
    kernel = sys.modules.get("batchscope._kernel")
    if not hasattr(kernel, "progress_sink"):  # it is there only while a kernel runs in this process
        return None
    try:
        return kernel.progress_sink()
    except RuntimeError:  # no cell is running, for example in a thread of the user's
        return None


def debugger_waits() -> bool:
    """Whether the notebook's debugger is on: then workers of a new run wait for it."""
    kernel = sys.modules.get("batchscope._kernel")
    return bool(getattr(kernel, "debugger_is_on", bool)())


def duration(seconds: float) -> str:
    """Seconds for people, as the shell's commands say them: 7.2 s, 12 min 3 s, 1 h 2 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def stopped_text(stopped: dict[str, Any]) -> str:
    """Of one worker: worker 3: stopped in debugger at entry.py:12 for 31 s."""
    return f"worker {stopped['worker']}: {stopped['where']} for {duration(stopped['seconds'])}"


def progress_text(progress: Progress) -> str:
    """The progress in one line."""
    return ", ".join(text for _rank, text in _parts(progress))


def _parts(progress: Progress) -> list[tuple[int, str]]:
    """What is said, each with its rank: the lowest is left out first where it is narrow."""
    begin = f"{progress['name']} {progress['status']}: {progress['done']:,} of {progress['total']:,} mini-batches"
    parts = [(5, begin)]
    if progress["failed"]:
        parts.append((4, f"{progress['failed']:,} failed"))
    stopped = progress.get("stopped") or []
    if stopped:
        more = f" and {len(stopped) - 1} more" if len(stopped) > 1 else ""
        parts.append((4, stopped_text(stopped[0]) + more))
    rate = progress.get("items_per_second") or 0
    if progress["status"] == "running":
        if rate:
            parts.append((2, f"{rate:,.0f} items/s" if rate >= 10 else f"{rate:.1f} items/s"))
        workers = progress.get("workers", 0)
        parts.append((1, "1 worker" if workers == 1 else f"{workers} workers"))
        if progress.get("seconds_left") is not None:
            parts.append((3, f"{duration(progress['seconds_left'])} left"))
    elif progress["status"] not in ("starting", "cancelling"):
        parts.append((3, duration(progress["elapsed_seconds"])))
    return parts


def progress_bar(progress: Progress, columns: int) -> str:
    """The progress as a bar and a line, in at most `columns`."""
    share = progress["done"] / progress["total"] if progress["total"] else 0.0
    percent = f"{int(100 * share):3} %  "
    parts = _parts(progress)
    while len(parts) > 1 and _bar_width(percent, parts, columns) < _FEWEST_BAR_COLUMNS:
        parts.remove(min(parts))
    text = ", ".join(text for _rank, text in parts)
    width = min(_bar_width(percent, parts, columns), _BAR_COLUMNS)
    if width < _FEWEST_BAR_COLUMNS:
        return text[:columns]
    full = int(width * share)
    return f"[{'=' * full}{' ' * (width - full)}] {percent}{text}"


def _bar_width(percent: str, parts: list[tuple[int, str]], columns: int) -> int:
    return columns - len("[] ") - len(percent) - len(", ".join(text for _rank, text in parts))


def progress_html(progress: Progress) -> str:
    """The progress for a notebook's cell, in the colours of its theme."""
    share = 100 * progress["done"] / progress["total"] if progress["total"] else 0
    colour = {"failed": "#c4342b", "crashed": "#c4342b", "cancelled": "#8a8a8a"}.get(progress["status"], "#2a7de1")
    message = progress.get("message") or ""
    more = f"<pre style='margin:4px 0 0'>{html.escape(message)}</pre>" if message else ""
    return (
        "<div style='max-width:42em'>"
        "<div style='height:8px;border-radius:4px;background:rgba(128,128,128,.25)'>"
        f"<div style='height:8px;border-radius:4px;width:{share:.1f}%;background:{colour}'></div></div>"
        f"<div>{html.escape(progress_text(progress))}</div>{more}</div>"
    )


class Display(Protocol):
    """Where progress goes while `Run.wait` waits."""

    def show(self, progress: Progress) -> None:
        """The run as it stands; called often."""

    def say(self, line: str) -> None:
        """A line for the person at the keyboard."""

    def end(self, progress: Progress) -> None:
        """The run as it ended; called once, last."""


class SilentDisplay:
    """Shows nothing by itself: the kernel draws, or nobody wants to see. Only what is said is written."""

    def show(self, progress: Progress) -> None:
        pass

    def say(self, line: str) -> None:
        if sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)

    def end(self, progress: Progress) -> None:
        pass


class LineDisplay(SilentDisplay):
    """Plain lines, one when something changed, at most one in five seconds."""

    def __init__(self, out: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._last_at: float | None = None
        self._last_done: tuple[Any, ...] = ()

    def show(self, progress: Progress) -> None:
        stopped = [(each["worker"], each["where"]) for each in progress.get("stopped") or []]
        done = (progress["status"], progress["done"], progress["failed"], stopped)
        is_early = self._last_at is not None and self._now() - self._last_at < SECONDS_BETWEEN_LINES
        if done == self._last_done or is_early:
            return
        self._last_done, self._last_at = done, self._now()
        self.say(progress_text(progress))

    def say(self, line: str) -> None:
        print(line, file=self._out, flush=True)

    def end(self, progress: Progress) -> None:
        self.say(progress_text(progress))


class TerminalDisplay(SilentDisplay):
    """One line that is drawn anew in its place."""

    def __init__(self, out: TextIO, columns: Callable[[], int] | None = None) -> None:
        self._out = out
        self._columns = columns or (lambda: shutil.get_terminal_size().columns)
        self._drawn = ""

    def show(self, progress: Progress) -> None:
        bar = progress_bar(progress, self._columns() - 1)  # A full last column wraps on some terminals.
        if bar != self._drawn:
            self._out.write(f"\r\x1b[K{bar}")
            self._out.flush()
            self._drawn = bar

    def say(self, line: str) -> None:
        self._out.write(f"\r\x1b[K{line}\n{self._drawn}")
        self._out.flush()

    def end(self, progress: Progress) -> None:
        self._drawn = ""
        self.say(progress_text(progress))


class CellDisplay(SilentDisplay):
    """An output of a notebook's cell, updated in place."""

    def __init__(self, show_in_cell: Callable[..., Any], now: Callable[[], float] = time.monotonic) -> None:
        self._show_in_cell = show_in_cell
        self._now = now
        self._handle: Any = None
        self._shown: Progress = {}
        self._shown_at = 0.0

    def show(self, progress: Progress) -> None:
        is_early = self._handle is not None and self._now() - self._shown_at < SECONDS_BETWEEN_UPDATES
        if progress != self._shown and not is_early:
            self._draw(progress)

    def end(self, progress: Progress) -> None:
        self._draw(progress)

    def _draw(self, progress: Progress) -> None:
        bundle = {"text/html": progress_html(progress), "text/plain": progress_text(progress)}
        if self._handle is None:
            self._handle = self._show_in_cell(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        self._shown, self._shown_at = progress, self._now()


def choose_display(is_shown: bool, out: TextIO | None = None) -> Display:
    """The display that suits this process; `is_shown`: the kernel draws already."""
    if is_shown:
        return SilentDisplay()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and type(shell).__name__ != "TerminalInteractiveShell":
        from IPython.display import display

        return CellDisplay(display)
    out = sys.stderr if out is None else out
    if out is None:
        return SilentDisplay()
    return TerminalDisplay(out) if out.isatty() else LineDisplay(out)
