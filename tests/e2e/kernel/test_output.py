"""What a cell shows, from wherever it was written."""

import pytest


def test_native_output_is_shown_in_its_place(notebook):
    outcome = notebook.run(
        "import ctypes, os, subprocess, sys\n"
        "print('python')\n"
        "os.system('echo shell')\n"
        "os.write(1, b'descriptor\\n')\n"
        "ctypes.CDLL(None).puts(b'printf')\n"
        "subprocess.run(['echo', 'child'], stdout=sys.stdout)\n"
        "print('python again')\n"
        "os.write(2, b'error\\n');"
    )
    assert outcome.text() == "python\nshell\ndescriptor\nprintf\nchild\npython again\n"
    assert outcome.text("stderr") == "error\n"


def test_a_native_call_that_keeps_the_gil_can_write_more_than_a_pipe_holds(notebook):
    outcome = notebook.run(
        "import ctypes\n"
        "write = ctypes.PyDLL(None).write\n"  # PyDLL keeps the GIL
        "data = b'x' * 999 + b'\\n'\n"
        "for _ in range(4000): write(1, data, len(data))"
    )
    assert outcome.text() == ("x" * 999 + "\n") * 4000


def test_a_forked_child_prints_into_the_cell(notebook):
    outcome = notebook.run(
        "import os\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    print('from the child')\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print('from the parent')"
    )
    assert outcome.text() == "from the child\nfrom the parent\n"


def test_a_forked_child_that_reaches_the_end_of_the_cell_does_not_answer_for_its_parent(notebook):
    outcome = notebook.run("import os\nchild = os.fork()\nif child: print(os.waitpid(child, 0)[1])")
    assert outcome.text() == "0\n"
    assert notebook.run("1 + 1").result == "2"


def test_process_pools_work(notebook):
    outcome = notebook.run(
        "import concurrent.futures\n"
        "with concurrent.futures.ProcessPoolExecutor(2) as pool:\n"
        "    print(list(pool.map(abs, [-1, -2])))"
    )
    assert outcome.text() == "[1, 2]\n"


def test_a_thread_prints_into_the_last_cell_and_not_into_a_completion(notebook):
    request = notebook.client.execute(
        "import threading\n"
        "go = threading.Event()\n"
        "thread = threading.Thread(target=lambda: (go.wait(), print('late')))\n"
        "thread.start()"
    )
    assert notebook.finish(request).status == "ok"
    notebook.reply(notebook.client.complete("imp"))
    second = notebook.client.execute("go.set(); thread.join()")
    assert notebook.finish(second).text() == "late\n"


def test_text_that_is_no_unicode_is_shown_all_the_same(notebook):
    outcome = notebook.run(
        "import os, sys\nprint('a\\ud800b')\nsys.stdout.buffer.write(b'c\\xffd\\n')\nos.write(1, b'e\\xfff\\n');"
    )
    assert outcome.text() == "a?b\nc\ufffdd\ne\ufffdf\n"


def test_streams_behave_as_files(notebook):
    outcome = notebook.run(
        "import sys\n"
        "try: sys.stdout.write(1)\n"
        "except TypeError as error: print(error)\n"
        "out = sys.stdout\n"
        "print(out.fileno(), out.isatty(), out.encoding, out.name, out.write('xy\\n'))"
    )
    assert outcome.text() == "write() argument must be str, not int\nxy\n1 False utf-8 <stdout> 3\n"


def test_displays_are_updated_in_place(notebook):
    outcome = notebook.run(
        "handle = display({'text/plain': 'a'}, raw=True, display_id=True)\nhandle.update({'text/plain': 'b'}, raw=True)"
    )
    (kind_first, first), (kind_second, second) = outcome.outputs
    assert (kind_first, kind_second) == ("display_data", "update_display_data")
    assert (first["data"], second["data"]) == ({"text/plain": "a"}, {"text/plain": "b"})
    assert first["transient"] == second["transient"] != {}


def test_what_json_does_not_know_is_displayed_all_the_same(notebook):
    outcome = notebook.run(
        "values = {'nan': float('nan'), 1: b'bytes', 'set': {3}}\n"
        "display({'application/json': values}, raw=True, metadata={'inf': float('inf')})"
    )
    (content,) = outcome.of("display_data")
    assert content["data"] == {"application/json": {"nan": "nan", "1": "Ynl0ZXM=", "set": [3]}}
    assert content["metadata"] == {"inf": "inf"}


def test_a_print_never_overtakes_a_display(notebook):
    outcome = notebook.run("for i in range(50):\n    print(i)\n    display({'text/plain': str(i)}, raw=True)")
    order = []
    for _, content in outcome.outputs:  # a print may come in several messages
        order += content["text"].split() if "text" in content else [content["data"]["text/plain"]]
    assert order == [str(i) for i in range(50) for _ in range(2)]


def test_an_error_has_its_own_name(notebook):
    outcome = notebook.run("class E(Exception): pass\nraise E('boo')")
    assert (outcome.status, outcome.reply["ename"], outcome.reply["evalue"]) == ("error", "E", "boo")
    (error,) = outcome.of("error")
    assert (error["ename"], error["evalue"], error["traceback"]) == ("E", "boo", outcome.reply["traceback"])


def test_an_error_aborts_the_cells_that_wait_behind_it_and_nothing_else(notebook):
    failing = notebook.client.execute("for _ in range(3): input()\nraise ValueError", allow_stdin=True)
    behind = notebook.client.execute("1")  # three questions and answers later it is surely in the kernel's queue
    completion = notebook.client.complete("imp")
    assert notebook.finish(failing, answers=["", "", ""]).status == "error"
    aborted = notebook.finish(behind)
    assert aborted.status == "aborted"
    assert [content["execution_state"] for _, content in aborted.published] == ["busy", "idle"]
    assert "import" in notebook.reply(completion)["matches"]
    assert notebook.run("1 + 1").result == "2"


def test_a_cell_that_is_sent_at_once_after_an_error_is_not_aborted(notebook):
    for _ in range(20):
        assert notebook.reply(notebook.client.execute("1 / 0"))["status"] == "error"
        assert notebook.reply(notebook.client.execute("1"))["status"] == "ok"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def (:", "SyntaxError"),
        ("%nosuch", "UsageError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("await 1", "TypeError"),
    ],
)
def test_other_errors_fail_the_cell_too(notebook, code, name):
    outcome = notebook.run(code)
    assert (outcome.status, outcome.reply["ename"]) == ("error", name)


def test_cells_are_counted_as_the_protocol_says(own_notebook):
    counts = [
        own_notebook.run("1").reply["execution_count"],
        own_notebook.run("2", store_history=False).reply["execution_count"],
        own_notebook.run("3", silent=True).status,
        own_notebook.run("4").of("execute_result")[0]["execution_count"],
        own_notebook.run("5").of("execute_input")[0]["execution_count"],
    ]
    assert counts == [1, 2, "ok", 2, 3]


def test_user_expressions_are_evaluated_after_the_cell(notebook):
    outcome = notebook.run("x = 20", user_expressions={"double": "x * 2", "bad": "1 / 0"})
    expressions = outcome.reply["user_expressions"]
    assert expressions["double"]["data"] == {"text/plain": "40"}
    assert expressions["bad"]["ename"] == "ZeroDivisionError"


def test_plots_and_progress_bars_are_shown(notebook):
    plot = notebook.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert "image/png" in plot.of("display_data")[0]["data"]
    bar = notebook.run("from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass")
    assert bar.status == "ok"
    shown = [content["data"]["state"].get("_model_name") for content in bar.of("comm_open")]
    assert "FloatProgressModel" in shown, bar.text("stderr")


def test_input_and_getpass_ask_the_front_end(notebook):
    outcome = notebook.run("import getpass\nprint(input('name? '), getpass.getpass())", answers=["Ada", "secret"])
    assert outcome.text() == "Ada secret\n"
    refused = notebook.run("input('name? ')")
    assert refused.reply["ename"] == "StdinNotImplementedError"


def test_debuggers_of_the_command_line_ask_the_front_end(notebook):
    stopped = notebook.run("def f():\n    y = 3\n    breakpoint()\n    return y\nf()", answers=["p y + 1", "c"])
    assert "4\n" in stopped.text()
    assert stopped.result == "3"
    notebook.run("def g():\n    q = 17\n    1 / 0\ng()")
    assert "17" in notebook.run("%debug", answers=["p q", "q"]).text()
