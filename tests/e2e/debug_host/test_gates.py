"""Workers that wait for a person: at gates, with a failure, in the lane."""

from __future__ import annotations

import signal
from collections.abc import Callable

from support.control_client import GATES, ControlClient, Debugger
from support.shell import Shell

from .conftest import FAILING, LOOP, PLAIN, entry_of, line_of, names
from .test_stops import end, log_of

Join = Callable[..., ControlClient]


def start_with(client: ControlClient, *selectors: str, **what: bool) -> None:
    """All workers wait at their start; they go on when they know what to watch for."""
    client.watch(*selectors, **what)
    client.expect("WorkerAtGate", worker=0, gate=GATES.index("start"))
    client.send("Pass", worker=0)


def test_a_worker_waits_around_the_run_that_rules_match(shell: Shell, joined: Join):
    shell.files(5)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    client = joined()
    path = entry_of(client)
    start_with(client, "$batch == 77", '$item like "*/0003.txt"')
    for gate in ("before_run", "after_run"):
        at = client.expect("WorkerAtGate", worker=0)
        assert (at["gate"], at["mini_batch"], at["number"]) == (GATES.index(gate), 3, 0)
        assert at["rules"] == [{"id": 2}]
        if gate == "before_run":
            debugger = Debugger(client, 0)
            debugger.arm({path: [line_of(PLAIN, "first")]})
            client.send("Pass", worker=0)
            assert debugger.stopped()[2] == line_of(PLAIN, "first")
            debugger.resume()
        else:
            client.send("DisarmWorker", worker=0)
            client.send("Pass", worker=0)
    assert names(end(started, shell).rows) == [f"{number:04}.txt" for number in range(5)]


def test_a_debugger_that_is_gone_leaves_nobody_at_a_gate(shell: Shell, joined: Join):
    shell.files(6)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=2), "--wait-for-debugger")
    client = joined()
    client.watch("$batch >= 0")
    for worker in range(2):
        client.expect("WorkerAtGate", worker=worker, gate=GATES.index("start"))
    client.send("Pass", worker=0)
    client.expect("WorkerAtGate", worker=0, gate=GATES.index("before_run"))
    client.close()
    assert names(end(started, shell).rows) == [f"{number:04}.txt" for number in range(6)]


def test_a_rule_that_cannot_be_read_is_told_to_who_set_it(shell: Shell, joined: Join):
    shell.files(1)
    shell.script(PLAIN)
    started = shell.submit(shell.step(process_count_per_node=1), "--wait-for-debugger")
    client = joined()
    start_with(client, "$batsch == 1")
    assert "$batch" in client.expect("Notice")["text"]
    end(started, shell)


def test_an_exception_is_shown_where_it_was_raised_and_counts_as_ever(shell: Shell, joined: Join):
    shell.files(3)
    shell.script(FAILING)
    started = shell.submit(shell.step(process_count_per_node=1, run_max_try=1), "--wait-for-debugger")
    client = joined()
    start_with(client, uncaught=True)
    at = client.expect("WorkerAtGate", worker=0, gate=GATES.index("failure"))
    assert (at["mini_batch"], at["type"], at["message"]) == (1, "ValueError", "no 0001.txt")
    debugger = Debugger(client, 0)
    debugger.arm()
    client.send("Pass", worker=0)
    assert debugger.stopped()[:2] == ("exception", "score.py")
    debugger.resume()
    ran = end(started, shell)
    assert names(ran.rows) == ["0000.txt", "0002.txt"]
    assert "ValueError" in ran.err


def test_a_failed_mini_batch_is_held_for_a_look(shell: Shell, joined: Join):
    shell.files(4)
    shell.script(FAILING)
    step = shell.step(process_count_per_node=1, run_max_try=1, hold_on_failure=600)
    started = shell.submit(step, "--wait-for-debugger")
    client = joined()
    start_with(client)
    held = client.expect("WorkerHeld")
    assert (held["mini_batch"], held["number"], held["type"]) == (1, 0, "ValueError")
    assert 0 < held["seconds_left"] <= 600
    worker = held["worker"]
    # All else is done by the one that has its seat, while it is still there.
    fresh = client.expect("WorkerAtGate", lambda at: at["worker"] != worker, gate=GATES.index("start"))["worker"]
    client.send("Pass", worker=fresh)
    client.expect("WorkerLeft", worker=fresh, why="")
    debugger = Debugger(client, worker)
    debugger.arm()
    client.send("Pass", worker=worker)
    assert debugger.stopped() == ("exception", "score.py", line_of(FAILING, "raise"))
    debugger.resume()
    assert client.expect("WorkerLeft", worker=worker)["why"] == ""
    ran = end(started, shell)
    assert names(ran.rows) == ["0000.txt", "0002.txt", "0003.txt"]


def test_a_hold_ends_by_itself(shell: Shell):
    shell.files(4)
    shell.script(FAILING)
    step = shell.step(process_count_per_node=1, run_max_try=1, hold_on_failure=1, progress_update_timeout=60)
    ran = shell.run(step)
    assert ran.code == 0
    assert names(ran.rows) == ["0000.txt", "0002.txt", "0003.txt"]
    assert "worker 0 is held for 1.0 s (mini-batch 1, attempt 1)" in log_of(shell)
    assert "hold_on_failure = 1.0 s is over" in log_of(shell)


def test_a_hold_ends_when_it_is_released(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(FAILING)
    started = shell.submit(shell.step(process_count_per_node=1, run_max_try=1, hold_on_failure=600))
    client = joined()
    held = client.expect("WorkerHeld")["worker"]
    client.send("ReleaseHold", worker=held)
    assert client.expect("WorkerLeft", worker=held)["why"] == ""
    assert names(end(started, shell).rows) == ["0000.txt"]


def test_a_cancel_ends_a_hold_at_once(shell: Shell, joined: Join):
    shell.files(2)
    shell.script(FAILING)
    started = shell.submit(shell.step(process_count_per_node=1, run_max_try=1, hold_on_failure=600))
    viewer = joined("a viewer", debugger=False)
    held = viewer.expect("WorkerHeld")["worker"]
    started.signal(signal.SIGINT)
    viewer.expect("WorkerLeft", worker=held)
    assert names(started.end().rows) == ["0000.txt"]


def test_the_lane_alone_gets_what_was_chosen_for_it(shell: Shell, joined: Join):
    go = shell.folder / "go"
    shell.files(8)
    shell.script(LOOP.format(go=str(go)))
    started = shell.submit(shell.step(process_count_per_node=2, debug="lane", debug_lane=[3, 5]))
    viewer = joined("a viewer", debugger=False)
    lane = viewer.expect("WorkerJoined", lane=1)
    for _ in range(2):
        viewer.expect("WorkerJoined", lane=0)
    go.touch()
    rows = end(started, shell).rows
    assert names(rows) == [f"{number:04}.txt" for number in range(8)]
    assert [number for number, row in enumerate(rows) if int(row.split()[1]) == lane["pid"]] == [3, 5]


def test_a_lane_for_mini_batches_that_are_not_there_is_refused(shell: Shell):
    shell.files(3)
    shell.script(PLAIN)
    ran = shell.call("run", shell.step(debug="lane", debug_lane=[1, 3]))
    assert ran.code != 0
    assert "debug_lane: found mini-batch 3" in ran.err
    assert "numbers from 0 to 2" in ran.err
