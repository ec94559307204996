"""Limits at equality: what is just borne, and what is one too many."""

from pathlib import Path

import pytest

from support.shell import Shell


def fail_those(shell: Shell, *numbers: int) -> None:
    """A script whose run() raises for the files of these numbers."""
    shell.script(f"""
        import os

        def run(mini_batch):
            rows = [os.path.basename(path) for path in mini_batch]
            if {{int(row[:4]) for row in rows}} & {set(numbers)!r}:
                raise ValueError("one of those")
            return rows
    """)


@pytest.mark.parametrize(("threshold", "code"), [(4, 0), (3, 42), (-1, 0)])
def test_as_many_failed_items_as_the_error_threshold_are_borne(shell: Shell, threshold: int, code: int):
    shell.files(10)
    fail_those(shell, 0, 2)  # two mini-batches of two items each
    ran = shell.run(shell.step(mini_batch_size=2, error_threshold=threshold, run_max_try=1))
    assert ran.code == code
    if code:
        assert "error_threshold" in ran.last_line and "3" in ran.last_line and "4" in ran.last_line
    else:
        assert ran.rows == ["0004.txt", "0005.txt", "0006.txt", "0007.txt", "0008.txt", "0009.txt"]


@pytest.mark.parametrize(("allowed", "code"), [(2, 0), (1, 42)])
def test_as_many_failed_mini_batches_as_allowed_are_borne(shell: Shell, allowed: int, code: int):
    shell.files(10)
    fail_those(shell, 3, 6)
    ran = shell.run(shell.step(allowed_failed_count=allowed, run_max_try=1))
    assert ran.code == code
    assert code == 0 or "allowed_failed_count" in ran.last_line


@pytest.mark.parametrize(("percent", "code"), [(20, 0), (19.9, 42)])
def test_the_allowed_percentage_is_checked_when_all_have_been_tried(shell: Shell, percent: float, code: int):
    shell.files(10)
    fail_those(shell, 0, 1)
    ran = shell.run(shell.step(allowed_failed_percent=percent, run_max_try=1))
    assert ran.code == code
    assert ran.result["mini_batches"] == {"total": 10, "succeeded": 8, "failed": 2, "tried_again": 0}
    assert ran.rows == [f"{number:04}.txt" for number in range(2, 10)]
    assert code == 0 or "allowed_failed_percent" in ran.last_line


@pytest.mark.parametrize(("tries", "is_in_time"), [(3, True), (2, False)])
def test_the_last_try_counts(shell: Shell, tries: int, is_in_time: bool):
    shell.files(4)
    shell.script("""
        import os

        def run(mini_batch, context):
            if mini_batch[0].endswith("0001.txt") and context.retry_count < 2:
                raise ValueError("not yet")
            return [f"{os.path.basename(path)} {context.retry_count} {context.minibatch_index}" for path in mini_batch]
    """)
    ran = shell.run(shell.step(run_max_try=tries))
    assert ran.code == 0
    expected = ["0000.txt 0 0", "0001.txt 2 1", "0002.txt 0 2", "0003.txt 0 3"]
    assert ran.rows == [row for row in expected if is_in_time or not row.startswith("0001")]
    assert ran.result["mini_batches"]["failed"] == (0 if is_in_time else 1)
    assert [error["attempt"] for error in shell.show().result["errors"]] == [0, 1]


def test_an_append_row_run_without_any_succeeded_item_fails_and_says_so(shell: Shell):
    shell.files(3)
    shell.script("def run(mini_batch):\n    return []\n")
    ran = shell.run()
    assert ran.code == 42
    assert ran.result["items"] == {"succeeded": 0, "failed": 3}
    assert "append_row" in ran.last_line
    ran = shell.run(shell.step(output_action="summary_only"))
    assert ran.code == 0
    assert ran.result["output"] is None
    assert ran.result["items"] == {"succeeded": 0, "failed": 3}


def test_results_and_items_are_counted_by_the_smaller_number(shell: Shell):
    shell.files(6)
    shell.script("""
        def run(mini_batch):
            few = mini_batch[0].endswith("0000.txt")
            return ["row"] if few else ["row"] * 5
    """)
    ran = shell.run(shell.step(mini_batch_size=3))
    assert ran.code == 0
    assert ran.result["items"] == {"succeeded": 4, "failed": 2}
    assert ran.rows == ["row"] * 6
    assert "expected at most one result an item" in ran.log_text("user/**/*.txt")


def test_workers_that_each_fail_differently_in_init_are_replaced_three_times_each(shell: Shell):
    shell.files(30)
    marks = shell.folder / "marks"
    marks.mkdir()
    shell.script(f"""
        import os

        def init():
            open({str(marks)!r} + f"/{{os.getpid()}}", "x").close()
            raise RuntimeError(f"process {{os.getpid()}} has no model")

        def run(mini_batch):
            return mini_batch
    """)
    ran = shell.run()
    assert ran.code == 42
    assert "init()" in ran.last_line
    # The sixth failure ends replacing; the one worker that may run beside it fails as well.
    assert len(list(marks.iterdir())) in (6, 7)


def test_one_worker_that_cannot_start_does_not_end_the_run(shell: Shell):
    shell.files(20)
    marks = shell.folder / "marks"
    marks.mkdir()
    shell.script(f"""
        import os

        def init():
            try:
                os.close(os.open({str(marks)!r} + "/first", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            raise RuntimeError("only the first one")

        def run(mini_batch):
            return [os.path.basename(path) for path in mini_batch]
    """)
    ran = shell.run()
    assert ran.code == 0
    assert ran.rows == [f"{number:04}.txt" for number in range(20)]
    (error,) = shell.show().result["errors"]
    assert error["mini_batch"] is None and "only the first one" in error["message"]


def test_an_init_that_takes_too_long_is_ended(shell: Shell):
    shell.files(2)
    shell.script("""
        import threading

        def init():
            threading.Event().wait()

        def run(mini_batch):
            return mini_batch
    """)
    ran = shell.run(shell.step(run_invocation_timeout=0.5, task_overhead_timeout=0.5, process_count_per_node=1))
    assert ran.code == 42
    assert "init()" in ran.err
    errors = shell.show().result["errors"]
    assert {error["kind"] for error in errors} == {"overhead"}


def test_a_late_first_mini_batch_holds_back_the_rows_of_the_others_until_it_is_there(shell: Shell):
    shell.files(30)
    done = shell.folder / "done"
    done.mkdir()
    shell.script(f"""
        import os, time

        def run(mini_batch):
            name = os.path.basename(mini_batch[0])
            if name == "0000.txt":
                while len(os.listdir({str(done)!r})) < 10:
                    time.sleep(0.005)
            open(os.path.join({str(done)!r}, name), "x").close()
            return [name]
    """)
    ran = shell.run()
    assert ran.code == 0
    assert ran.rows == [f"{number:04}.txt" for number in range(30)]


def test_the_same_input_gives_the_same_bytes(shell: Shell):
    shell.files(200)
    shell.script("""
        import os, random

        def run(mini_batch, context):
            if random.random() < 0.1 and context.retry_count < 5:
                raise ValueError("bad luck")
            return [f"{os.path.basename(path)} {hash(path)} {set('xyz')}" for path in mini_batch]
    """)
    step = shell.step(mini_batch_size=3, run_max_try=7, output=str(shell.folder / "out"))
    ran = [shell.run(step), shell.run(step, "--output", str(shell.folder / "again"))]
    assert [each.code for each in ran] == [0, 0]
    assert [len(each.rows) for each in ran] == [200, 200]
    assert ran[0].output == ran[1].output
    assert Path(ran[1].result["output"]).parent == shell.folder / "again"
