"""How a kernel ends: when told to, with its parent, in bounded time, tidily."""

import json
import signal
import subprocess
import sys

# Starts a kernel as a Jupyter server does, says its process id, and waits.
SERVER = """
import sys
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="batchscope-test")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
print(manager.provisioner.pid, flush=True)
sys.stdin.read()
"""


def test_a_shutdown_request_is_answered_and_runs_what_atexit_knows(own_notebook, tmp_path, wait_for_end):
    left = str(tmp_path / "left")
    own_notebook.run(f"import atexit, pathlib\natexit.register(pathlib.Path({left!r}).write_text, 'left')")
    pid = own_notebook.pid
    assert own_notebook.control("shutdown_request", {"restart": False}) == {"status": "ok", "restart": False}
    assert own_notebook.wait_for(None, lambda kind, _: kind == "shutdown_reply")
    assert wait_for_end(pid)
    assert (tmp_path / "left").read_text() == "left"


def test_a_kernel_ends_while_a_cell_runs_that_will_not_be_interrupted(own_notebook, wait_for_end):
    own_notebook.start(
        "import time\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    try: time.sleep(600)\n"
        "    except KeyboardInterrupt: print('never', flush=True)"
    )
    pid = own_notebook.pid
    assert own_notebook.control("shutdown_request", {"restart": False})["status"] == "ok"
    assert wait_for_end(pid)


def test_a_kernel_ends_while_native_code_keeps_the_gil(own_notebook, wait_for_end):
    own_notebook.start("import ctypes\nprint('ready', flush=True)\nctypes.PyDLL(None).sleep(600)")
    pid = own_notebook.pid
    assert own_notebook.control("shutdown_request", {"restart": False})["status"] == "ok"
    assert wait_for_end(pid)


def test_a_kernel_ends_while_it_asks_for_input(own_notebook, wait_for_end):
    own_notebook.client.execute("input()", allow_stdin=True)
    own_notebook.client.get_stdin_msg(timeout=60)
    pid = own_notebook.pid
    assert own_notebook.control("shutdown_request", {"restart": False})["status"] == "ok"
    assert wait_for_end(pid)


def test_exit_in_a_cell_ends_the_kernel(own_notebook, wait_for_end):
    pid = own_notebook.pid
    outcome = own_notebook.run("exit")
    assert outcome.reply["payload"] == [{"source": "ask_exit", "keepkernel": False}]
    assert wait_for_end(pid)


def test_a_kernel_ends_with_the_server_that_started_it(kernelspec, wait_for_end):
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    server.send_signal(signal.SIGKILL)
    server.communicate()
    assert wait_for_end(pid)


def test_a_restarted_kernel_is_a_new_one(own_notebook):
    own_notebook.run("x = 1")
    before = own_notebook.pid
    own_notebook.manager.restart_kernel(now=True)
    own_notebook.client.wait_for_ready(timeout=60)
    assert own_notebook.pid != before
    assert own_notebook.run("x").reply["ename"] == "NameError"


def test_install_writes_a_kernelspec_for_this_interpreter(kernelspec, tmp_path):
    command = [sys.executable, "-m", "batchscope.kernel", "install", "--prefix", str(tmp_path), "--name", "mine"]
    done = subprocess.run([*command, "--display-name", "Mine"], capture_output=True, text=True, check=True)
    folder = tmp_path / "share" / "jupyter" / "kernels" / "mine"
    assert done.stdout == f"Installed kernelspec mine in {folder}\n"
    assert json.loads((folder / "kernel.json").read_text()) == {
        "argv": [sys.executable, "-m", "batchscope.kernel", "-f", "{connection_file}"],
        "display_name": "Mine",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": True},
    }


def test_a_kernel_that_cannot_start_says_why(tmp_path):
    missing = subprocess.run(
        [sys.executable, "-m", "batchscope.kernel", "-f", str(tmp_path / "none.json")], capture_output=True, text=True
    )
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert "does not exist" in missing.stderr
    other_python = (
        "import runpy, sys\n"
        "sys.modules['batchscope._kernel'] = None\n"
        "sys.argv = ['kernel', '-f', 'x.json']\n"
        "runpy.run_module('batchscope.kernel', run_name='__main__')"
    )
    absent = subprocess.run([sys.executable, "-c", other_python], capture_output=True, text=True)
    assert (absent.returncode, absent.stderr.count("\n")) == (1, 1)
    assert "there is no Batchscope kernel for this Python" in absent.stderr
