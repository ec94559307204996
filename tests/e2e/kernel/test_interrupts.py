"""An interrupt ends the cell, whatever it waits in, and nothing else."""

import os
import signal

import pytest

WAITS = {
    "sleep": "import time; time.sleep(600)",
    "busy loop": "while True: pass",
    "sub-process": "import subprocess; subprocess.run(['sleep', '600'])",
    "shell magic": "!echo ready; sleep 600",  # not sooner: IPython's own code fails while it starts the shell
    "lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "await": "import asyncio; await asyncio.sleep(600)",
    "task that never awaits": (
        "import asyncio\n"
        "async def spin():\n"
        "    while True: pass\n"
        "spinning = asyncio.create_task(spin())\n"
        "await asyncio.sleep(600)"
    ),
    "input": "input()",
    "bash magic": "%%bash\necho ready\nsleep 600",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_an_interrupt_ends_the_cell(notebook, wait):
    request = notebook.start(wait if "echo ready" in wait else "print('ready', flush=True)\n" + wait)
    notebook.manager.interrupt_kernel()
    outcome = notebook.finish(request)
    if outcome.status == "ok":  # IPython turns the interrupt of a shell command into its exit code
        assert "sleep 600" in wait
    else:
        assert outcome.reply["ename"] in ("KeyboardInterrupt", "CalledProcessError")
    assert notebook.run("1 + 1").result == "2"


def test_an_interrupt_request_does_what_the_signal_does(notebook):
    request = notebook.start("print('ready', flush=True)\nwhile True: pass")
    assert notebook.control("interrupt_request", {}) == {"status": "ok"}
    assert notebook.finish(request).reply["ename"] == "KeyboardInterrupt"


def test_an_interrupt_that_a_thread_of_the_users_gets_reaches_the_cell(notebook):
    outcome = notebook.run(
        "import signal, threading, time\n"
        "def send():\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "threading.Thread(target=send).start()\n"
        "time.sleep(600)"
    )
    assert outcome.reply["ename"] == "KeyboardInterrupt"


LOST = {
    "finalizer": (
        "class Slow:\n"
        "    def __del__(self):\n"
        "        print('ready', flush=True)\n"
        "        while True: pass\n"
        "Slow()\n"
        "while True: pass"
    ),
    "hook of fork": (
        "import os\n"
        "import time\n"
        "def hook():\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
        "os.register_at_fork(before=hook)\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "while True: pass"
    ),
}


@pytest.mark.parametrize("code", LOST.values(), ids=LOST.keys())
def test_an_interrupt_is_not_lost_where_python_drops_exceptions(own_notebook, code):
    request = own_notebook.start(code)
    own_notebook.manager.interrupt_kernel()
    assert own_notebook.finish(request).reply["ename"] == "KeyboardInterrupt"


def test_an_interrupt_can_be_handled_by_the_cell(notebook):
    request = notebook.start(
        "import time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
        "except KeyboardInterrupt:\n"
        "    print('tidied up')"
    )
    os.kill(notebook.pid, signal.SIGINT)
    outcome = notebook.finish(request)
    assert (outcome.status, outcome.text().lstrip()) == ("ok", "tidied up\n")  # the end of "ready" may come late


def test_a_handler_that_a_cell_sets_is_its_own(notebook):
    outcome = notebook.run(
        "import os, signal\nsignal.signal(signal.SIGINT, lambda *_: print('mine'))\nos.kill(os.getpid(), signal.SIGINT)"
    )
    assert (outcome.status, outcome.text()) == ("ok", "mine\n")
    request = notebook.start("print('ready', flush=True)\nwhile True: pass")
    os.kill(notebook.pid, signal.SIGINT)
    assert notebook.finish(request).reply["ename"] == "KeyboardInterrupt"


def test_an_interrupted_await_ends_the_cell_and_not_the_tasks_of_others(notebook):
    notebook.run("import asyncio\ndone = asyncio.Event()\nwaiting = asyncio.create_task(done.wait())")
    request = notebook.start("print('ready', flush=True)\nawait asyncio.sleep(600)")
    notebook.manager.interrupt_kernel()
    assert notebook.finish(request).reply["ename"] == "KeyboardInterrupt"
    assert notebook.run("done.set()\nawait waiting").result == "True"
