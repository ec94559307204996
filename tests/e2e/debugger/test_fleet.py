"""Many workers in one session: those who come late, die, are stopped together, or belong to nobody any more."""

import os
import re
import signal

import pytest
from support.dap_client import Debugger, Refused
from support.debug_scene import STEADY, Scene, doubled
from support.processes import wait_until_gone
from support.waiting import wait_for


def batch_of(name: str) -> str:
    return name.partition(" - ")[2]


def still_stopped(client: Debugger, count: int) -> list[int]:
    """The workers that the host sees stopped, if they are so many; it hears a moment later that one goes on."""
    stopped = [each["worker"] for each in client.workers() if each["stopped"]]
    return stopped if len(stopped) == count else []


def test_a_worker_that_died_leaves_and_its_successor_joins_with_the_same_breakpoints(scene: Scene):
    scene.start(files=4)
    scene.wait_running(2)
    client = scene.attach("round")
    stops = [client.stopped(reason="breakpoint"), client.stopped(reason="breakpoint")]
    workers = {each["threadId"]: each for each in client.workers()}
    dead = workers[stops[0].thread]
    os.kill(dead["pid"], signal.SIGKILL)
    client.event("thread", reason="exited", threadId=stops[0].thread)
    assert "SIGKILL" in client.output(f"w{dead['worker']} (pid {dead['pid']}) ended")
    assert "There is no thread" in client.refusal("stackTrace", threadId=stops[0].thread)
    stop = client.stopped(reason="breakpoint")
    client.event("thread", reason="started", threadId=stop.thread)
    assert stop.thread not in workers
    names = {number: batch_of(name) for name, number in client.threads().items()}
    assert names[stop.thread] == f"batch {dead['miniBatch']} - attempt 2"
    client.disconnect()
    assert scene.finish().rows == doubled(4)


def test_one_some_or_all_are_paused_and_go_on(scene: Scene):
    scene.start(files=6, process_count_per_node=3)
    scene.wait_running(3)
    client = scene.attach()
    threads = sorted(client.threads().values())
    client.ask("pause", threadId=threads[0])
    first = client.stopped(reason="pause")
    assert first.thread == threads[0]
    assert client.untaken("stopped") == []
    client.ask("batchscope/pause")
    others = [client.stopped(reason="pause"), client.stopped(reason="pause")]
    assert sorted(stop.thread for stop in others) == threads[1:]
    assert {client.frames(stop)[-1]["name"] for stop in [first, *others]} == {"run"}
    # One steps while the others stand still.
    stop = client.step("next", first)
    assert stop.thread == first.thread
    client.resume(stop)
    client.ask("pause", threadId=threads[0])
    client.stopped(threadId=threads[0])
    some = [each["worker"] for each in client.workers()][:2]
    client.ask("batchscope/continue", workers=some)
    for _ in some:
        client.event("continued")
    standing = wait_for("end of the stops", lambda: still_stopped(client, 1))
    assert not set(standing) & set(some)
    answer = client.evaluate(".workers")
    assert answer.count("batch ") == 3
    client.evaluate(".continue all")
    client.evaluate(".pause all")
    for _ in range(3):
        client.stopped(reason="pause")
    client.evaluate(".continue all")
    client.disconnect()
    assert scene.finish().rows == doubled(6)


def test_all_stop_at_their_next_run(scene: Scene):
    scene.start(files=8)
    first = scene.wait_running(2)
    client = scene.attach()
    client.ask("batchscope/stopAtNextRun")
    scene.open_gate()
    stops = [client.stopped(), client.stopped()]
    for stop in stops:
        assert client.place(stop) == ("run", scene.line("first"))
    batches = {int(batch_of(name).split()[1]) for name in client.threads()}
    assert len(batches) == 2 and not batches & set(first)
    for stop in stops:
        client.resume(stop)
    client.event("terminated")
    client.disconnect()
    assert scene.finish().rows == doubled(8)


def test_continue_goes_for_all_when_the_client_wants_it(scene: Scene):
    scene.start(files=4)
    scene.wait_running(2)
    client = scene.attach("round", continueAll=True)
    stops = [client.stopped(), client.stopped()]
    client.set_breakpoints(scene.path)
    client.ask("continue", threadId=stops[0].thread)
    client.event("continued", threadId=stops[1].thread)
    client.disconnect()
    assert scene.finish().rows == doubled(4)


def test_a_second_client_is_told_who_debugs_already(scene: Scene):
    scene.start(files=1)
    scene.wait_in(0)
    client = scene.attach("round")
    client.stopped()
    second = scene.client()
    with pytest.raises(Refused, match="a test"):
        second.attach()
    second.disconnect()
    client.disconnect()
    third = scene.attach("round")
    third.stopped()
    third.disconnect()
    assert scene.finish().rows == doubled(1)


def test_a_client_that_vanishes_leaves_no_worker_behind(scene: Scene):
    scene.start(files=4)
    scene.wait_running(2)
    client = scene.attach("round")
    client.stopped()
    client.stopped()
    client.kill()
    assert scene.finish().rows == doubled(4)
    wait_until_gone(scene.shell.home)


FORKING = STEADY.replace(
    "answer = double(number)  # @call",
    """child = os.fork()
        if child == 0:
            double(number)
            os._exit(0)
        os.waitpid(child, 0)
        answer = double(number)  # @call""",
)


def test_a_forked_child_runs_past_the_breakpoints_it_inherits(scene: Scene):
    scene.script(FORKING)
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("double")
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="breakpoint")
    assert client.frames(stop)[1]["line"] == scene.line("call")
    client.resume(stop)
    client.event("terminated")
    assert client.untaken("stopped") == []
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_the_debug_lane_stops_at_each_of_its_mini_batches(scene: Scene):
    scene.start(files=10, process_count_per_node=1, debug="lane", debug_lane=[1, 6, 8])
    scene.wait_in(0, 1)
    client = scene.attach()
    lane = next(number for name, number in client.threads().items() if name.endswith("(debug lane)"))
    assert [batch_of(name) for name in client.threads() if "lane" not in name] == ["batch 0 - attempt 1"]
    client.workers()
    scene.open_gate()
    for batch in (6, 8):
        stop = client.stopped(threadId=lane, reason="entry")
        assert client.place(stop) == ("run", scene.line("first"))
        assert f"batch {batch} - attempt 1 (debug lane)" in [batch_of(name) for name in client.threads()]
        client.resume(stop)
    client.event("terminated")
    assert client.untaken("stopped") == []
    client.disconnect()
    assert scene.finish().rows == doubled(10)


def test_the_debug_lane_takes_what_comes_next_while_the_fleet_runs_on(scene: Scene):
    step = scene.step(files=4, process_count_per_node=1, debug="lane")
    client = scene.client()
    client.launch(step)
    stop = client.stopped(reason="entry")
    assert client.place(stop) == ("run", scene.line("first"))
    name = next(name for name, number in client.threads().items() if number == stop.thread)
    assert re.fullmatch(r"w\d+ - batch \d - attempt 1 \(debug lane\)", name)
    scene.open_gate()
    # All others are done by the fleet meanwhile.
    batch = int(client.evaluate("mini_batch[0][-8:-4]", client.top(stop)).strip("'"))
    scene.wait_in(*[number for number in range(4) if number != batch])
    client.resume(stop)
    client.event("exited", exitCode=0)
    client.event("terminated")
    client.disconnect()


HELD = """
    import os

    PLACE = os.environ["PLACE"]

    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])
        open(f"{PLACE}/in.{number}", "w").close()
        if number == 0:
            raise ValueError("bad 0")  # @raise
        while not os.path.exists(f"{PLACE}/gate"):
            pass
        return [number]
"""


def test_a_worker_that_holds_a_failure_shows_it_to_who_comes_later(scene: Scene):
    scene.script(HELD)
    scene.start(files=3, process_count_per_node=1, run_max_try=1, hold_on_failure=3600)
    scene.wait_in(0, 1)  # The second by the one who took its place.
    client = scene.attach()
    client.output("holds batch 0, which failed: ValueError: bad 0")
    stop = client.stopped(reason="exception")
    assert stop.body["text"] == "batch 0 failed: ValueError: bad 0"
    assert client.place(stop) == ("run", scene.line("raise"))
    assert client.evaluate("number", client.top(stop)) == "0"
    assert "held: batch 0" in " ".join(client.threads())
    client.resume(stop)
    client.event("thread", reason="exited", threadId=stop.thread)
    client.disconnect()
    assert scene.finish().rows == ["1", "2"]


def test_a_worker_that_holds_a_failure_is_released_from_the_console(scene: Scene):
    scene.script(HELD)
    scene.start(files=2, process_count_per_node=1, run_max_try=1, hold_on_failure=3600)
    scene.wait_in(0, 1)
    client = scene.attach()
    stop = client.stopped(reason="exception")
    client.evaluate(".release", client.top(stop))
    client.event("thread", reason="exited", threadId=stop.thread)
    client.disconnect()
    assert scene.finish().rows == ["1"]


@pytest.mark.parametrize("workers", [8, 32])
def test_a_whole_fleet_is_stopped_looked_into_and_let_go_at_once(scene: Scene, workers: int):
    scene.start(files=workers, process_count_per_node=workers)
    scene.wait_running(workers)
    client = scene.attach("round")
    stops = [client.stopped(reason="breakpoint") for _ in range(workers)]
    assert len({stop.thread for stop in stops}) == workers
    assert {int(client.evaluate("number", client.top(stop))) for stop in stops} == set(range(workers))
    client.set_breakpoints(scene.path)
    client.evaluate(".continue all", None)
    client.disconnect()
    assert scene.finish().rows == doubled(workers)
