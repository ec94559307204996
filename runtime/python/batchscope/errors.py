"""What goes wrong outside the user's own code, as exceptions whose text says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from batchscope import _engine


class BatchscopeError(Exception):
    """Something outside failed: a missing folder, a full disk, a run that is not there."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the text alone, since nothing in Batchscope's own code helps."""
        return [f"{type(self).__name__}: {self}"]


class ConfigurationError(BatchscopeError, ValueError):
    """A step with wrong values; the text has every problem on a line of its own, each by its path.

    Attributes
    ----------
    problems : list of str
        The lines.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problems = [line for line in text.splitlines() if line.strip()]


class RunFailed(BatchscopeError):
    """A run that ended as failed; what it finished is kept.

    Attributes
    ----------
    run : Run
        The run, with its output, errors and logs.
    reason : str
        Why it failed.
    traceback : str
        Of the user's code, when the run ended because of it; else empty.
    """

    def __init__(self, run: object, reason: str, traceback: str, logs: str) -> None:
        text = f"{reason or 'the run failed'}\n"
        if traceback:
            text += f"\n{traceback.rstrip()}\n"
        super().__init__(f"{text}\nMore: run.errors, and the logs in {logs}")
        self.run = run
        self.reason = reason
        self.traceback = traceback


@contextmanager
def engine_errors(kind: type[BatchscopeError] = BatchscopeError) -> Iterator[None]:
    """Turns the native module's error into `kind`."""
    try:
        yield
    except _engine.EngineError as error:
        raise kind(str(error)) from None
