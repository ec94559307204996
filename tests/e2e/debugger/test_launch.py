"""A step that is started under the debugger."""

import pytest
from support.dap_client import Refused
from support.debug_scene import STEADY, Scene, doubled
from support.processes import wait_until_gone

WITH_INIT = STEADY + """

    FACTOR = 2  # @import


    def init():
        global FACTOR
        FACTOR = 3  # @init
"""


def test_breakpoints_hold_from_the_import_on(scene: Scene):
    scene.script(WITH_INIT)
    step = scene.step(files=2)
    client = scene.client()
    client.launch(step, breakpoints={scene.path: [scene.line("import"), scene.line("init"), scene.line("first")]})
    threads = set()
    for mark in ("import", "import", "init", "init", "first", "first"):
        stop = client.stopped(reason="breakpoint")
        threads.add(stop.thread)
        seen = client.place(stop)
        assert seen[1] in {scene.line(each) for each in ("import", "init", "first")}, mark
        client.resume(stop)
    assert len(threads) == 2
    scene.open_gate()
    client.event("exited", exitCode=0)
    client.event("terminated")
    client.disconnect()
    assert scene.shell.show().result["status"] == "completed"
    wait_until_gone(scene.shell.home)


def test_terminate_ends_the_run_as_ctrl_c_does(scene: Scene):
    client = scene.client()
    client.launch(scene.step(files=4), breakpoints={scene.path: []})
    scene.wait_running(2)
    client.set_breakpoints(scene.path, scene.line("round"))
    client.stopped()
    client.ask("terminate")
    client.event("exited", exitCode=130)
    client.event("terminated")
    client.disconnect()
    assert scene.shell.show().result["status"] == "cancelled"
    wait_until_gone(scene.shell.home)


def test_disconnect_ends_what_was_launched(scene: Scene):
    client = scene.client()
    client.launch(scene.step(files=4))
    scene.wait_running(2)
    client.disconnect()
    assert scene.shell.show().result["status"] == "cancelled"
    wait_until_gone(scene.shell.home)


def test_a_run_outlives_its_client_when_asked_to(scene: Scene):
    client = scene.client()
    client.launch(scene.step(files=4))
    scene.wait_running(2)
    client.ask("disconnect", terminateDebuggee=False)
    scene.open_gate()
    client.wait_for_end()
    assert scene.shell.show().result["status"] == "completed"


def test_without_debugging_it_just_runs(scene: Scene):
    scene.open_gate()
    client = scene.client()
    client.launch(scene.step(files=2), noDebug=True, breakpoints={scene.path: [scene.line("first")]})
    client.event("exited", exitCode=0)
    client.event("terminated")
    assert client.untaken("stopped") == []
    client.disconnect()
    assert scene.shell.show().result["status"] == "completed"


def test_a_step_that_cannot_start_says_why(scene: Scene):
    client = scene.client()
    step = scene.step(files=1, run_max_try="many")
    with pytest.raises(Refused, match="The step ended with exit code 2 before the debugger could join its run"):
        client.launch(step)
    client.output("run_max_try")
    client.event("exited", exitCode=2)
    client.event("terminated")
    client.disconnect()

    client = scene.client()
    with pytest.raises(Refused, match="the step .*/none.yml is no file"):
        client.launch(scene.shell.folder / "none.yml")
    client.disconnect()


def test_arguments_and_environment_reach_the_run(scene: Scene):
    scene.open_gate()
    client = scene.client()
    client.launch(scene.step(files=3), args=["--set", "mini_batch_size=3"], env={"PATH": "/usr/bin:/bin", "LANG": None})
    client.event("exited", exitCode=0)
    client.disconnect()
    assert scene.shell.show().result["mini_batches"]["total"] == 1
