"""Runs inside our kernel: their progress in the cell, interrupts, two at once, the kernel's death."""

import os
import signal
from pathlib import Path

from support.processes import processes_of, wait_until_gone
from support.shell import Shell
from support.waiting import wait_for

GATED = """
    import os, sys, time
    gate = sys.argv[-1]

    def run(mini_batch):
        while mini_batch[0].endswith("0005.txt") and not os.path.exists(gate):
            time.sleep(0.005)
        return [os.path.basename(path) for path in mini_batch]
"""
STOPPED = """
    import os, signal, sys

    def run(mini_batch):
        open(os.path.join(sys.argv[-1], str(os.getpid())), "x").close()
        os.kill(os.getpid(), signal.SIGSTOP)  # neither a stop nor its own stacks can be had from it
        return mini_batch
"""
WAITING = """
    import os, sys, threading

    def run(mini_batch):
        open(os.path.join(sys.argv[-1], str(os.getpid())), "x").close()
        threading.Event().wait()
"""
# An interrupt that strikes between submit() and wait() is an interrupt of the cell alone: says when wait() does wait.
WAIT = """
def say_ready(seconds, wait=run._wait_for):
    print("ready", flush=True)
    run._wait_for = wait
    return wait(seconds)
run._wait_for = say_ready
run.wait()
"""


def cell(shell: Shell, *arguments: Path, name: str = "some-step") -> str:
    """Code that makes `step`, of two workers over all inputs, one file a mini-batch."""
    words = ["--with", *map(str, arguments)]
    return (
        "import batchscope\n"
        "step = batchscope.ParallelRunStep(\n"
        f"    name={name!r}, inputs=[{str(shell.inputs)!r}], arguments={words!r},\n"
        "    parallel_run_config=batchscope.ParallelRunConfig(\n"
        f"        entry_script={str(shell.source / 'score.py')!r}, error_threshold=-1, mini_batch_size=1,\n"
        "        process_count_per_node=2))\n"
    )


def submit(shell: Shell) -> str:
    return f"run = step.submit(home={str(shell.home)!r})\n"


def test_the_cell_shows_the_progress_while_the_run_goes_on(notebook, shell: Shell):
    shell.files(10)
    shell.script(GATED)
    gate = shell.folder / "gate"
    request = notebook.client.execute(cell(shell, gate) + submit(shell) + "run.wait()\n")
    seen = notebook.wait_for(request, lambda kind, content: "of 10 mini-batches" in str(content.get("data")))
    seen += notebook.wait_for(request, lambda kind, _: kind == "update_display_data")
    gate.touch()
    outcome = notebook.finish(request)
    assert outcome.status == "ok", outcome.reply
    displays = [content for kind, content in seen + outcome.published if kind.endswith("display_data")]
    assert len({content["transient"]["display_id"] for content in displays}) == 1
    assert "completed: 10 of 10 mini-batches" in displays[-1]["data"]["text/plain"]
    assert outcome.result == "'completed'"
    rows = notebook.run("run.output.read_text()")
    assert rows.result == repr("".join(f"{number:04}.txt\n" for number in range(10)))
    wait_until_gone_but(notebook.pid, shell)


def wait_until_gone_but(kernel: int, shell: Shell) -> None:
    """No process but the kernel itself has to do with the runs."""
    wait_for("end of the workers", lambda: not set(processes_of(shell.home)) - {kernel})


def test_one_interrupt_cancels_the_run_tidily(notebook, shell: Shell):
    shell.files(6)
    shell.script(WAITING)
    marks = shell.folder / "marks"
    marks.mkdir()
    request = notebook.start(cell(shell, marks) + submit(shell) + WAIT)
    wait_for("two workers in run()", lambda: len(list(marks.iterdir())) == 2)
    notebook.manager.interrupt_kernel()
    outcome = notebook.finish(request)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert notebook.run("run.status").result == "'cancelled'"
    assert (shell.run_folder() / "complete").exists()
    assert " in run" in (shell.run_folder() / "logs" / "sys" / "master.txt").read_text()
    wait_until_gone_but(notebook.pid, shell)
    assert shell.show().result["status"] == "cancelled"


def test_a_second_interrupt_ends_even_workers_that_do_not_answer(notebook, shell: Shell):
    shell.files(6)
    shell.script(STOPPED)
    marks = shell.folder / "marks"
    marks.mkdir()
    request = notebook.start(cell(shell, marks) + submit(shell) + WAIT)
    wait_for("two workers in run()", lambda: len(list(marks.iterdir())) == 2)
    notebook.manager.interrupt_kernel()
    master = shell.run_folder() / "logs" / "sys" / "master.txt"
    wait_for("cancelling", lambda: "cancelled by a person" in master.read_text())
    notebook.manager.interrupt_kernel()
    outcome = notebook.finish(request)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert notebook.run("run.status").result == "'cancelled'"
    assert (shell.run_folder() / "complete").exists()
    wait_until_gone_but(notebook.pid, shell)


def test_two_runs_at_once_in_one_kernel_do_not_disturb_each_other(notebook, shell: Shell):
    shell.files(20)
    shell.script("""
        import os, sys, time
        mine, other = sys.argv[-2:]

        def run(mini_batch):
            open(mine, "a").close()
            while not os.path.exists(other):
                time.sleep(0.005)
            return [os.path.basename(mine)]
    """)
    code = ""
    for name, other in [("first", "second"), ("second", "first")]:
        code += cell(shell, shell.folder / name, shell.folder / other, name=f"step-{name}")
        code += f"{name} = step.submit(home={str(shell.home)!r})\n"
    outcome = notebook.run(code + "[first.wait(), second.wait()]")
    assert outcome.status == "ok", outcome.reply
    results = notebook.run("[set(each.output.read_text().splitlines()) for each in (first, second)]").result
    assert results == "[{'first'}, {'second'}]"
    assert notebook.run("[each.progress['done'] for each in (first, second)]").result == "[20, 20]"
    assert len(batch_displays(outcome)) == 2


def batch_displays(outcome) -> set[str]:
    return {content["transient"]["display_id"] for content in outcome.of("display_data")}


def test_a_killed_kernel_leaves_no_worker(own_notebook, shell: Shell):
    shell.files(6)
    shell.script(WAITING)
    marks = shell.folder / "marks"
    marks.mkdir()
    own_notebook.client.execute(cell(shell, marks) + submit(shell) + "run.wait()\n")
    wait_for("two workers in run()", lambda: len(list(marks.iterdir())) == 2)
    os.kill(own_notebook.pid, signal.SIGKILL)
    wait_until_gone(shell.home)
    assert shell.show().result["status"] == "crashed"
