"""Runs that are ended from outside: by a person, by the system, with and without a warning."""

import os
import signal
from pathlib import Path

import pytest

from support.processes import processes_of, wait_until_gone
from support.shell import Shell
from support.waiting import wait_for

FILES = 400
ROW_BYTES = len("0000.txt ") + 500 + len(" end\n")
LAST_ONES = FILES - 10  # from here on run() never comes back, so that a run cannot end by itself

SCRIPT = f"""
    import os, threading

    def init():
        open(os.path.join(os.environ["MARKS"], f"init-{{os.getpid()}}"), "x").close()
        if os.path.exists(os.path.join(os.environ["MARKS"], "stay-in-init")):
            threading.Event().wait()

    def run(mini_batch):
        if int(os.path.basename(mini_batch[0])[:4]) >= {LAST_ONES}:
            stay_here()
        return [os.path.basename(path) + " " + "x" * 500 + " end" for path in mini_batch]

    def stay_here():
        open(os.path.join(os.environ["MARKS"], f"stays-{os.getpid()}"), "x").close()
        threading.Event().wait()
"""


@pytest.fixture
def endless(shell: Shell) -> Shell:
    """A shell whose step finishes most of its files and then stays."""
    shell.files(FILES)
    shell.script(SCRIPT)
    marks = shell.folder / "marks"
    marks.mkdir()
    shell.step(output=str(shell.folder / "out"), environment_variables={"MARKS": str(marks)})
    return shell


def output_of(shell: Shell) -> Path:
    return shell.folder / "out" / "parallel_run_step.txt"


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def check_rows(shell: Shell) -> int:
    """Every row is whole, comes once and in order, and the record counts as many; returns how many."""
    text = output_of(shell).read_text()
    rows = text.splitlines(keepends=True)
    names = [row[:8] for row in rows]
    assert rows == [f"{name} {'x' * 500} end\n" for name in names]
    assert names == sorted(set(names))
    assert all(int(name[:4]) < LAST_ONES for name in names)
    assert shell.show().result["mini_batches"]["succeeded"] == len(rows)
    return len(rows)


@pytest.mark.parametrize("bytes_there", [1, 20_000, 100_000, LAST_ONES * ROW_BYTES])
def test_a_killed_host_leaves_no_worker_and_no_torn_or_doubled_row(endless: Shell, bytes_there: int):
    started = endless.submit(endless.folder / "step.yml")
    wait_for(f"output of {bytes_there} bytes", lambda: size_of(output_of(endless)) >= bytes_there)
    started.kill()
    wait_until_gone(endless.home)
    assert endless.show().result["status"] == "crashed"
    assert check_rows(endless) > 0
    assert endless.call("show", "latest").code == 0
    assert "crashed" in endless.call("list").out


def test_a_host_killed_while_workers_are_in_init_leaves_no_worker(endless: Shell):
    marks = endless.folder / "marks"
    (marks / "stay-in-init").touch()
    started = endless.submit(endless.folder / "step.yml")
    wait_for("two workers in init()", lambda: len(list(marks.glob("init-*"))) == 2)
    started.kill()
    wait_until_gone(endless.home)
    shown = endless.show().result
    assert shown["status"] == "crashed"
    assert shown["mini_batches"] == {"total": FILES, "succeeded": 0, "failed": 0, "tried_again": 0}


def test_a_host_killed_as_soon_as_there_is_a_folder_leaves_no_process(endless: Shell):
    started = endless.submit(endless.folder / "step.yml")
    folder = endless.run_folder()
    started.kill()
    wait_until_gone(endless.home)
    shown = endless.show(str(folder))
    assert shown.code == 1 or shown.result["status"] == "crashed"


def test_a_killed_fork_server_ends_the_run_with_a_reason(endless: Shell):
    started = endless.submit(endless.folder / "step.yml")
    wait_for("output", lambda: size_of(output_of(endless)) > 0)
    folder = endless.run_folder()
    (server,) = {
        int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        for pid, command in processes_of(folder).items()
        if os.path.realpath(f"/proc/{pid}/cwd").startswith(str(folder / "work"))
    }
    os.kill(server, signal.SIGKILL)
    ran = started.end()
    wait_until_gone(endless.home)
    assert ran.code == 42
    assert "fork server" in ran.last_line
    assert ran.result["status"] == "failed"
    assert check_rows(endless) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_cancels_tidily(endless: Shell, number: int):
    started = endless.submit(endless.folder / "step.yml")
    wait_for("all but the last rows", lambda: size_of(output_of(endless)) == LAST_ONES * ROW_BYTES)
    wait_for("worker that stays", lambda: list((endless.folder / "marks").glob("stays-*")))
    started.signal(number)
    ran = started.end()
    wait_until_gone(endless.home)
    assert ran.code == 130
    assert ran.last_line == "batchscope: cancelled"
    assert ran.result["status"] == "cancelled" and ran.result["exit_code"] == 130
    assert check_rows(endless) == LAST_ONES
    assert (Path(ran.result["folder"]) / "complete").exists()
    assert "in stay_here" in ran.log_text("sys/master.txt"), "the stacks of what ran are noted"


def test_a_second_signal_ends_at_once(endless: Shell):
    started = endless.submit(endless.folder / "step.yml")
    wait_for("output", lambda: size_of(output_of(endless)) > 0)
    started.signal(signal.SIGINT)
    started.signal(signal.SIGTERM)
    ran = started.end()
    wait_until_gone(endless.home)
    assert ran.code == 130
    assert ran.result["status"] == "cancelled"
    assert check_rows(endless) > 0


def test_a_signal_while_workers_start_cancels_too(endless: Shell):
    marks = endless.folder / "marks"
    (marks / "stay-in-init").touch()
    started = endless.submit(endless.folder / "step.yml")
    wait_for("a worker in init()", lambda: list(marks.glob("init-*")))
    started.signal(signal.SIGINT)
    ran = started.end()
    wait_until_gone(endless.home)
    assert ran.code == 130
    assert ran.result["status"] == "cancelled"
