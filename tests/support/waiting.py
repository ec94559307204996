"""The one place where a test waits for the world: it looks until a condition holds, or fails with what was awaited."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
GENEROUS_SECONDS = 120.0  # a watchdog against a hang, no measure of speed


def wait_for(what: str, look: Callable[[], Value], limit: float = GENEROUS_SECONDS) -> Value:
    """Looks until there is something to see.

    Parameters
    ----------
    what
        The words of the failure: "no <what> within ...".
    look
        Called again and again; the first answer that is true is returned.
    limit
        Seconds.
    """
    deadline = time.monotonic() + limit
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {limit:.0f} s")
        time.sleep(0.005)
