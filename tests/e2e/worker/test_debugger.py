"""The debugger inside of a worker: the real debugpy, put in, used and taken out over the wire."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.worker.dap import Dap
from e2e.worker.wire_host import (
    AFTER_RUN,
    BEFORE_RUN,
    FAILURE,
    IN_RUN,
    START,
    WRONG_TYPE,
    Gate,
    Outcome,
    Python,
    WireHost,
)
from support.waiting import wait_for

pytestmark = pytest.mark.timeout(1500)  # a watchdog: a worker module may have to be compiled first

# Marks of lines are looked up by `line_of`. What a mini-batch does is the name of a function.
SCRIPT = """
import _thread, builtins, json, os, socket, subprocess, sys, threading, time

GO = []  # the start

def run(mini_batch):
    done = globals()[mini_batch[0]](*mini_batch[1:])  # the call
    return [done] if isinstance(done, (str, int)) else done

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
        "starts": all(
            getattr(threading, "_" + name, None) is getattr(_thread, name) and type(getattr(_thread, name)) is type(len)
            for name in ("start_new_thread", "start_joinable_thread") if hasattr(threading, "_" + name)
        ),
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

def orphan(mark):
    if os.fork() == 0:
        forked()
        open(mark, "x").close()
    while True:
        time.sleep(3600)

def forked():
    return 1  # in forked

def spawn():
    thread = threading.Thread(target=forked, name="helper")
    thread.start()
    thread.join()
    return subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, text=True).stdout.strip()

def background():
    global finish, thread
    finish, seen = threading.Event(), []
    def wait():
        finish.wait()
        seen.append(sys.gettrace())
    thread = threading.Thread(target=wait)
    thread.seen = seen
    thread.start()
    return "started"

def join():
    finish.set()
    thread.join()
    return repr(thread.seen)

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
        defaults = {"python": python, "debug": True, "debugpy_folder": debugpy_folder}
        return WireHost(tmp_path, SCRIPT, **{**defaults, **options})

    return make


def traces(host: WireHost) -> dict[str, Any]:
    """What the script sees of a debugger."""
    outcome = host.run_one("traces")
    assert outcome.ok, outcome
    found = json.loads(outcome.rows)
    tools = found.pop("tools", [None])
    assert set(tools) == {None}, tools
    return found


def assert_untouched(host: WireHost) -> None:
    """Nothing is left of a debugger; its thread ends a moment after its last word."""
    seen: list[dict[str, Any]] = []

    def look() -> bool:
        seen[:] = [traces(host)]
        return seen[0]["threads"] == UNTOUCHED["threads"]

    wait_for("worker with one thread", look)
    assert seen == [UNTOUCHED]


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
        assert_untouched(host)
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
        assert_untouched(host)


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
        assert_untouched(host)


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
        assert_untouched(host)


def test_a_thread_that_began_under_a_debugger_outlives_it(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        dap.arm({host.script: [{"line": line_of("in called")}]})
        host.send([["background"]])
        assert dap.word("T").outcomes[0].rows == b"started\n"
        assert dap.disarm() == ""
        assert host.run_one("join").rows == b"[None]\n"
        assert_untouched(host)
        assert host.log("stderr") == ""


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


def test_the_end_of_a_worker_is_seen_though_its_child_lives_on(worker: Worker, tmp_path: Path) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        dap.arm({host.script: [{"line": line_of("in forked")}]})
        mark = tmp_path / "mark"
        host.send([["orphan", str(mark)]])
        wait_for("child that passed the breakpoint", mark.exists)
        os.kill(host.pid, signal.SIGKILL)
        assert host.exit_code() == -signal.SIGKILL


def test_a_script_with_a_debugger_of_its_own_keeps_it(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        assert host.run_one("listen").rows == b"listens\n"
        dap = Dap(host)
        host.say(b"A")
        assert dap.word("N").text == (
            "the script has a debugger of its own (debugpy.listen() or debugpy.connect()); attach to that one"
        )
        assert host.dismiss() == 0


def test_an_environment_without_debugpy_says_where_to_install_it(tmp_path: Path, bare_python: Python) -> None:
    with WireHost(tmp_path, SCRIPT, python=bare_python, debug=True, debugpy_folder="") as host:
        host.become_ready()
        host.say(b"A")
        why = Dap(host).word("N").text
        assert why == (
            f"debugpy is missing, in {bare_python.executable} as well as beside Batchscope; install it:"
            f" {bare_python.executable} -m pip install debugpy"
        )
        assert host.run_one("called", "1").rows == b"called\n"
        assert host.dismiss() == 0


def test_a_script_that_closes_the_debuggers_connection_goes_on_without_it(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        dap.arm()
        host.send([["close_sockets"]])
        assert dap.word("N").text.startswith("the debugger")
        assert dap.word("T").outcomes[0].rows == b"closed\n"
        dap.arm({host.script: [{"line": line_of("in called")}]})
        host.send([["called", "1"]])
        assert dap.stop()[1] == ("score.py", line_of("in called"), "breakpoint")
        assert dap.disarm() == ""
        assert dap.word("T").outcomes[0].rows == b"called\n"


def test_a_worker_waits_at_the_gates_of_the_mini_batches_that_rules_match(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        host.watch({4: "$batch == 1", 9: '$item like "call*" and $attempt > 1', 5: "$worker != 3"})
        host.send([["called", "1"]], first=0)
        host.send([["called", "1"]], first=1, attempt=1)
        assert dap.word("G").gate == Gate(BEFORE_RUN, 1, 1, [4, 9])
        assert dap.word("T").outcomes[0].mini_batch == 0
        since_ns, earlier_ns = host.stopped()
        assert since_ns > 0 and earlier_ns == 0
        assert host.board()[2] == 0  # not in run()
        dap.arm({host.script: [{"line": line_of("in called")}]})
        host.say(b"P")
        assert dap.stop()[1] == ("score.py", line_of("in called"), "breakpoint")
        dap.go_on()
        assert dap.word("G").gate == Gate(AFTER_RUN, 1, 1, [4, 9])
        assert dap.disarm() == ""
        host.say(b"P")
        assert dap.word("T").outcomes == [Outcome(1, 1, True, 1, b"called\n", 0, None)]
        host.watch()
        assert host.run_one("called", "1").rows == b"called\n"
        assert_untouched(host)


def test_a_watch_finds_the_mini_batch_that_runs_and_opens_its_gates_when_it_ends(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        host.send([["busy"], ["called", "1"]], first=7)
        wait_for("mini-batch 7 on the board", lambda: host.board()[2])
        host.watch({1: "$batch in 7..8", 2: "$batch == 8"})
        assert dap.word("G").gate == Gate(IN_RUN, 7, 0, [1])
        dap.arm({host.script: [{"line": line_of("the loop")}]})
        thread, _ = dap.stop()
        dap.evaluate(thread, "GO.append(1)")
        dap.set_breakpoints(host.script, [])
        dap.go_on()
        assert dap.word("G").gate == Gate(AFTER_RUN, 7, 0, [1])
        host.say(b"P")
        assert dap.word("G").gate == Gate(BEFORE_RUN, 8, 0, [1, 2])
        host.watch()  # opens the gate, and there is none after run()
        assert [outcome.mini_batch for _ in range(2) for outcome in dap.word("T").outcomes] == [7, 8]


def test_a_worker_that_waits_for_a_debugger_imports_nothing_before(worker: Worker) -> None:
    with worker(wait=True) as host:
        assert host.receive().tag == "H"
        dap = Dap(host)
        assert dap.word("G").gate == Gate(START)
        assert host.stopped()[0] > 0
        dap.arm({host.script: [{"line": line_of("the start")}]})
        host.say(b"P")
        assert dap.stop()[1] == ("score.py", line_of("the start"), "breakpoint")
        dap.go_on()
        dap.word("R")
        assert dap.disarm() == ""
        assert host.stopped()[0] == 0
        assert_untouched(host)
    with worker(wait=True) as host:
        assert [host.receive().tag, host.receive().tag] == ["H", "G"]
        assert host.dismiss() == 0


def test_a_failure_is_looked_into_where_it_was_raised_before_it_is_reported(worker: Worker) -> None:
    with worker() as host:
        host.become_ready()
        dap = Dap(host)
        host.watch(uncaught=True)
        host.send([["fail"]], first=3)
        gate = dap.word("G").gate
        assert gate and gate.failure
        assert (gate.gate, gate.mini_batch, gate.in_init) == (FAILURE, 3, False)
        assert (gate.failure.type, gate.failure.message) == ("ValueError", "bad pixel")
        dap.arm()
        host.say(b"P")
        thread, place = dap.stop()
        assert place == ("score.py", line_of("the failure"), "exception")
        assert dap.frames(thread) == [("fail", line_of("the failure")), ("run", line_of("the call"))]
        assert dap.evaluate(thread, "why") == "'bad pixel'"
        assert dap.ask("exceptionInfo", threadId=thread)["exceptionId"].startswith("ValueError")
        dap.go_on()
        assert dap.word("T").outcomes[0].failure == gate.failure
        assert dap.disarm() == ""

        host.watch(last_failure=True)
        assert host.run_one("fail").ok is False  # not the last try
        host.send([["wrong"]], first=4, last_try=True)
        gate = dap.word("G").gate
        assert gate and gate.failure
        assert (gate.gate, gate.mini_batch, gate.failure.kind, gate.failure.type) == (FAILURE, 4, WRONG_TYPE, "object")
        host.say(b"P")
        assert dap.word("T").outcomes[0].failure == gate.failure


def test_an_init_that_raises_is_looked_into_too(tmp_path: Path, debugpy_folder: str) -> None:
    script = "def init():\n    raise OSError('no model')\ndef run(mini_batch):\n    return mini_batch\n"
    with WireHost(tmp_path, script, wait=True, debug=True, debugpy_folder=debugpy_folder) as host:
        assert [host.receive().tag, host.receive().tag] == ["H", "G"]
        dap = Dap(host)
        host.watch(uncaught=True)
        dap.arm()
        host.say(b"P")
        gate = dap.word("G").gate
        assert gate and gate.failure
        assert (gate.gate, gate.in_init, gate.failure.type) == (FAILURE, True, "OSError")
        host.say(b"P")
        thread, place = dap.stop()
        assert place == ("score.py", 2, "exception")
        dap.go_on()
        assert dap.word("I").failure == gate.failure
        assert host.dismiss() == 1


def test_a_worker_holds_what_its_last_try_raised_for_whoever_looks(worker: Worker) -> None:
    with worker(hold_on_failure=True) as host:
        host.become_ready()
        host.send([["fail"]])
        assert host.outcomes(1)[0].holds is False  # not the last try
        host.send([["fail"], ["traces"]], first=1, last_try=True)
        (failed,) = host.outcomes(1)
        assert (failed.mini_batch, failed.ok, failed.holds) == (1, False, True)
        assert host.board() == (0, 0, 0, 2, 0)
        host.say(b"F")
        assert host.outcomes(1)[0].mini_batch == 2
        assert host.board() == (0, 0, 0, 3, 0)

        host.send([["fail"], ["traces"]], first=3, last_try=True)
        assert host.outcomes(1)[0].holds is True
        dap = Dap(host)
        dap.arm()
        host.say(b"P")
        thread, place = dap.stop()
        assert place == ("score.py", line_of("the failure"), "exception")
        assert dap.evaluate(thread, "why") == "'bad pixel'"
        assert host.stopped()[0] == 0  # The seat is another worker's.
        dap.send("continue", threadId="*")
        assert host.exit_code() == 0
    with worker(hold_on_failure=True) as host:
        host.become_ready()
        host.send([["wrong"]], last_try=True)
        assert host.outcomes(1)[0].holds is True
        assert host.dismiss() == 0
