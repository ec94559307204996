"""What entry scripts find in a worker process, and what the host hears of them."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from e2e.worker.wire_host import EXCEPTION, REJECTED, WRONG_TYPE, Outcome, WireHost
from support.waiting import wait_for

ECHO = "def run(mini_batch):\n    return mini_batch\n"


def test_rows_come_back_in_order_and_the_board_says_when_work_is_done(tmp_path: Path) -> None:
    with WireHost(tmp_path, ECHO) as host:
        host.become_ready()
        host.send([["/a", "/ä b"], [], ["/c"]], first=5, attempt=2)
        assert host.outcomes(3) == [
            Outcome(5, 2, True, 2, "/a\n/ä b\n".encode(), 0, None),
            Outcome(6, 2, True, 0, b"", 0, None),
            Outcome(7, 2, True, 1, b"/c\n", 0, None),
        ]
        assert host.board() == (0, 0, 0, 3, 0)
        assert host.dismiss() == 0


def test_many_tiny_mini_batches_travel_in_groups(tmp_path: Path) -> None:
    with WireHost(tmp_path, ECHO) as host:
        host.become_ready()
        count = 20_000
        host.send([[f"/{number}"] for number in range(count)])
        messages = 0
        rows = []
        while len(rows) < count:
            messages += 1
            rows += [outcome.rows for outcome in host.receive().outcomes]
        assert rows == [f"/{number}\n".encode() for number in range(count)]
        assert messages < count / 4


def test_a_result_does_not_wait_for_a_long_run_behind_it(tmp_path: Path) -> None:
    script = (
        "def run(mini_batch):\n"
        "    if mini_batch[0] != '/quick':\n"
        "        open(mini_batch[0]).read()\n"
        "    return [1]\n"
    )
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        host.send([["/quick"], [str(gate)]])
        assert host.outcomes(1)[0].mini_batch == 0  # Comes while the other one waits for us to open the gate.
        gate.write_text("go")
        assert host.outcomes(1)[0].mini_batch == 1


@pytest.mark.parametrize(
    ("body", "kind", "type_name", "message"),
    [
        ("raise ValueError('bad pixel')", EXCEPTION, "ValueError", "bad pixel"),
        ("import sys; sys.exit(3)", EXCEPTION, "SystemExit", "3"),
        ("raise KeyboardInterrupt", EXCEPTION, "KeyboardInterrupt", ""),
        ("return [Unprintable()]", EXCEPTION, "score.Trouble", "no text"),
        ("raise Trouble(Unprintable())", EXCEPTION, "score.Trouble", "(its str() failed)"),
        ("return None", WRONG_TYPE, "NoneType", "Does run() end without `return`?"),
        ("return 'one'", WRONG_TYPE, "str", "Return [text] for one row."),
        ("return (x for x in mini_batch)", WRONG_TYPE, "generator", "Return list(...) of it."),
        ("return coroutine()", WRONG_TYPE, "coroutine", "`async def`"),
        ("return 7", WRONG_TYPE, "int", "expected a list, a tuple, a pandas.DataFrame or a numpy array"),
    ],
)
def test_a_failed_attempt_says_why_and_the_next_one_runs(
    tmp_path: Path, body: str, kind: int, type_name: str, message: str
) -> None:
    script = (
        "class Trouble(Exception):\n    pass\n"
        "class Unprintable:\n    def __str__(self):\n        raise Trouble('no text')\n"
        "async def coroutine():\n    return []\n"
        f"def run(mini_batch):\n    if mini_batch == ['/good']:\n        return mini_batch\n    {body}\n"
    )
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        failed = host.run_one("/bad")
        assert failed.failure
        assert (failed.ok, failed.rows, failed.failure.kind, failed.failure.type) == (False, b"", kind, type_name)
        assert message in failed.failure.message
        assert host.run_one("/good").rows == b"/good\n"


def test_a_traceback_has_user_frames_only_and_the_chain(tmp_path: Path) -> None:
    script = (
        "def inner():\n    import helper\n"
        "def run(mini_batch):\n"
        "    try:\n"
        "        inner()\n"
        "    except KeyError as error:\n"
        "        raise RuntimeError('outer') from error\n"
    )
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        (host.entry / "helper.py").write_text("{}['missing']\n")
        failure = host.run_one("/x").failure
    assert failure
    places = re.findall(r'File "(.*)", line (\d+), in (.*)', failure.traceback)
    assert places == [
        (str(host.script), "5", "run"),
        (str(host.script), "2", "inner"),
        (str(host.entry / "helper.py"), "1", "<module>"),
        (str(host.script), "7", "run"),
    ]
    assert failure.traceback.endswith("RuntimeError: outer\n")
    assert "direct cause" in failure.traceback


def test_the_script_finds_its_world(tmp_path: Path) -> None:
    script = """
import json, os, signal, sys
def init():
    open("in_init", "w").close()
def run(mini_batch):
    return [json.dumps({
        "argv": sys.argv, "cwd": os.getcwd(), "file": __file__, "name": __name__, "path": sys.path,
        "module": sys.modules["score"].run is run, "executable": sys.executable, "main": dir(sys.modules["__main__"]),
        "files": os.listdir(), "sigint": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "environment": {k: v for k, v in os.environ.items() if k.startswith(("AZUREML_", "BATCHSCOPE_"))}})]
"""
    arguments = ["--empty", "", "--json", '{"a": [1, 2]}', "--many", "1", "2"]
    with WireHost(tmp_path, script, "inner/score.py", arguments=arguments, model_dir="/models") as host:
        host.become_ready()
        world = json.loads(host.run_one("/x").rows)
        assert host.dismiss() == 0
    work = str(host.run / "work" / "3")
    log = host.run / "logs" / "user" / "10.0.0.7"
    assert world["argv"] == [str(host.script), "--output", str(host.output), *arguments]
    assert (world["cwd"], world["files"], world["file"]) == (work, ["in_init"], str(host.script))
    assert (world["name"], world["module"], world["sigint"]) == ("score", True, True)
    assert (world["executable"], "__file__" in world["main"]) == (sys.executable, False)
    assert world["path"][:2] == [str(host.entry), str(host.script.parent)]
    assert world["path"][-1] == str(host.names)
    assert world["environment"] == {
        "AZUREML_BI_OUTPUT_PATH": str(host.output),
        "AZUREML_RUN_ID": "run_7",
        "AZUREML_ROOT_RUN_ID": "run_7",
        "AZUREML_NODE_COUNT": "1",
        "AZUREML_MODEL_DIR": "/models",
        "BATCHSCOPE_RUN_ID": "run_7",
        "BATCHSCOPE_RUN_FOLDER": str(host.run),
        "BATCHSCOPE_LOG_DIR": str(log),
        "BATCHSCOPE_LOG_FILE": str(log / "process003.log.txt"),
        "BATCHSCOPE_WORKING_DIR": work,
        "BATCHSCOPE_OUTPUT_DIR": str(host.output),
        "BATCHSCOPE_AGENT_NAME": "process003",
        "BATCHSCOPE_LOGGING_LEVEL": "INFO",
        "BATCHSCOPE_NAMES": str(host.names),
    }


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        ("batch", b"none\n"),
        ("batch, context", b"0 4 images {} None\n"),
        ("batch, *, context='none'", b"none\n"),
        ("batch, mini_batch_context=None", b"0 4 images {} None\n"),
        ("batch, threshold=0.5", b"none\n"),
    ],
)
def test_a_second_positional_parameter_gets_the_context(tmp_path: Path, parameters: str, rows: bytes) -> None:
    script = (
        f"def run({parameters}):\n"
        "    found = [value for value in locals().values() if hasattr(value, 'retry_count')]\n"
        "    return [f'{c.minibatch_index} {c.retry_count} {c.dataset} {c.partition_key_value} '\n"
        "            f'{c.global_row_index_lower_bound}' for c in found] or ['none']\n"
    )
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        assert host.run_one("/x", attempt=4).rows == rows


def test_a_script_may_bear_the_name_of_a_standard_module(tmp_path: Path) -> None:
    with WireHost(tmp_path, ECHO, "string.py") as host:
        host.become_ready()
        assert host.run_one("/x").rows == b"/x\n"


@pytest.mark.parametrize(
    ("script", "kind", "type_name", "words"),
    [
        ("def init():\n    raise OSError('no model')\n" + ECHO, EXCEPTION, "OSError", ["no model"]),
        ("async def init():\n    pass\n" + ECHO, WRONG_TYPE, "coroutine", ["asyncio.run"]),
        ("import not_there\n" + ECHO, REJECTED, "ModuleNotFoundError", ["No module named 'not_there'"]),
        ("def init():\n    pass\n", REJECTED, "", ["has no run()"]),
        ("run = 5\n", REJECTED, "", ["an object of type int"]),
        ("def run(mini_batch)\n    return []\n", REJECTED, "SyntaxError", ["expected ':'"]),
        ("raise SystemExit('usage')\n", REJECTED, "SystemExit", ["usage"]),
    ],
)
def test_a_worker_that_cannot_start_says_why_and_ends(
    tmp_path: Path, script: str, kind: int, type_name: str, words: list[str]
) -> None:
    with WireHost(tmp_path, script) as host:
        failure = host.init_failure()
    assert (failure.kind, failure.type) == (kind, type_name)
    assert all(word in failure.message for word in words)
    said = failure.traceback or failure.message + "\n"
    assert (host.log("stderr"), host.log("log")) == (said, said)
    if type_name == "SyntaxError":
        assert f'File "{host.script}", line 1\n    def run(mini_batch)\n' in failure.traceback
        assert "^" in failure.traceback


def test_settings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    host = WireHost(tmp_path, ECHO)
    (host.entry / "parallel_run_step.settings.json").write_text("{")
    with host:
        assert "parallel_run_step.settings.json cannot be read" in host.init_failure().message


TABLE = (
    "import numpy, pandas\n"
    "frame = pandas.DataFrame({'name': ['a b', 'c'], 'value': [1.5, None]}, index=[7, 8])\n"
    "def run(mini_batch):\n    return {value}\n"
)


@pytest.mark.parametrize(
    ("value", "results", "rows"),
    [
        ("frame", 2, b'"a b" 1.5\nc \n'),
        ("frame.iloc[:0]", 0, b""),
        ("numpy.array([1, 2])", 2, b"1\n2\n"),
        ("numpy.array([[1, 2], [3, 4]])", 2, b"[1 2]\n[3 4]\n"),
        ("numpy.array([])", 0, b""),
        ("(1, 'two\\nlines', '\\udcff', '\\ud800')", 4, b"1\ntwo\nlines\n\xff\n\\ud800\n"),
    ],
)
def test_what_run_returns_becomes_rows(tmp_path: Path, value: str, results: int, rows: bytes) -> None:
    with WireHost(tmp_path, TABLE.replace("{value}", value)) as host:
        host.become_ready()
        outcome = host.run_one("/x", "/y", "/z", "/w")
        assert (outcome.failure, outcome.results, outcome.rows, outcome.header_size) == (None, results, rows, 0)


@pytest.mark.parametrize(
    ("settings", "rows", "header_size"),
    [
        ({}, b'name value\n"a b" 1.5\nc \n', 11),
        ({"sep": ",", "index": True, "na_rep": "-"}, b",name,value\n7,a b,1.5\n8,c,-\n", 12),
        ({"header": False}, b'"a b" 1.5\nc \n', 0),
    ],
)
def test_the_header_and_the_settings_of_a_table(
    tmp_path: Path, settings: dict[str, object], rows: bytes, header_size: int
) -> None:
    host = WireHost(tmp_path, TABLE.replace("{value}", "frame"), append_header=True)
    text = json.dumps({"append_row": {"pandas.DataFrame.to_csv": settings}})
    (host.entry / "parallel_run_step.settings.json").write_text(text)
    with host:
        host.become_ready()
        outcome = host.run_one("/x", "/y")
        assert (outcome.results, outcome.rows, outcome.header_size) == (2, rows, header_size)


def test_summary_only_counts_and_stores_nothing(tmp_path: Path) -> None:
    with WireHost(tmp_path, ECHO, output_action="summary_only") as host:
        host.become_ready()
        assert host.run_one("/x", "/y") == Outcome(0, 0, True, 2, b"", 0, None)


def test_more_results_than_items_are_kept_with_one_warning(tmp_path: Path) -> None:
    with WireHost(tmp_path, "def run(mini_batch):\n    return [1, 2, 3]\n") as host:
        host.become_ready()
        assert [host.run_one("/x", "/y").results for _ in range(3)] == [3, 3, 3]
        assert host.log("log").count("WARNING run() returned 3 results for the 2 items of mini-batch 0") == 1


def test_prints_land_in_the_stream_and_in_the_log(tmp_path: Path) -> None:
    script = """
import os, subprocess, sys
def run(mini_batch):
    print("to out é \\ud800")
    print("to err", file=sys.stderr)
    sys.stdout.buffer.write(b"bytes\\n")
    os.write(1, b"native\\n")
    subprocess.run(["echo", "child"], check=True)
    print("no newline", end="")
    return [sys.stdout.encoding, sys.stdout.fileno(), sys.stdout.isatty()]
"""
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        assert host.run_one("/x", "/y", "/z").rows == b"utf-8\n1\nFalse\n"
        assert host.dismiss() == 0
    assert host.log("stdout") == "to out é \\ud800\nbytes\nnative\nchild\nno newline"
    assert host.log("stderr") == "to err\n"
    assert host.log("log") == "to out é \\ud800\nto err\nbytes\nno newline"


WAIT = {
    "in a wait": "import time\n    time.sleep(3600)",
    "in a native call that holds the GIL": "import ctypes\n    ctypes.PyDLL(None).sleep(3600)",
}


@pytest.mark.parametrize("how", WAIT)
def test_stacks_are_written_when_run_hangs(tmp_path: Path, how: str) -> None:
    script = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='other').start()\n"
        f"def run(mini_batch):\n    open(mini_batch[0], 'w').close()\n    {WAIT[how]}\n"
    )
    entered = tmp_path / "entered"
    os.mkfifo(entered)
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        host.send([[str(entered)]], first=6)
        entered.read_text()  # Returns when run() has opened and closed the other end.
        running, begun_ns, run_started_ns, finished, dumps = host.board()
        assert (running, finished, dumps) == (1 + (6 << 32), 0, 0)
        assert 0 < begun_ns <= run_started_ns
        os.kill(host.pid, signal.SIGRTMAX - 2)
        wait_for("count of the stack dump", lambda: host.board()[4] == 1)
    stacks = (host.run / "control" / "stacks" / "3.txt").read_text()
    assert re.search(rf'File "{host.script}", line [456] in run', stacks)
    assert stacks.count("hread 0x") == 2


def test_a_child_that_run_forks_never_talks_with_the_host(tmp_path: Path) -> None:
    script = """
import os, sys
def run(mini_batch):
    how = mini_batch[0]
    pid = os.fork()
    if pid == 0:
        if how == "/raises":
            raise ValueError("in the child")
        if how == "/exits":
            sys.exit(5)
        return ["child"]
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]
"""
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        host.send([["/returns"], ["/raises"], ["/exits"]])
        assert [outcome.rows for outcome in host.outcomes(3)] == [b"0\n", b"1\n", b"5\n"]
        assert host.board() == (0, 0, 0, 3, 0)
        assert "ValueError: in the child" in host.log("stderr")
        assert host.dismiss() == 0


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_works_in_run(tmp_path: Path, method: str) -> None:
    script = f"""
import multiprocessing
def double(value):
    return 2 * value
def run(mini_batch):
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        return pool.map(double, [1, 2, 3])
"""
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        assert host.run_one("/x", "/y", "/z").rows == b"2\n4\n6\n"
        assert host.dismiss() == 0


def test_dismissal_runs_shutdown_and_exit_handlers_and_leaves_threads_behind(tmp_path: Path) -> None:
    script = """
import atexit, logging, logging.handlers, threading
atexit.register(print, "at exit")
target = logging.FileHandler("flushed.txt")
logging.getLogger().addHandler(logging.handlers.MemoryHandler(100, target=target))
def run(mini_batch):
    threading.Thread(target=threading.Event().wait).start()
    logging.error("kept in memory")
    return mini_batch
def shutdown():
    print("in shutdown")
"""
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        host.run_one("/x")
        assert host.dismiss() == 0
    assert host.log("stdout") == "in shutdown\nat exit\n"
    assert (host.run / "work" / "3" / "flushed.txt").read_text() == "kept in memory\n"


def test_a_shutdown_that_raises_is_told_in_the_log(tmp_path: Path) -> None:
    with WireHost(tmp_path, ECHO + "def shutdown():\n    raise OSError('gone')\n") as host:
        host.become_ready()
        assert host.dismiss() == 0
    assert "shutdown() failed:\nTraceback" in host.log("stderr")
    assert host.log("log").endswith("OSError: gone\n")


def test_a_signal_handler_of_the_script_runs_while_the_worker_waits(tmp_path: Path) -> None:
    script = (
        "import signal\ndef init():\n    signal.signal(signal.SIGUSR1, lambda *_: print('signal', flush=True))\n" + ECHO
    )
    with WireHost(tmp_path, script) as host:
        host.become_ready()
        os.kill(host.pid, signal.SIGUSR1)
        wait_for("print of the handler", lambda: host.log("stdout") == "signal\n")
        assert host.run_one("/x").ok
