"""Workers of a notebook's run in the notebook's own debug session, as JupyterLab asks for them."""

from collections.abc import Iterator

import pytest

from e2e.kernel.conftest import Notebook
from support.processes import processes_of
from support.shell import Shell
from support.waiting import wait_for

FIRST_ID = 1_000_000  # of threads, frames and variables of workers
SCRIPT = """\
import os


def run(mini_batch):
    names = list(map(os.path.basename, mini_batch))
    count = len(names)
    return names
"""
CELL = f"%%writefile score.py\n{SCRIPT}"
NAMES_LINE = 6  # of the cell
GATED = """\
import os, sys, time


def run(mini_batch):
    while not os.path.exists(sys.argv[-1]):
        time.sleep(0.005)
    return mini_batch
"""


@pytest.fixture
def place(own_notebook: Notebook, shell: Shell) -> Iterator[Shell]:
    """A folder with inputs, where the notebook works and writes its entry script; the debugger is on."""
    own_notebook.run(f"%cd -q {shell.source}")
    switch_on(own_notebook)
    yield shell


def switch_on(notebook: Notebook) -> None:
    assert notebook.debug("initialize", clientID="test", adapterID="", pathFormat="path", linesStartAt1=True)["success"]
    assert notebook.debug("attach")["success"]


def set_breakpoints(notebook: Notebook, path: str, *lines: int) -> None:
    points = notebook.debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": line} for line in lines])
    assert [point["line"] for point in points["body"]["breakpoints"]] == list(lines)
    assert notebook.debug("configurationDone")["success"]


def write_script(notebook: Notebook, *lines: int, cell: str = CELL) -> str:
    """Runs the cell that writes the entry script, with breakpoints in it; returns what the debugger calls the cell."""
    path = notebook.debug("dumpCell", code=cell)["body"]["sourcePath"]
    set_breakpoints(notebook, path, *lines)
    assert notebook.run(cell).status == "ok"
    return path


def submit(shell: Shell, workers: int, *arguments: object) -> str:
    """Code that starts a run of the entry script over all inputs, one file a mini-batch."""
    words = ["--with", *map(str, arguments)]
    return (
        "import batchscope\n"
        "step = batchscope.ParallelRunStep(\n"
        f"    name='some-step', inputs=[{str(shell.inputs)!r}], arguments={words!r},\n"
        "    parallel_run_config=batchscope.ParallelRunConfig(\n"
        "        entry_script='score.py', source_directory='.', error_threshold=-1, mini_batch_size=1,\n"
        f"        run_invocation_timeout=3600, process_count_per_node={workers}))\n"
        f"run = step.submit(home={str(shell.home)!r})\n"
    )


def frames_of(notebook: Notebook, thread: int) -> list[dict]:
    return notebook.debug("stackTrace", threadId=thread)["body"]["stackFrames"]


def stopped_thread(notebook: Notebook) -> int:
    return notebook.debug_event("stopped")["body"]["threadId"]


def has_worker_in_run(notebook: Notebook) -> bool:
    return any(" - batch " in one["name"] for one in notebook.debug("threads")["body"]["threads"])


def variables(notebook: Notebook, frame: dict) -> dict[str, dict]:
    scopes = notebook.debug("scopes", frameId=frame["id"])["body"]["scopes"]
    listed = notebook.debug("variables", variablesReference=scopes[0]["variablesReference"])["body"]["variables"]
    return {one["name"]: one for one in listed}


def wait_until_gone_but(kernel: int, shell: Shell) -> None:
    wait_for("end of the workers", lambda: not set(processes_of(shell.home)) - {kernel})


def test_a_breakpoint_in_the_cell_of_the_entry_script_stops_a_worker(own_notebook, place):
    place.files(3)
    cell = write_script(own_notebook, NAMES_LINE)
    request = own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
    thread = stopped_thread(own_notebook)
    assert thread >= FIRST_ID
    frame = frames_of(own_notebook, thread)[0]
    assert (frame["source"]["path"], frame["line"]) == (cell, NAMES_LINE)
    assert frame["name"].startswith("w0 - batch ") and frame["name"].endswith(": run")
    assert own_notebook.debug("debugInfo")["body"]["stoppedThreads"] == [thread]

    seen = variables(own_notebook, frame)
    assert "0000.txt" in seen["mini_batch"]["value"]
    items = own_notebook.debug("variables", variablesReference=seen["mini_batch"]["variablesReference"])["body"]
    assert any("0000.txt" in one["value"] for one in items["variables"])
    rich = own_notebook.debug("richInspectVariables", variableName="mini_batch", frameId=frame["id"])
    assert "0000.txt" in rich["body"]["data"]["text/plain"]
    copied = own_notebook.debug(
        "copyToGlobals", srcVariableName="mini_batch", dstVariableName="x", srcFrameId=frame["id"]
    )
    assert copied["success"] is False and "another process" in copied["message"]
    threads = own_notebook.debug("threads")["body"]["threads"]
    assert [one["id"] for one in threads if one["id"] >= FIRST_ID] == [thread]

    assert own_notebook.debug("next", threadId=thread)["success"]
    assert stopped_thread(own_notebook) == thread
    frame = frames_of(own_notebook, thread)[0]
    assert frame["line"] == NAMES_LINE + 1
    text = own_notebook.debug("evaluate", expression="names[0].upper()", frameId=frame["id"], context="repl")
    assert text["body"]["result"] == "'0000.TXT'"
    set_breakpoints(own_notebook, cell)
    assert own_notebook.debug("continue", threadId=1)["success"]  # JupyterLab asks for thread 1
    outcome = own_notebook.finish(request)
    assert outcome.result == "'completed'", outcome.reply
    assert own_notebook.run("run.output.read_text()").result == repr("0000.txt\n0001.txt\n0002.txt\n")


def test_workers_that_are_stopped_are_shown_one_by_one(own_notebook, place):
    place.files(2)
    cell = write_script(own_notebook, NAMES_LINE)
    assert own_notebook.run(submit(place, 2)).status == "ok"
    first = stopped_thread(own_notebook)
    # A worker that waits for its debugger before it begins stands still as well.
    at_breakpoints = "sum('stopped in debugger at' in one['where'] for one in run.stopped)"
    wait_for("two workers at their breakpoint", lambda: own_notebook.run(at_breakpoints).result == "2")
    assert own_notebook.debug("debugInfo")["body"]["stoppedThreads"] == [first]
    set_breakpoints(own_notebook, cell)
    assert own_notebook.debug("continue", threadId=first)["success"]
    second = stopped_thread(own_notebook)
    assert second >= FIRST_ID and second != first
    assert frames_of(own_notebook, second)[0]["line"] == NAMES_LINE
    assert own_notebook.debug("continue", threadId=second)["success"]
    assert own_notebook.run("run.wait()").result == "'completed'"


def test_the_debugger_finds_a_run_under_way_and_leaves_it_to_go_on(own_notebook, shell):
    shell.files(2)
    own_notebook.run(f"%cd -q {shell.source}")
    gate = shell.folder / "gate"
    shell.script(GATED)
    assert own_notebook.run(submit(shell, 1, gate)).status == "ok"
    switch_on(own_notebook)
    set_breakpoints(own_notebook, str(shell.source / "score.py"), 6)  # in a frame that is on the stack
    thread = stopped_thread(own_notebook)
    frame = frames_of(own_notebook, thread)[0]
    assert (frame["source"]["path"], frame["line"]) == (str(shell.source / "score.py"), 6)
    source = own_notebook.debug("source", source={"path": frame["source"]["path"]}, sourceReference=0)
    assert source["body"]["content"] == GATED
    gate.touch()
    assert own_notebook.debug("disconnect", restart=False, terminateDebuggee=False)["success"]  # lets the worker go
    assert own_notebook.run("run.wait()").result == "'completed'"


def test_the_session_goes_on_when_a_run_ends_and_sees_the_next_one(own_notebook, place):
    place.files(1)
    cell = write_script(own_notebook, NAMES_LINE)
    for _ in range(2):
        request = own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
        thread = stopped_thread(own_notebook)
        assert frames_of(own_notebook, thread)[0]["source"]["path"] == cell
        own_notebook.debug("continue", threadId=thread)
        assert own_notebook.finish(request).result == "'completed'"
    assert own_notebook.debug("stackTrace", threadId=thread)["success"] is False
    assert own_notebook.debug("debugInfo")["body"]["isStarted"] is True
    plain = own_notebook.debug("dumpCell", code="a = 1\nb = a + 1\nb")["body"]["sourcePath"]
    set_breakpoints(own_notebook, plain, 2)
    request = own_notebook.client.execute("a = 1\nb = a + 1\nb")
    thread = stopped_thread(own_notebook)
    assert thread < FIRST_ID
    own_notebook.debug("continue", threadId=thread)
    assert own_notebook.finish(request).result == "2"


def test_a_cell_that_was_edited_and_not_run_stops_nobody(own_notebook, place):
    place.files(1)
    write_script(own_notebook)
    edited = CELL.replace("count = len(names)", "count = 7")
    path = own_notebook.debug("dumpCell", code=edited)["body"]["sourcePath"]
    set_breakpoints(own_notebook, path, NAMES_LINE)
    assert own_notebook.run(submit(place, 1) + "run.wait()\n").result == "'completed'"
    body = own_notebook.debug("debugInfo")["body"]
    assert {"source": path, "breakpoints": [{"line": NAMES_LINE}]} in body["breakpoints"]


def test_pause_means_a_worker_while_a_run_goes(own_notebook, place):
    place.files(1)
    gate = place.folder / "gate"
    write_script(own_notebook, cell=f"%%writefile score.py\n{GATED}")
    request = own_notebook.client.execute(submit(place, 1, gate) + "run.wait()\n")
    wait_for("worker in run()", lambda: has_worker_in_run(own_notebook))
    assert own_notebook.debug("pause", threadId=1)["success"]
    frame = frames_of(own_notebook, stopped_thread(own_notebook))[0]
    assert frame["line"] in (6, 7)  # of the cell: the loop
    gate.touch()
    assert own_notebook.debug("continue", threadId=1)["success"]
    assert own_notebook.finish(request).result == "'completed'"


def test_an_exception_stops_the_worker_where_it_is_raised(own_notebook, place):
    place.files(2)
    failing = CELL.replace("count = len(names)", "count = 1 / (names[0] != '0000.txt')")
    cell = write_script(own_notebook, cell=failing)
    filters = own_notebook.debug("setExceptionBreakpoints", filters=["uncaught", "failed"])
    assert filters["success"], filters
    request = own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
    event = own_notebook.debug_event("stopped")["body"]
    assert event["reason"] == "exception"
    frame = frames_of(own_notebook, event["threadId"])[0]
    assert (frame["source"]["path"], frame["line"]) == (cell, NAMES_LINE + 1)
    assert "0000.txt" in variables(own_notebook, frame)["names"]["value"]
    assert own_notebook.debug("setExceptionBreakpoints", filters=[])["success"]
    assert own_notebook.debug("continue", threadId=1)["success"]
    assert own_notebook.finish(request).result == "'completed'"
    assert own_notebook.run("run.progress['failed']").result == "1"


def test_an_interrupt_cancels_a_run_with_a_stopped_worker(own_notebook, place):
    place.files(2)
    write_script(own_notebook, NAMES_LINE)
    request = own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
    thread = stopped_thread(own_notebook)
    own_notebook.manager.interrupt_kernel()
    outcome = own_notebook.finish(request)
    assert outcome.reply.get("ename") == "KeyboardInterrupt", outcome.reply
    assert own_notebook.run("run.status").result == "'cancelled'"
    wait_until_gone_but(own_notebook.pid, place)
    assert own_notebook.debug("continue", threadId=thread)["success"] is False
    assert own_notebook.debug("debugInfo")["body"]["stoppedThreads"] == []


def test_a_kernel_with_a_stopped_worker_can_be_restarted(own_notebook, place, wait_for_end):
    place.files(2)
    write_script(own_notebook, NAMES_LINE)
    own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
    stopped_thread(own_notebook)
    before = own_notebook.pid
    own_notebook.manager.restart_kernel()
    assert wait_for_end(before)
    own_notebook.client.wait_for_ready()
    wait_until_gone_but(own_notebook.pid, place)
    assert own_notebook.run("1 + 1").result == "2"


def test_a_kernel_with_a_stopped_worker_can_be_shut_down(own_notebook, place, wait_for_end):
    place.files(2)
    write_script(own_notebook, NAMES_LINE)
    own_notebook.client.execute(submit(place, 1) + "run.wait()\n")
    stopped_thread(own_notebook)
    assert own_notebook.control("shutdown_request", {"restart": False})["status"] == "ok"
    assert wait_for_end(own_notebook.pid)
    wait_until_gone_but(own_notebook.pid, place)
    assert place.show().result["status"] == "cancelled"
