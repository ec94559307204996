"""Whatever a worker is busy with, it stops."""

import os

import pytest
from support.debug_scene import Scene

BUSY = """
    import asyncio
    import os
    import subprocess
    import time

    import numpy as np

    PLACE = os.environ["PLACE"]
    MATRIX = np.ones((200, 200))


    def is_open():
        return os.path.exists(f"{PLACE}/gate")


    def in_python():
        for _ in range(1000):
            pass


    def in_sleep():
        time.sleep(0.01)


    def in_numpy():
        MATRIX @ MATRIX


    def in_subprocess():
        subprocess.run(["true"], check=True)


    def in_asyncio():
        asyncio.run(asyncio.sleep(0.01))


    def run(mini_batch):
        work = globals()[os.environ["WORK"]]
        open(f"{PLACE}/in.0", "w").close()
        rounds = 0
        while not is_open():
            work()
            rounds += 1  # @round
        return [rounds > 0]
"""


@pytest.mark.parametrize("work", ["in_python", "in_sleep", "in_numpy", "in_subprocess", "in_asyncio"])
def test_a_busy_worker_stops_at_a_line_and_when_paused(scene: Scene, work: str):
    scene.script(BUSY)
    scene.start(files=1, process_count_per_node=1, environment_variables={"WORK": work})
    scene.wait_in(0)
    client = scene.attach("round")
    stop = client.stopped(reason="breakpoint")
    assert client.place(stop) == ("run", scene.line("round"))
    client.set_breakpoints(scene.path)
    client.resume(stop)
    client.ask("pause", threadId=stop.thread)
    stop = client.stopped(reason="pause")
    assert "run" in [frame["name"] for frame in client.frames(stop)]
    client.disconnect()
    assert scene.finish().rows == ["True"]


NATIVE = """
    import ctypes
    import os

    PLACE = os.environ["PLACE"]


    def run(mini_batch):
        # PyDLL keeps the GIL while the pipe has nothing to read.
        pipe = os.open(f"{PLACE}/pipe", os.O_RDWR)
        open(f"{PLACE}/in.0", "w").close()
        ctypes.PyDLL(None).read(pipe, ctypes.create_string_buffer(1), 1)
        os.close(pipe)
        rounds = 0
        while not os.path.exists(f"{PLACE}/gate"):
            rounds += 1  # @after
        return [1]
"""


def test_native_code_that_holds_the_gil_is_told_of_and_waited_for(scene: Scene):
    scene.script(NATIVE)
    os.mkfifo(scene.place / "pipe")
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("after")
    client.output("is inside native code that holds the GIL; it will stop when that call returns")
    assert client.untaken("stopped") == []
    (scene.place / "pipe").write_bytes(b"x")
    stop = client.stopped(reason="breakpoint")
    assert client.place(stop) == ("run", scene.line("after"))
    client.disconnect()
    assert scene.finish().rows == ["1"]
