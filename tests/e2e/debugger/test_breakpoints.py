"""Where workers stop: conditions, counts, logs, functions, exceptions, and data."""

import pytest
from support.debug_scene import Scene, doubled


def test_conditions_hit_counts_and_log_points(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach()
    client.set_breakpoints(scene.path, scene.at("round", condition="rounds >= 3 and number == 0"))
    stop = client.stopped(reason="breakpoint")
    rounds = int(client.evaluate("rounds", client.top(stop)))
    assert rounds >= 3
    client.set_breakpoints(scene.path, scene.at("round", hitCondition="4"))
    client.resume(stop)
    stop = client.stopped(reason="breakpoint")
    assert int(client.evaluate("rounds", client.top(stop))) in (rounds + 3, rounds + 4)
    client.set_breakpoints(scene.path, scene.at("double", logMessage="doubling {value}"), scene.line("last"))
    scene.open_gate()
    client.resume(stop)
    stop = client.stopped(reason="breakpoint")
    assert client.place(stop) == ("run", scene.line("last"))
    assert "doubling 0" in client.output("doubling")
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_a_breakpoint_says_whether_it_can_stop_anything(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach()
    made = client.set_breakpoints(scene.path, scene.line("double"), 10_000, {"line": 3, "condition": "$batch = 1"})
    assert len({each["id"] for each in made}) == 3
    assert made[0]["verified"] and made[0]["line"] == scene.line("double")
    assert not made[1]["verified"] and made[1]["message"]
    assert not made[2]["verified"] and made[2]["message"]
    (other,) = client.set_breakpoints(scene.path.with_name("none.py"), 1)
    assert not other["verified"] and "none.py" in other["message"]
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_functions_stop_at_their_first_line(scene: Scene):
    scene.start(files=2, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach(functions=["double", "run"])
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="function breakpoint")
    assert client.place(stop)[0] == "double"
    client.resume(stop)
    stop = client.stopped()
    assert client.place(stop) == ("run", scene.line("first"))
    client.set_functions({"name": "double", "condition": "value == 7"})
    client.resume(stop)
    client.event("terminated")
    client.disconnect()
    assert scene.finish().rows == doubled(2)


# A worker has one or two mini-batches before it hears what is watched for: those that matter come later.
FAILING = """
    import os

    PLACE = os.environ["PLACE"]

    def check(number):
        try:
            {}["x"]  # @caught
        except KeyError:
            pass
        if number == 5:
            raise ValueError(f"bad {number}")  # @raise

    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])
        open(f"{PLACE}/in.{number}", "w").close()
        while not os.path.exists(f"{PLACE}/gate"):
            pass
        check(number)
        return [number]
"""


def test_uncaught_stops_where_the_exception_was_raised(scene: Scene):
    scene.script(FAILING)
    scene.start(files=7, process_count_per_node=1, run_max_try=2)
    scene.wait_in(0)
    client = scene.attach()
    assert not client.workers()[0]["armed"], "waiting for it costs nothing"
    scene.open_gate()
    for attempt in (1, 2):
        stop = client.stopped(reason="exception")
        assert stop.body["text"] == "batch 5 failed: ValueError: bad 5"
        frames = client.frames(stop)
        assert [frame["name"] for frame in frames] == ["check", "run"]
        assert frames[0]["line"] == scene.line("raise")
        assert client.evaluate("number", frames[1]) == "5"
        info = client.ask("exceptionInfo", threadId=stop.thread)
        assert info["exceptionId"].endswith("ValueError") and "bad 5" in info["description"]
        assert [name.partition(" - ")[2] for name in client.threads()] == [f"batch 5 - attempt {attempt}"]
        client.resume(stop)
    client.event("terminated")
    client.disconnect()
    assert scene.finish().rows == [str(number) for number in (0, 1, 2, 3, 4, 6)]


def test_on_a_failed_mini_batch_stops_at_the_last_try_only(scene: Scene):
    scene.script(FAILING)
    scene.start(files=7, process_count_per_node=1, run_max_try=2)
    scene.wait_in(0)
    client = scene.attach(filters=["failed"])
    client.workers()
    scene.open_gate()
    stop = client.stopped(reason="exception")
    assert [name.partition(" - ")[2] for name in client.threads()] == ["batch 5 - attempt 2"]
    client.resume(stop)
    client.event("terminated")
    assert client.untaken("stopped") == []
    client.disconnect()
    assert scene.finish().rows == [str(number) for number in (0, 1, 2, 3, 4, 6)]


def test_raised_stops_at_caught_exceptions_too(scene: Scene):
    scene.script(FAILING)
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach(filters=["raised"])
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="exception")
    assert client.place(stop) == ("check", scene.line("caught"))
    client.resume(stop)
    client.event("terminated")
    client.disconnect()
    assert scene.finish().rows == ["0"]


def test_a_failure_without_an_exception_holds_nobody_up(scene: Scene):
    scene.script(FAILING.replace("return [number]", "return number"))
    scene.start(files=5, process_count_per_node=1, run_max_try=1)
    scene.wait_in(0)
    client = scene.attach(filters=["failed", "uncaught"])
    client.workers()
    scene.open_gate()
    client.event("terminated")
    client.disconnect()
    assert scene.finish().result["mini_batches"]["failed"] == 5


RETRIED = """
    import os

    PLACE = os.environ["PLACE"]

    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])  # @first
        open(f"{PLACE}/in.{number}", "w").close()
        while not os.path.exists(f"{PLACE}/gate"):
            pass
        if number == 5 and not os.path.exists(f"{PLACE}/tried"):
            open(f"{PLACE}/tried", "w").close()
            raise ValueError("once")
        return [number]  # @last
"""


@pytest.mark.parametrize(
    ("condition", "batches"),
    [
        ("$batch == 6", ["batch 6 - attempt 1"]),
        ('$item like "*/0004.txt"', ["batch 4 - attempt 1"]),
        ("$attempt > 1", ["batch 5 - attempt 2"]),
        ("$batch >= 5; number == 6", ["batch 6 - attempt 1"]),
        ("$batch >= 4 and $once", ["batch 4 - attempt 1"]),
        ("$batch == 5; number == 2", []),
    ],
)
def test_a_condition_on_data_stops_only_who_has_such_a_mini_batch(scene: Scene, condition: str, batches: list[str]):
    scene.script(RETRIED)
    scene.start(files=8, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach(filters=[], breakpoints={scene.path: [scene.at("last", condition=condition)]})
    assert not client.workers()[0]["armed"]
    scene.open_gate()
    for name in batches:
        stop = client.stopped(reason="breakpoint")
        assert [each.partition(" - ")[2] for each in client.threads()] == [name]
        assert client.place(stop) == ("run", scene.line("last"))
        client.resume(stop)
    client.event("terminated")
    assert client.untaken("stopped") == []
    client.disconnect()
    assert scene.finish().rows == [str(number) for number in range(8)]


def test_a_condition_on_data_reaches_the_mini_batch_that_runs_already(scene: Scene):
    scene.start(files=4)
    _, batch = scene.wait_running(2)
    client = scene.attach(breakpoints={scene.path: [scene.at("round", condition=f"$batch == {batch}")]})
    stop = client.stopped(reason="breakpoint")
    assert client.evaluate("number", client.top(stop)) == str(batch)
    workers = client.workers()
    assert [each["armed"] for each in sorted(workers, key=lambda each: each["miniBatch"])] == [False, True]
    client.set_breakpoints(scene.path)
    client.resume(stop)
    client.disconnect()
    assert scene.finish().rows == doubled(4)
