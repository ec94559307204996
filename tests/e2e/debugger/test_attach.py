"""Attached in the middle of a run: what an editor shows, and what is left when it goes."""

import re
import subprocess

import pytest
from support.dap_client import Refused
from support.debug_scene import Scene, doubled
from support.processes import wait_until_gone


def test_a_line_of_the_frame_on_the_stack_stops_every_worker(scene: Scene):
    scene.start(files=4)
    batches = scene.wait_running(2)
    client = scene.attach("round")
    stops = [client.stopped(reason="breakpoint"), client.stopped(reason="breakpoint")]
    assert stops[0].thread != stops[1].thread
    assert [stop.body["preserveFocusHint"] for stop in stops] == [False, True]
    names = sorted(client.threads())
    assert sorted(re.sub(r"^w\d+ - ", "", name) for name in names) == [f"batch {each} - attempt 1" for each in batches]
    for stop in stops:
        frames = client.frames(stop)
        assert [(frame["name"], frame["line"]) for frame in frames] == [("run", scene.line("round"))]
        assert frames[0]["source"]["path"] == str(scene.path)
    client.set_breakpoints(scene.path)
    for stop in stops:
        client.resume(stop)
    client.disconnect()
    ran = scene.finish()
    assert ran.rows == doubled(4)
    wait_until_gone(scene.shell.home)


def test_variables_are_seen_and_changed(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round", "double")
    stop = client.stopped(reason="breakpoint")
    frame = client.top(stop)
    variables = client.locals(frame)
    assert (variables["number"]["value"], variables["number"]["type"]) == ("0", "int")
    batch = client.children(variables["mini_batch"]["variablesReference"])
    assert batch["0"]["value"] == repr(str(scene.shell.inputs / "0000.txt"))
    assert client.evaluate("number + 40", frame) == "40"
    assert client.evaluate("number", frame, "hover") == "0"
    assert client.evaluate("number", frame, "watch") == "0"
    assert client.evaluate("os.path.sep.join(['a', 'b'])", frame) == "'a/b'"
    with pytest.raises(Refused, match="NameError"):
        client.evaluate("no_such_name", frame)
    targets = client.ask("completions", frameId=frame["id"], text="mini_b", column=7)["targets"]
    assert "mini_batch" in [each["label"] for each in targets]

    scopes = client.ask("scopes", frameId=frame["id"])["scopes"]
    reference = next(each["variablesReference"] for each in scopes if each["name"] == "Locals")
    client.ask("setVariable", variablesReference=reference, name="number", value="20")
    client.ask("setExpression", frameId=frame["id"], expression="rounds", value="-1")
    assert client.evaluate("(number, rounds)", frame) == "(20, -1)"

    client.set_breakpoints(scene.path, scene.line("double"))
    scene.open_gate()
    client.resume(stop)
    inside = client.stopped(reason="breakpoint")
    frames = client.frames(inside)
    assert [(each["name"], each["line"]) for each in frames] == [
        ("double", scene.line("double")),
        ("run", scene.line("call")),
    ]
    assert client.evaluate("value", frames[0]) == "20"
    assert client.evaluate("number", frames[1]) == "20"
    assert "gone" in client.refusal("scopes", frameId=frame["id"])
    client.disconnect()
    assert scene.finish().rows == ["20: 40"]


def test_steps_go_in_over_out_and_to_a_line(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round")
    stop = client.stopped(reason="breakpoint")
    targets = client.ask("gotoTargets", source={"path": str(scene.path)}, line=scene.line("call"))["targets"]
    client.ask("goto", threadId=stop.thread, targetId=targets[0]["id"])
    stop = client.stopped(reason="goto")
    assert client.place(stop) == ("run", scene.line("call"))
    stop = client.step("stepIn", stop, reason="step")
    assert client.place(stop) == ("double", scene.line("double"))
    stop = client.step("next", stop, reason="step")
    assert client.place(stop) == ("double", scene.line("double") + 1)
    stop = client.step("stepOut", stop, reason="step")
    assert client.place(stop)[0] == "run"
    while client.place(stop)[1] != scene.line("last"):
        stop = client.step("next", stop, reason="step")
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_a_step_out_of_run_ends_at_the_first_line_of_the_next_run(scene: Scene):
    scene.start(files=3, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("last")
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="breakpoint")
    client.set_breakpoints(scene.path)
    stop = client.step("stepOut", stop, reason="step")
    assert client.place(stop) == ("run", scene.line("first"))
    assert [name.partition(" - ")[2] for name in client.threads()] == ["batch 1 - attempt 1"]
    client.set_breakpoints(scene.path, scene.line("last"))
    client.resume(stop)
    stop = client.stopped(reason="breakpoint")
    client.set_breakpoints(scene.path)
    stop = client.step("next", stop, reason="step")
    assert client.place(stop) == ("run", scene.line("first"))
    assert [name.partition(" - ")[2] for name in client.threads()] == ["batch 2 - attempt 1"]
    client.ask("stepOut", threadId=stop.thread)
    client.output("has no further mini-batch")
    client.event("thread", reason="exited", threadId=stop.thread)
    client.event("terminated")
    client.disconnect()
    assert scene.finish().rows == doubled(3)


UNTOUCHED = """
    import os, sys, threading, time

    PLACE = os.environ["PLACE"]

    def spin(seconds):
        count = 0
        while not os.path.exists(f"{PLACE}/gate"):  # @loop
            count += 1  # @count
        return count

    def state():
        tool = sys.monitoring.get_tool(0) if hasattr(sys, "monitoring") else None
        names = sorted(thread.name for thread in threading.enumerate())
        return [sys.gettrace(), threading.gettrace(), tool, names, sys.breakpointhook is sys.__breakpointhook__,
                len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))]

    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])
        # Not in the middle of the worker's own start.
        before, same = state(), 0
        while same < 20:
            time.sleep(0.002)
            now = state()
            before, same = now, same + 1 if now == before else 0
        open(f"{PLACE}/in.{number}", "w").close()
        spin(1)
        while not os.path.exists(f"{PLACE}/gone"):
            time.sleep(0.002)
        # The debugger's threads end by themselves, a moment after it has let go.
        while state() != before:
            with open(f"{PLACE}/states", "w") as states:
                states.write(f"before: {before}\\nnow: {state()}")
            time.sleep(0.002)
        return ["as before"]
"""


def test_a_worker_is_as_it_was_when_the_client_has_gone(scene: Scene):
    scene.script(UNTOUCHED)
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    for _ in range(3):
        client = scene.attach("count")
        stop = client.stopped(reason="breakpoint")
        assert client.place(stop) == ("spin", scene.line("count"))
        client.disconnect()
    scene.open_gate()
    scene.open_gate("gone")
    try:
        assert scene.finish().rows == ["as before"]
    except subprocess.TimeoutExpired:
        pytest.fail((scene.place / "states").read_text())


def test_a_client_may_go_and_come_again_within_one_adapter_home(scene: Scene):
    scene.start(files=3, process_count_per_node=1)
    scene.wait_in(0)
    run = scene.shell.run_folder()
    for name in ("", "latest", run.name, run.name[-8:], str(run)):
        client = scene.attach("round", run=name)
        client.stopped(reason="breakpoint")
        client.disconnect()
    assert scene.finish().rows == doubled(3)


def test_a_file_that_differs_from_the_copy_is_told_once_and_the_copy_is_shown(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    text = scene.path.read_text()
    scene.path.write_text(text.replace("rounds += 1", "rounds += 2"))
    client = scene.attach("round")
    assert str(scene.path) in client.event("output", category="important")["output"]
    diff = client.output("rounds += 2")
    assert "rounds += 1" in diff
    stop = client.stopped(reason="breakpoint")
    path = client.top(stop)["source"]["path"]
    assert path == str(scene.shell.run_folder() / "entry" / "score.py")
    client.set_breakpoints(scene.path, scene.line("round"))
    assert [each for each in client.untaken("output") if each["body"].get("category") == "important"] == []
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_attaching_to_what_does_not_run_says_what_to_do(scene: Scene):
    with pytest.raises(Refused, match="no run is running in .*; start one with `batchscope run STEP.yml`"):
        scene.client().attach()
    scene.open_gate()
    scene.start(files=1)
    run = scene.finish().result["id"]
    with pytest.raises(Refused, match=f"the newest, {run}, is over"):
        scene.client().attach()
    client = scene.client()
    with pytest.raises(Refused, match=rf"the run {run} is over \(completed\): only a running one can be debugged"):
        client.attach(run)
    client.disconnect()
