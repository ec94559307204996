"""The debugger inside of a worker: the real debugpy, put in, used and taken out over the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.worker.dap import Dap
from e2e.worker.wire_host import Python, WireHost
from support.waiting import wait_for

pytestmark = pytest.mark.timeout(1500)  # a watchdog: a worker module may have to be compiled first

# Marks of lines are looked up by `line_of`. What a mini-batch does is the name of a function.
SCRIPT = """
import _thread, builtins, json, os, socket, subprocess, sys, threading, time

GO = []

def run(mini_batch):
    return [globals()[mini_batch[0]](*mini_batch[1:])]  # the call

def busy():
    count = 0
    while not GO:
        count += 1  # the loop
    GO.clear()
    return called(count)

def called(count):
    assert count
    return "called"  # in called

def traces():
    found = {
        "trace": repr(sys.gettrace()),
        "thread trace": repr(threading.gettrace()),
        "hook": sys.breakpointhook is sys.__breakpointhook__,
        "threads": [thread.name for thread in threading.enumerate()],
        "tasks": len(os.listdir("/proc/self/task")),
        "starts": threading._start_new_thread is _thread.start_new_thread,
        "patched": [name for name in dir(threading) if name.startswith("_original")],
        "enumerate": threading.enumerate.__code__.co_filename == threading.__file__,
        "builtins": [name for name in ("execfile", "runfile") if hasattr(builtins, name)],
        "environment": [name for name in os.environ if "PYDEVD" in name or "DEBUGPY" in name],
        "in memory": "debugpy" in sys.modules,
        "interval": sys.getswitchinterval(),
    }
    if sys.version_info >= (3, 12):
        found["tools"] = [sys.monitoring.get_tool(tool) for tool in range(6)]
    return json.dumps(found)

def fork():
    child = os.fork()
    if child == 0:
        forked()
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def forked():
    return 1  # in forked

def spawn():
    thread = threading.Thread(target=forked, name="helper")
    thread.start()
    thread.join()
    return subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, text=True).stdout.strip()

def hook():
    breakpoint()  # the hook
    return "passed"

def listen():
    import debugpy
    debugpy.listen(("127.0.0.1", 0), in_process_debug_adapter=True)
    return "listens"

def close_sockets():
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            found = socket.socket(fileno=os.dup(fd))
            if found.family == socket.AF_UNIX and not found.getpeername() and not found.getsockname():
                os.close(fd)
            found.close()
        except OSError:
            pass
    return "closed"

def fail():
    why = "bad pixel"
    raise ValueError(why)  # the failure

def wrong():
    return object()
"""
UNTOUCHED = {
    "trace": "None",
    "thread trace": "None",
    "hook": True,
    "threads": ["MainThread"],
    "starts": True,
    "patched": [],
    "enumerate": True,
    "builtins": [],
    "environment": [],
    "in memory": True,
    "interval": 0.005,
}
Worker = Callable[..., WireHost]


def line_of(mark: str) -> int:
    return next(number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith(f"# {mark}"))


@pytest.fixture
def worker(tmp_path: Path, python: Python, debugpy_folder: str) -> Worker:
    """Makes a worker that may be debugged."""

    def make(**options: Any) -> WireHost:
        return WireHost(tmp_path, SCRIPT, **{"python": python, "debug": True, "debugpy_folder": debugpy_folder, **options})

    return make


def traces(host: WireHost) -> dict[str, Any]:
    """What the script sees of a debugger; without the number of threads, which is checked."""
    found = json.loads(host.run_one("traces").rows)
    assert found.pop("tasks") == len(os.listdir(f"/proc/{host.pid}/task"))
    tools = found.pop("tools", [None])
    assert set(tools) == {None}, tools
    return found


def test_a_worker_that_nobody_debugs_has_nothing_of_a_debugger(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        assert traces(host) == UNTOUCHED
        with_debugpy = len(os.listdir(f"/proc/{host.pid}/task"))
        assert host.dismiss() == 0
    with worker(debug=False) as host:
        host.become_ready()
        assert traces(host) == {**UNTOUCHED, "in memory": False}
        assert len(os.listdir(f"/proc/{host.pid}/task")) == with_debugpy
        host.say(b"A")
        gone = host.receive()
        assert (gone.tag, gone.text) == ("N", 'the step says debug = "off", so its workers have no debugger')


def test_a_busy_worker_is_stopped_looked_into_and_let_go(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        host.send([["busy"]])
        dap = Dap(host)
        dap.arm({host.script: [{"line": line_of("the loop")}]})
        thread, place = dap.stop()
        assert place == ("score.py", line_of("the loop"), "breakpoint")
        since_ns, earlier_ns = host.stopped()
        assert since_ns > 0 and earlier_ns == 0
        assert dap.frames(thread) == [("busy", line_of("the loop")), ("run", line_of("the call"))]
        assert dap.evaluate(thread, "isinstance(count, int)") == "True"
        dap.send("next", threadId=thread)
        thread, place = dap.stop()
        assert place == ("score.py", line_of("the loop") - 1, "step")
        assert dap.word("C")
        dap.evaluate(thread, "GO.append(1)")
        dap.set_breakpoints(host.script, [{"line": line_of("in called")}])
        dap.go_on()
        thread, place = dap.stop()
        assert place == ("score.py", line_of("in called"), "breakpoint")
        assert [name for name, _ in dap.frames(thread)] == ["called", "busy", "run"]
        assert dap.disarm() == ""
        assert dap.word("C")
        assert dap.word("T").outcomes[0].rows == b"called\n"
        since_ns, earlier_ns = host.stopped()
        assert since_ns == 0
        assert traces(host) == UNTOUCHED
        assert host.dismiss() == 0


def test_a_pause_stops_a_worker_that_is_busy_and_a_breakpoint_one_that_waits_for_work(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        dap.arm({host.script: [{"line": line_of("in forked")}]})
        host.send([["spawn"], ["busy"]])
        _, place = dap.stop()  # the helper thread of spawn
        assert place == ("score.py", line_of("in forked"), "breakpoint")
        dap.set_breakpoints(host.script, [])
        dap.go_on()
        assert dap.word("T").outcomes[0].rows == b"5\n"
        wait_for("mini-batch 1 on the board", lambda: host.board()[0] == 1 + (1 << 32))
        dap.send("pause", threadId="*")
        thread, (_, _, reason) = dap.stop()
        assert reason == "pause"
        dap.evaluate(thread, "GO.append(1)")
        dap.go_on()
        assert dap.word("T").outcomes[0].rows == b"called\n"
        assert dap.disarm() == ""
        assert traces(host) == UNTOUCHED


def test_fifty_debuggers_one_after_the_other_leave_no_thread_and_no_descriptor(worker: Worker) -> None:
    def sizes(host: WireHost) -> tuple[int, int]:
        return len(os.listdir(f"/proc/{host.pid}/task")), len(os.listdir(f"/proc/{host.pid}/fd"))

    with worker() as host:
        host.become_ready()
        host.send([["busy"]])
        before = sizes(host)
        dap = Dap(host)
        for _ in range(50):
            dap.arm({host.script: [{"line": line_of("the loop")}]})
            _, place = dap.stop()
            assert place == ("score.py", line_of("the loop"), "breakpoint")
            assert dap.disarm() == ""
            assert dap.word("C")
            # The native thread of the session ends just behind its last word.
            wait_for("the end of its threads", lambda: sizes(host) == before)
        dap.arm()
        dap.send("pause", threadId="*")
        thread, _ = dap.stop()
        dap.evaluate(thread, "GO.append(1)")
        assert dap.disarm() == ""
        dap.word("T")
        assert traces(host) == UNTOUCHED


def test_a_debugger_may_be_asked_for_again_before_it_is_gone_and_taken_out_before_it_is_there(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        host.say(b"A")
        assert dap.disarm() == ""
        host.say(b"U")
        assert dap.word("N").text == ""
        dap.arm()
        host.say(b"U")
        dap.arm({host.script: [{"line": line_of("in called")}]})
        assert dap.word("N").text == ""
        host.send([["called", "1"]])
        _, place = dap.stop()
        assert place == ("score.py", line_of("in called"), "breakpoint")
        assert dap.disarm() == ""
        assert dap.word("T").outcomes[0].rows == b"called\n"
        assert traces(host) == UNTOUCHED


def test_a_forked_child_passes_a_breakpoint_and_breakpoint_stops_only_while_armed(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        assert host.run_one("hook").ok is False  # pdb, without a terminal
        dap = Dap(host)
        dap.arm({host.script: [{"line": line_of("in forked")}]})
        host.send([["fork"], ["hook"]])
        assert dap.word("T").outcomes[0].rows == b"7\n"
        thread, (file, _, _) = dap.stop()
        assert file == "score.py"
        assert dap.frames(thread)[0][0] == "hook"
        dap.go_on()
        assert dap.word("T").outcomes[0].rows == b"passed\n"
        assert dap.disarm() == ""
        assert host.dismiss() == 0
