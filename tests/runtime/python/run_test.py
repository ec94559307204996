"""Runs through the real engine, from Python."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

import batchscope
from batchscope import BatchscopeError, RunFailed

ONE_RAISES = """
from pathlib import Path

def run(mini_batch):
    names = [Path(path).name for path in mini_batch]
    if "0003.txt" in names:
        raise ValueError(f"cannot read {names}")
    return names
"""


def test_a_run_gives_its_rows_in_order(bench):
    run = bench.step(mini_batch_size=2, process_count_per_node=2).submit()
    assert run.wait(show_progress=False) == "completed"
    assert run.status == "completed" and run.has_ended
    assert run.output.read_text() == "".join(f"{number:04}.txt {number}\n" for number in range(5))
    assert run.read_output()["row"].tolist() == [f"{number:04}.txt {number}" for number in range(5)]
    table = run.read_output(sep=" ", names=["file", "size"])
    assert table["size"].tolist() == [0, 1, 2, 3, 4]
    split = run.read_output(sep=".txt ")
    assert split.values.tolist() == [[number, number] for number in range(5)]


def test_mini_batches_are_a_table_with_azures_columns(bench):
    run = bench.step(mini_batch_size=2).submit()
    run.wait(show_progress=False)
    table = run.mini_batches()
    assert list(table.columns) == [
        *("Mini-batch Id", "Picked Count", "Process", "Start Time", "Total", "Succeeded", "Failed", "Elapsed Seconds"),
        *("Process Seconds", "Run Method Seconds", "Status", "Error Category", "Error Message"),
    ]
    counted = table[["Mini-batch Id", "Picked Count", "Process", "Total", "Succeeded", "Failed", "Status"]]
    assert counted.values.tolist() == [
        [0, 1, 0, 2, 2, 0, "Succeeded"],
        [1, 1, 0, 2, 2, 0, "Succeeded"],
        [2, 1, 0, 1, 1, 0, "Succeeded"],
    ]
    assert str(table["Start Time"].dt.tz) == "UTC"
    assert (table["Run Method Seconds"] <= table["Process Seconds"]).all()


def test_an_error_comes_with_its_mini_batch_items_and_traceback(bench):
    run = bench.step(ONE_RAISES, mini_batch_size=2, run_max_try=2).submit()
    assert run.wait(show_progress=False) == "completed"
    errors = run.errors
    assert errors[["mini_batch", "attempt", "last", "type"]].values.tolist() == [
        [1, 1, False, "ValueError"],
        [1, 2, True, "ValueError"],
    ]
    first = errors.iloc[0]
    assert first["items"] == [str(bench.files / "0002.txt"), str(bench.files / "0003.txt")] == run.items(1)
    assert first.message == "cannot read ['0002.txt', '0003.txt']"
    assert 'raise ValueError(f"cannot read {names}")' in first.traceback
    assert str(first.time.tz) == "UTC" and errors.attrs["total"] == 2
    assert "cannot read" in run.why(1)
    assert run.output.read_text() == "0000.txt\n0001.txt\n0004.txt\n"
    failed = run.mini_batches().loc[1]
    assert [failed["Status"], failed["Failed"], failed["Picked Count"]] == ["Failed", 2, 2]
    assert run.progress["failed"] == 1 and run.progress["items_failed"] == 2


def test_a_run_without_errors_has_an_empty_table_of_them(bench):
    run = bench.step().submit()
    run.wait(show_progress=False)
    assert run.errors.empty and "traceback" in run.errors.columns


def test_an_init_that_raises_fails_the_run_with_its_traceback(bench):
    run = bench.step("def init():\n    raise OSError('no model here')\ndef run(mini_batch): return mini_batch").submit()
    with pytest.raises(RunFailed) as caught:
        run.wait(show_progress=False)
    assert "OSError: no model here" in caught.value.traceback
    assert "no model here" in str(caught.value)
    assert run.status == "failed"
    assert run.wait(show_progress=False, raise_on_error=False) == "failed"
    assert run.errors[["mini_batch", "attempt"]].isna().all(axis=None)


def test_a_missing_input_is_an_error_before_anything_starts(bench):
    step = bench.step(inputs=["nowhere"])
    with pytest.raises(BatchscopeError, match="nowhere"):
        step.submit()
    assert batchscope.runs().empty


def test_summary_only_has_no_output(bench):
    run = bench.step(output_action="summary_only").submit()
    run.wait(show_progress=False)
    assert run.output is None
    with pytest.raises(BatchscopeError, match="summary_only"):
        run.read_output()
    assert "none (summary_only)" in run._repr_html_()


def test_an_output_without_rows_is_an_empty_table(bench):
    run = bench.step("def run(mini_batch): return []", run_max_try=1).submit()
    run.wait(show_progress=False, raise_on_error=False)
    assert run.read_output(sep=" ", names=["a", "b"]).empty


def test_runs_are_found_again_by_another_process(bench):
    run = bench.step(mini_batch_size=2).submit()
    run.wait(show_progress=False)
    code = f"""
import batchscope
from pathlib import Path
for which in ("latest", {run.id!r}, {run.id[:-2]!r}, {str(run.folder)!r}, Path({str(run.folder)!r})):
    run = batchscope.get_run(which)
    print(run.id, run.name, run.status, run.wait(), run.progress["done"], len(run.mini_batches()), run.output, run.logs)
"""
    done = bench.python(code)
    told = f"{run.id} test-step completed completed 3 3 {run.output} {run.folder}/logs\n"
    assert (done.stdout, done.stderr.count("completed")) == (told * 5, 5)


def test_runs_are_listed_newest_first(bench):
    assert batchscope.runs().empty
    ids = []
    for _ in range(2):
        run = bench.step().submit()
        run.wait(show_progress=False)
        ids.append(run.id)
    table = batchscope.runs()
    assert sorted(table["id"]) == sorted(ids)
    assert table[["status", "mini_batches", "items_succeeded"]].values.tolist() == [["completed", 1, 5]] * 2
    assert batchscope.get_run(ids[0]).id == ids[0]


def test_a_run_that_is_not_there_is_told(bench):
    with pytest.raises(BatchscopeError, match="there are no runs in"):
        batchscope.get_run()
    run = bench.step().submit()
    run.wait(show_progress=False)
    with pytest.raises(BatchscopeError, match="elsewhere"):
        batchscope.get_run("elsewhere")


def test_a_home_can_be_given(bench):
    run = bench.step().submit(home=bench.folder / "other")
    run.wait(show_progress=False)
    assert run.folder.parent == bench.folder / "other"
    assert batchscope.get_run("latest", home=bench.folder / "other").id == run.id


BLOCKED = """
import os

def run(mini_batch):
    os.mkfifo("here")
    open("here").read()
"""
"""Waits for a writer that never comes."""


@pytest.fixture
def blocked(bench):
    """A run whose run() is under way and never ends by itself."""
    return bench.step(BLOCKED, run_invocation_timeout=600).submit()


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_a_cancelled_run_ends_and_its_record_is_complete(blocked, how):
    assert batchscope.get_run(blocked.id) is blocked
    getattr(blocked, how)()
    assert blocked.wait(show_progress=False) == "cancelled"
    assert (blocked.folder / "complete").exists()
    assert batchscope.runs()["status"].tolist() == ["cancelled"]


def test_an_interrupt_of_wait_cancels_the_run_tidily(bench):
    bench.script(BLOCKED)
    code = """
import signal
import batchscope
import batchscope.run
from batchscope._display import SilentDisplay

class Interrupting(SilentDisplay):
    after = 0.01  # while it waits
    def show(self, progress):
        signal.setitimer(signal.ITIMER_REAL, self.after)
        self.after = 0  # none a second time

signal.signal(signal.SIGALRM, signal.default_int_handler)
batchscope.run.choose_display = lambda is_shown: Interrupting()
step = batchscope.ParallelRunStep(
    "test-step",
    dict(entry_script="source/entry.py", error_threshold=-1, process_count_per_node=1, run_invocation_timeout=600),
    inputs=["files"])
run = step.submit()
try:
    run.wait()
except KeyboardInterrupt:
    print(run.status, run.has_ended, (run.folder / "complete").exists())
"""
    done = bench.python(code)
    assert done.stdout == "cancelled True True\n", done.stderr
    assert "cancelling the run; interrupt again to kill its workers at once" in done.stderr


START_AND_LEAVE = """
import os, sys
import batchscope
batchscope.ParallelRunStep(
    "test-step",
    dict(entry_script="source/entry.py", error_threshold=-1, process_count_per_node=1, run_invocation_timeout=600),
    inputs=["files"]).submit()
"""


def test_a_python_that_ends_says_so_and_ends_its_runs(bench):
    bench.script(BLOCKED)
    done = bench.python(START_AND_LEAVE)
    run = batchscope.get_run("latest")
    assert done.returncode == 0
    assert done.stderr == (
        f"batchscope: cancelling the run {run.id}, because this Python ends; run.wait() sees it through\n"
    )
    assert run.status == "cancelled" and (run.folder / "complete").exists()


def test_a_forked_child_leaves_the_run_alone(bench):
    bench.script(BLOCKED)
    code = (
        START_AND_LEAVE
        + """
run = batchscope.get_run("latest")
child = os.fork()
if child == 0:
    try:
        run.cancel()
    except batchscope.BatchscopeError as error:
        print("refused", "of which this is a fork" in str(error))
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), run.has_ended)
run.cancel()
print(run.wait(show_progress=False))
"""
    )
    done = bench.python(code)
    assert (done.stdout, done.stderr) == ("refused True\n7 False\ncancelled\n", "")


def test_two_runs_at_once_do_not_disturb_each_other(bench):
    steps = [bench.step(mini_batch_size=1, output=bench.folder / name) for name in ("a", "b")]
    first, second = [step.submit() for step in steps]
    assert [second.wait(show_progress=False), first.wait(show_progress=False)] == ["completed", "completed"]
    assert first.id != second.id
    assert first.output.read_bytes() == second.output.read_bytes() != b""


def test_any_thread_may_wait(bench):
    run = bench.step().submit()
    found = []
    threads = [threading.Thread(target=lambda: found.append(run.wait(show_progress=False))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["completed"] * 3


USES_NAMES = """
import argparse, os
from azureml.core import Model, Run
from azureml_user.parallel_run import EntryScript

def init():
    global helper, model, rate
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate")
    rate = parser.parse_known_args()[0].rate
    helper = EntryScript()
    model = open(Model.get_model_path("mnist")).read()
    helper.logger.info("the model is %s", model)

def run(mini_batch):
    Run.get_context().log("items", len(mini_batch))
    return [f"{model} {rate} {Run.get_context().id} {helper.output_dir} {os.path.samefile(helper.working_dir, '.')}"]
"""


def test_a_script_finds_its_names_model_arguments_and_run(bench):
    (bench.folder / "m.txt").write_text("good")
    batchscope.register_model("mnist", bench.folder / "m.txt")
    run = bench.step(USES_NAMES, arguments=["--rate", 0.5]).submit()
    run.wait(show_progress=False)
    assert run.output.read_text() == f"good 0.5 {run.id} {run.output.parent} True\n"
    (log,) = Path(run.logs).glob("user/*/*.log.txt")
    assert "|INFO|" in log.read_text() and "the model is good" in log.read_text()
    assert '"name": "items", "value": 5' in (run.logs / "metrics.jsonl").read_text()


def test_a_child_of_multiprocessing_can_be_forked_beside_a_run(blocked):
    child = multiprocessing.get_context("fork").Process(target=os.getpid)
    child.start()
    child.join()
    assert child.exitcode == 0 and not blocked.has_ended
    blocked.cancel()
    assert blocked.wait(show_progress=False) == "cancelled"
