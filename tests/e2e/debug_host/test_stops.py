"""A worker that is stopped in the debugger: its clocks, its lease, and clients that are gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.control_client import GATES, PHASES, ControlClient, Debugger
from support.shell import Ran, Shell
from support.waiting import wait_for

from .conftest import LOOP, PLAIN, entry_of, line_of, names

Join = Callable[..., ControlClient]
# A debugger in a process of its own: it stops the first worker, says so, and waits for its end.
STOPPER = """
import sys
from pathlib import Path
from support.control_client import ControlClient, Debugger

client = ControlClient(Path(sys.argv[1]), "one that dies")
welcome = client.expect("Welcome")
client.expect("WorkerAtGate", worker=0)
debugger = Debugger(client, 0)
debugger.arm({welcome["entry_folder"] + "/" + welcome["entry_script"]: [int(sys.argv[2])]})
client.send("Pass", worker=0)
print(*debugger.stopped(), flush=True)
sys.stdin.read()
"""


def end(started, shell: Shell) -> Ran:
    ran = started.end()
    assert ran.code == 0, ran.err
    return ran


def log_of(shell: Shell) -> str:
    return (shell.run_folder() / "logs" / "sys" / "master.txt").read_text()


def stopped_seconds(folder: Path) -> float:
    """For how long the run says that its worker has been stopped in the debugger."""
    told = folder / "control" / "stopped.jsonl"
    lines = [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else []
    since = [line["at"] / 1e6 for line in lines if line["where"].startswith("stopped in debugger")]
    return time.time() - since[0] if since else 0.0


def stop_at_first_line(client: ControlClient, source: str) -> Debugger:
    """The first worker, which waits at its start, is stopped in its first run()."""
    path = entry_of(client)
    client.expect("WorkerAtGate", worker=0, gate=GATES.index("start"))
    debugger = Debugger(client, 0)
    debugger.arm({path: [line_of(source, "first")]})
    client.send("Pass", worker=0)
    assert debugger.stopped() == ("breakpoint", "score.py", line_of(source, "first"))
    return debugger


def test_a_worker_is_stopped_in_the_midst_of_run(shell: Shell, joined: Join):
    go = shell.folder / "go"
    source = LOOP.format(go=str(go))
    shell.files(2)
    shell.script(source)
    started = shell.submit(shell.step(process_count_per_node=1))
    client = joined()
    path = entry_of(client)
    client.expect("WorkerJoined", worker=0)
    debugger = Debugger(client, 0)
    debugger.arm({path: [line_of(source, "loop")]})
    assert debugger.stopped() == ("breakpoint", "score.py", line_of(source, "loop"))
    client.send("AskWorkers")
    (view,) = client.expect("Workers")["workers"]
    assert (PHASES[view["phase"]], view["attempt"]) == ("running", {"mini_batch": 0, "number": 0})
    assert (view["stopped"], view["file"], view["line"]) == (True, path, line_of(source, "loop"))
    frame = debugger.request("stackTrace", threadId=debugger.request("threads")["threads"][0]["id"])["stackFrames"][0]
    rounds = debugger.request("evaluate", expression="rounds", frameId=frame["id"])["result"]
    assert int(rounds) > 0
    client.send("DisarmWorker", worker=0)
    assert client.expect("WorkerDisarmed", worker=0)["why"] == ""
    go.touch()
    ran = end(started, shell)
    assert names(ran.rows) == ["0000.txt", "0001.txt"]
    assert client.expect("RunEnded").values == {"status": "completed", "reason": ""}
    client.expect_end()
    log = log_of(shell)
    assert f"worker 0 stopped in debugger at score.py:{line_of(source, 'loop')} (mini-batch 0, attempt 1)" in log
    assert "worker 0 goes on after" in log


def test_a_stop_may_outlast_every_limit(shell: Shell, joined: Join):
    shell.files(1)
    shell.script(PLAIN)
    step = shell.step(process_count_per_node=1, run_invocation_timeout=3, run_max_try=1)
    started = shell.submit(step, "--wait-for-debugger")
    client = joined()
    debugger = stop_at_first_line(client, PLAIN)
    folder = shell.run_folder()
    wait_for("stop of four seconds", lambda: stopped_seconds(folder) > 4)
    debugger.resume()
    ran = end(started, shell)
    assert names(ran.rows) == ["0000.txt"]
    assert ran.result["mini_batches"] == {"total": 1, "succeeded": 1, "failed": 0, "tried_again": 0}


def test_a_forgotten_stop_ends_with_its_lease(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1, debug_lease=1), "--wait-for-debugger")
    client = joined()
    stop_at_first_line(client, PLAIN)
    assert "debug_lease = 1.0 s" in client.expect("WorkerDisarmed", worker=0)["why"]
    assert names(end(started, shell).rows) == ["0000.txt", "0001.txt"]


def test_a_debugger_that_is_killed_leaves_no_worker_stopped(shell: Shell):
    shell.files(3)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    folder = shell.run_folder()
    shell.wait_for_file(folder / "control" / "token")
    tests = Path(__file__).resolve().parents[2]
    stopper = subprocess.Popen(
        [sys.executable, "-c", STOPPER, folder, str(line_of(PLAIN, "first"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**shell.environment, "PYTHONPATH": str(tests)},
        text=True,
    )
    assert stopper.stdout is not None
    assert stopper.stdout.readline().split() == ["breakpoint", "score.py", str(line_of(PLAIN, "first"))]
    stopper.kill()
    stopper.communicate()
    assert names(end(started, shell).rows) == ["0000.txt", "0001.txt", "0002.txt"]
    assert "the debugger has left" in log_of(shell)


def test_a_worker_that_is_killed_while_stopped_is_replaced(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    client = joined()
    stop_at_first_line(client, PLAIN)
    os.kill(client.expect("WorkerJoined", worker=0)["pid"], signal.SIGKILL)
    assert client.expect("WorkerLeft", worker=0)["why"].startswith("SIGKILL")
    client.expect("WorkerAtGate", worker=1, gate=GATES.index("start"))
    client.send("Pass", worker=1)
    ran = end(started, shell)
    assert names(ran.rows) == ["0000.txt", "0001.txt"]
    assert ran.result["mini_batches"]["tried_again"] == 1


def test_a_second_debugger_is_refused_with_the_name_of_the_first(shell: Shell, joined: Join):
    shell.files(1)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    first = joined("VS Code")
    first.expect("WorkerAtGate", worker=0)
    second = joined("JupyterLab")
    assert "VS Code debugs this run already" in second.expect("Refused")["why"]
    second.expect_end()
    viewer = joined("a viewer", debugger=False)
    assert viewer.expect("Welcome")["mini_batches"] == 1
    first.close()
    assert names(end(started, shell).rows) == ["0000.txt"]
    assert viewer.expect("RunEnded")["status"] == "completed"


def test_a_cancel_does_not_wait_for_who_is_stopped(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    client = joined()
    stop_at_first_line(client, PLAIN)
    started.signal(signal.SIGINT)
    ran = started.end()
    assert ran.result["status"] == "cancelled"
    client.expect("WorkerLeft", worker=0)
    assert client.expect("RunEnded")["status"] == "cancelled"


def test_a_client_may_cancel_the_run(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(LOOP.format(go=str(shell.folder / "never")))
    started = shell.submit()
    client = joined("a viewer", debugger=False)
    client.expect("WorkerJoined")
    client.send("CancelRun")
    assert client.expect("RunEnded")["status"] == "cancelled"
    assert started.end().result["status"] == "cancelled"


def test_nothing_of_a_debugger_is_there_when_it_is_off(shell: Shell, joined: Join):
    go = shell.folder / "go"
    shell.files(2)
    shell.script(LOOP.format(go=str(go)))
    started = shell.submit(shell.step(process_count_per_node=1, debug="off"))
    client = joined()
    pid = client.expect("WorkerJoined", worker=0)["pid"]
    client.send("ArmWorker", worker=0)
    assert 'debug = "off"' in client.expect("WorkerDisarmed", worker=0)["why"]
    assert "pydevd" not in Path(f"/proc/{pid}/maps").read_text()
    go.touch()
    assert len(end(started, shell).rows) == 2


def test_workers_cannot_wait_for_a_debugger_that_is_off(shell: Shell):
    shell.files(1)
    shell.script(PLAIN)
    ran = shell.call("run", shell.step(debug="off"), "--wait-for-debugger")
    assert ran.code != 0
    assert 'debug = "off"' in ran.err
