"""Whole sessions, word for word. BATCHSCOPE_RENEW_GOLDEN=1 writes the files of tests/golden anew."""

import os
import signal

from support.dap_client import Debugger
from support.debug_scene import Scene, doubled
from support.golden import Transcript

RAISING = """
    import os

    PLACE = os.environ["PLACE"]


    def run(mini_batch):
        number = int(os.path.basename(mini_batch[0])[:4])
        open(f"{PLACE}/in.{number}", "w").close()
        while not os.path.exists(f"{PLACE}/gate"):
            pass
        if number == 5:
            raise ValueError("bad 5")  # @raise
        return [number]  # @last
"""


def transcript(scene: Scene, client: Debugger, *without: str) -> Transcript:
    run = scene.shell.run_folder()
    return Transcript(client, {str(run): "<run>", run.name: "<id>", str(scene.shell.folder): "<place>"}, without)


def look_around(client: Debugger, thread: int) -> None:
    """What an editor asks for after a stop."""
    client.ask("threads")
    frame = client.frames(thread)[0]
    client.locals(frame)


def begin(scene: Scene, **step) -> None:
    scene.start(process_count_per_node=1, **step)
    scene.wait_in(0)


def test_attach_stop_and_detach(scene: Scene):
    begin(scene, files=2)
    client = scene.attach("call")
    told = transcript(scene, client)
    told.phase("attach to a run whose worker is in run()")
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="breakpoint")
    client.frames(stop)
    client.evaluate("number", client.top(stop))
    told.phase("it stops in the frame that was on the stack")
    stop = client.step("stepIn", stop)
    look_around(client, stop.thread)
    told.phase("a step in")
    client.set_breakpoints(scene.path)
    client.resume(stop)
    client.event("terminated")
    told.phase("goes on to the end")
    client.disconnect()
    told.phase("good-bye")
    told.check("attach")
    assert scene.finish().rows == doubled(2)


def test_detach_and_attach_again(scene: Scene):
    begin(scene, files=1)
    client = scene.attach("round")
    client.stopped(reason="breakpoint")
    told = transcript(scene, client, "initialize")
    client.ask("threads")
    told.phase("attached and stopped")
    client.disconnect()
    told.phase("detach while it is stopped")
    told.check("detach")
    client = scene.attach("double")
    told = transcript(scene, client, "initialize")
    client.wait_armed()
    scene.open_gate()
    stop = client.stopped(reason="breakpoint")
    look_around(client, stop.thread)
    told.phase("attached again")
    client.set_breakpoints(scene.path)
    client.resume(stop)
    client.event("terminated")
    client.disconnect()
    told.phase("to the end")
    told.check("re-attach")
    assert scene.finish().rows == doubled(1)


def test_kill(scene: Scene):
    begin(scene, files=1, run_max_try=1)
    client = scene.attach("round")
    told = transcript(scene, client, "initialize")
    stop = client.stopped(reason="breakpoint")
    (worker,) = client.workers()
    told.phase("attached and stopped")
    os.kill(worker["pid"], signal.SIGKILL)
    client.event("thread", reason="exited", threadId=stop.thread)
    client.output(" ended: ")
    client.event("terminated")
    told.phase("the worker is killed, and with it the last try")
    client.disconnect()
    told.check("kill")
    assert scene.finish().result["mini_batches"]["failed"] == 1


def test_a_late_joiner(scene: Scene):
    begin(scene, files=1)
    client = scene.attach("round")
    told = transcript(scene, client, "initialize")
    stop = client.stopped(reason="breakpoint")
    (worker,) = client.workers()
    told.phase("attached and stopped")
    os.kill(worker["pid"], signal.SIGKILL)
    client.event("thread", reason="exited", threadId=stop.thread)
    client.output(" ended: ")
    stop = client.stopped(reason="breakpoint")
    client.event("thread", reason="started", threadId=stop.thread)
    look_around(client, stop.thread)
    told.phase("the worker is killed; another takes its place and stops at the same line")
    client.set_breakpoints(scene.path)
    client.resume(stop)
    scene.open_gate()
    client.event("terminated")
    client.disconnect()
    told.phase("to the end")
    told.check("late-joiner")
    assert scene.finish().rows == doubled(1)


def test_an_exception(scene: Scene):
    scene.script(RAISING)
    begin(scene, files=6, run_max_try=1)
    client = scene.attach()
    told = transcript(scene, client, "initialize")
    client.workers()
    scene.open_gate()
    stop = client.stopped(reason="exception")
    client.ask("exceptionInfo", threadId=stop.thread)
    look_around(client, stop.thread)
    told.phase("an exception leaves run()")
    client.resume(stop)
    client.event("terminated")
    client.disconnect()
    told.phase("to the end")
    told.check("exception")
    assert scene.finish().rows == [str(number) for number in range(5)]


def test_a_stop_bound_to_data(scene: Scene):
    begin(scene, files=7)
    client = scene.attach(breakpoints={scene.path: [scene.at("last", condition="$batch == 5; answer == 10")]})
    told = transcript(scene, client, "initialize")
    (before,) = client.workers()
    assert not before["armed"]
    scene.open_gate()
    stop = client.stopped(reason="breakpoint")
    look_around(client, stop.thread)
    told.phase("only mini-batch 5 stops")
    client.resume(stop)
    client.event("terminated")
    client.disconnect()
    told.phase("to the end")
    told.check("data-bound")
    assert scene.finish().rows == doubled(7)
