"""What workers' debuggers wait for, without a debugger."""

from __future__ import annotations

import queue
import sys
import types

import pytest
from batchscope._debugger import Alarm


def test_who_has_more_commands_does_not_wait_for_the_next_to_come(monkeypatch: pytest.MonkeyPatch):
    constants = types.ModuleType("_pydevd_bundle.pydevd_constants")
    constants.get_current_thread_id = lambda thread: "this"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_pydevd_bundle", types.ModuleType("_pydevd_bundle"))
    monkeypatch.setitem(sys.modules, "_pydevd_bundle.pydevd_constants", constants)
    commands: dict[str, queue.Queue[str]] = {"another": queue.Queue()}
    alarm = Alarm(types.SimpleNamespace(_cmd_queue=commands))
    commands["another"].put("evaluate")
    assert not alarm.wait(0), "nobody knows a command of this thread"
    commands["this"] = queue.Queue()
    assert not alarm.wait(0)
    commands["this"].put("evaluate")
    assert alarm.wait()
    assert alarm.wait(), "it is still there"
    commands["this"].get()
    assert not alarm.wait(0)
    alarm.set()
    assert alarm.wait()
