"""The asyncio loop that cells run in."""

import asyncio
import contextvars
from collections.abc import Coroutine
from types import FrameType
from typing import Any


class CellLoop:
    """Runs each cell as a task of one loop, so that `await` works at top level and tasks of a cell go on after it.

    Main thread only. All cells share one context: a ContextVar set in a cell is set in the next.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._context = contextvars.copy_context()
        self._cell: asyncio.Task | None = None
        self.interrupted = False  # the current cell was ended by an interrupt while it awaited
        asyncio.set_event_loop(self._loop)

    def run(self, cell: Coroutine) -> Any:
        """The result of a cell's coroutine. Tasks it started and did not await stay in the loop."""
        self.interrupted = False
        if self._loop.is_closed():  # a cell did that
            self.__init__()
        self._cell = self._loop.create_task(cell, context=self._context)
        try:
            return self._loop.run_until_complete(self._cell)
        except KeyboardInterrupt:
            if self._cell.done():
                raise
            # It hit another task, or the loop itself, while the cell awaited.
            self.interrupted = True
            self._cell.cancel()
            return self._loop.run_until_complete(self._cell)
        finally:
            self._cell = None

    def on_sigint(self, _signal: int, _frame: FrameType | None) -> None:
        """The handler of SIGINT: ends the cell, never the loop."""
        cell = self._cell
        if cell is not None and self._loop.is_running() and asyncio.current_task(self._loop) is None:
            self.interrupted = True
            self._loop.call_soon_threadsafe(cell.cancel)
            return
        raise KeyboardInterrupt

    def idle(self) -> bool:
        """Let the tasks of earlier cells go on for one turn; True while there are any."""
        loop = self._loop
        if loop.is_closed() or not (asyncio.all_tasks(loop) or getattr(loop, "_scheduled", None)):
            return False
        loop.call_soon(loop.stop)
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            pass  # raised by a task: ends the task
        return True
