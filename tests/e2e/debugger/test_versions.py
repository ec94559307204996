"""Workers of each CPython a step may ask for: another version is traced in another way, from sys.monitoring on."""

from __future__ import annotations

import sys
from pathlib import Path

import debugpy
import pytest
from support.debug_scene import Scene
from support.interpreters import build_worker, find_interpreter
from support.processes import wait_until_gone

pytestmark = pytest.mark.timeout(1500)  # a watchdog: a worker module may have to be compiled first

INSTALLED = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSIONS = [INSTALLED, "3.12", "3.13"]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, scene: Scene, tmp_path: Path) -> str:
    """Each in turn. Steps of the scene run in workers of it, whose package is where $BATCHSCOPE_PACKAGE says."""
    if request.param == INSTALLED:
        return request.param
    interpreter = find_interpreter(request.param)
    if interpreter is None:
        pytest.skip(f"no CPython {request.param} with its headers: none on PATH that runs, none of pyenv")
    package = tmp_path / "package"
    package.mkdir()
    (package / "batchscope").symlink_to(build_worker(interpreter, request.param))
    (package / "debugpy").symlink_to(Path(debugpy.__file__).parent)
    scene.shell.environment["BATCHSCOPE_PACKAGE"] = str(package)
    scene.changes["environment"] = str(interpreter)
    return request.param


TURNS = """
    import os
    import sys
    import threading
    import time

    PLACE = os.environ["PLACE"]


    def is_there(name):
        return os.path.exists(f"{PLACE}/{name}")


    def spin(turn):
        count = 0
        while not is_there(f"go.{turn}"):
            count += 1  # @count
        return turn


    def later(turn):
        doubled = turn * 2  # @later
        return doubled  # @end


    def state():
        tools = [sys.monitoring.get_tool(tool) for tool in range(6)] if hasattr(sys, "monitoring") else []
        hook = sys.breakpointhook is sys.__breakpointhook__
        names = sorted(thread.name for thread in threading.enumerate())
        files, tasks = len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
        return [sys.gettrace(), threading.gettrace(), sys.getswitchinterval(), tools, hook, names, files, tasks]


    def run(mini_batch):
        before = state()
        for turn in range(4):
            open(f"{PLACE}/turn.{turn}", "w").close()
            later(spin(turn))  # @call
            while not is_there(f"gone.{turn}"):
                time.sleep(0.002)
            # The debugger's threads end by themselves, a moment after it has let go.
            while state() != before:
                open(f"{PLACE}/differs.{turn}", "w").write(f"{before} {state()}")
                time.sleep(0.002)
        return ["%d.%d" % sys.version_info[:2]]
"""


def test_a_worker_stops_steps_and_is_left_as_it_was_four_times(scene: Scene, version: str):
    scene.script(TURNS)
    scene.start(files=1, process_count_per_node=1)
    for turn in range(4):
        scene.shell.wait_for_file(scene.place / f"turn.{turn}")
        client = scene.attach("count")
        stop = client.stopped(reason="breakpoint")
        assert client.place(stop) == ("spin", scene.line("count"))
        frames = client.frames(stop)
        assert [(frame["name"], frame["line"]) for frame in frames[1:]] == [("run", scene.line("call"))]
        assert client.evaluate("turn", frames[0]) == str(turn)
        client.set_breakpoints(scene.path, scene.line("later"))
        stop = client.step("next", stop, reason="step")
        assert client.place(stop) == ("spin", scene.line("count") - 1)

        scene.open_gate(f"go.{turn}")
        client.resume(stop)
        stop = client.stopped(reason="breakpoint")
        assert [(frame["name"], frame["line"]) for frame in client.frames(stop)] == [
            ("later", scene.line("later")),
            ("run", scene.line("call")),
        ]
        stop = client.step("next", stop, reason="step")
        assert client.place(stop) == ("later", scene.line("end"))
        assert client.locals(client.top(stop))["doubled"]["value"] == str(2 * turn)
        stop = client.step("stepOut", stop, reason="step")
        assert client.place(stop)[0] == "run"
        client.disconnect()
        scene.open_gate(f"gone.{turn}")
    assert scene.finish().rows == [version]
    wait_until_gone(scene.shell.home)


RAISING = """
    import os

    def check(number):
        if number == 1:
            raise ValueError(f"bad {number}")  # @raise
        return number

    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])  # @first
        return [check(number)]  # @call
"""


def test_an_exception_that_leaves_run_is_shown_where_it_was_raised(scene: Scene, version: str):
    scene.script(RAISING)
    client = scene.client()
    step = scene.step(files=2, process_count_per_node=1, run_max_try=1, error_threshold=1)
    client.launch(step, functions=["run"])
    entry = client.stopped(reason="breakpoint")
    assert client.place(entry) == ("run", scene.line("first"))
    client.set_functions()
    client.resume(entry)
    stop = client.stopped(reason="exception")
    assert [(frame["name"], frame["line"]) for frame in client.frames(stop)] == [
        ("check", scene.line("raise")),
        ("run", scene.line("call")),
    ]
    assert client.evaluate("number", client.top(stop)) == "1"
    assert client.ask("exceptionInfo", threadId=stop.thread)["exceptionId"] == "ValueError"
    client.resume(stop)
    client.event("exited", exitCode=0)
    client.event("terminated")
    client.disconnect()
