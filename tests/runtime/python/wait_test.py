"""Waiting for a run and interrupting it, with a stand-in for the native run that tells what it was asked for."""

from __future__ import annotations

import json

import pytest

from batchscope import BatchscopeError, Run, RunFailed, _display, _hosted
from batchscope import run as run_module


class NativeRun:
    """Plays a list of what each wait brings: False, True (it has ended) or an interrupt."""

    def __init__(self, folder, waits, status="completed"):
        self.folder = str(folder)
        self.output_file = str(folder / "output.txt")
        self.asked = []
        self.waits = list(waits)
        self.status = status

    def wait_for(self, seconds):
        if seconds == 0:
            return not self.waits
        self.asked.append("wait")
        what = self.waits.pop(0)
        if what is KeyboardInterrupt:
            raise KeyboardInterrupt
        return what

    def cancel(self, now):
        self.asked.append("kill" if now else "cancel")

    def progress(self):
        done = {"total": 4, "done": 3, "failed": 1, "items_done": 30, "items_failed": 10, "elapsed_seconds": 7}
        status = "running" if self.waits else self.status
        return json.dumps({"run": "r", "name": "a-step", "status": status, "message": "", **done})


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "hosted_runs", _hosted.HostedRuns())

    def make(*waits, status="completed"):
        native = NativeRun(tmp_path / "a-step-1", waits, status)
        return Run(native.folder, native), native

    return make


def test_wait_gives_the_status_at_the_end(make_run, capsys):
    run, native = make_run(False, False, True)
    assert run.wait() == "completed"
    assert native.asked == ["wait", "wait", "wait"]
    assert capsys.readouterr().err.splitlines()[-1] == "a-step completed: 3 of 4 mini-batches, 1 failed, 7.0 s"


def test_wait_can_be_silent(make_run, capsys):
    run, _ = make_run(False, True)
    run.wait(show_progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("waits", "asked"),
    [
        ([KeyboardInterrupt, False, True], ["wait", "cancel", "wait", "wait"]),
        ([False, KeyboardInterrupt, KeyboardInterrupt, True], ["wait", "wait", "cancel", "wait", "kill", "wait"]),
    ],
)
def test_an_interrupt_cancels_and_a_second_one_kills_and_the_record_gets_complete(make_run, capsys, waits, asked):
    run, native = make_run(*waits, status="cancelled")
    with pytest.raises(KeyboardInterrupt, match="^the run is cancelled; 3 of 4 mini-batches are done and kept$"):
        run.wait()
    assert native.asked == asked
    assert native.waits == []
    assert "cancelling the run; interrupt again to kill its workers at once" in capsys.readouterr().err


def test_a_third_interrupt_gets_out(make_run):
    run, native = make_run(KeyboardInterrupt, KeyboardInterrupt, KeyboardInterrupt, True)
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert native.asked == ["wait", "cancel", "wait", "kill", "wait"]


def test_an_interrupt_while_progress_is_shown_counts_too(make_run, monkeypatch):
    run, native = make_run(False, True)

    class Interrupted(_display.SilentDisplay):
        def show(self, progress):
            raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "choose_display", lambda is_shown: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert native.asked == ["wait", "cancel", "wait"]


def test_a_failed_run_raises_with_the_reason_and_the_traceback(make_run, monkeypatch):
    fatal = {"kind": "raised", "type": "ValueError", "message": "no", "traceback": "Traceback:\nValueError: no\n"}
    monkeypatch.setattr(
        run_module._engine, "read_summary", lambda folder: {"reason": "init() failed", "fatal": fatal, "logs": "/logs"}
    )
    run, _ = make_run(True, status="failed")
    with pytest.raises(RunFailed) as caught:
        run.wait(show_progress=False)
    assert str(caught.value) == (
        "init() failed\n\nTraceback:\nValueError: no\n\nMore: run.errors, and the logs in /logs"
    )
    assert (caught.value.run, caught.value.reason, caught.value.traceback) == (run, "init() failed", fatal["traceback"])


def test_a_failed_run_need_not_raise(make_run):
    run, _ = make_run(True, status="failed")
    assert run.wait(show_progress=False, raise_on_error=False) == "failed"


def test_cancel_is_tidy_and_kill_is_not(make_run):
    run, native = make_run(True)
    run.cancel()
    run.kill()
    assert native.asked == ["cancel", "kill"]


def test_a_run_of_another_process_cannot_be_cancelled(tmp_path):
    with pytest.raises(BatchscopeError, match="not this process's own"):
        Run(tmp_path / "a-step-1").cancel()


def test_a_run_is_kept_until_it_has_ended(tmp_path):
    hosted = _hosted.HostedRuns()

    def run_in(name, *waits):
        run = Run.__new__(Run)
        run._folder, run._native, run._host = tmp_path / name, NativeRun(tmp_path / name, waits), _hosted.os.getpid()
        hosted.add(run)
        return run

    first, second = run_in("a", True), run_in("b", True)
    assert hosted.find(str(tmp_path / "a")) is first
    first._native.waits.clear()
    third = run_in("c", True)
    assert [hosted.find(str(tmp_path / name)) for name in "abc"] == [None, second, third]


def test_representations_tell_how_the_run_stands(make_run):
    run, _ = make_run(True)
    assert repr(run) == "Run('a-step-1', running, 3 of 4 mini-batches, 1 failed)"
    page = run._repr_html_()
    assert ">mini-batches</th><td style='text-align:left'>3 of 4 done: 2 succeeded, 1 failed</td>" in page
    assert ">items</th><td style='text-align:left'>20 succeeded, 10 failed</td>" in page
    assert f">output</th><td style='text-align:left'>{run.output}</td>" in page
