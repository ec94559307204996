"""The eight defects that a kernel made of xeus' and xeus-python's own parts has (kernel/README.md), each looked for."""

import os
import signal

LOAD_SINK = """
import ctypes, json, sys, threading
class Sink(ctypes.Structure):
    _fields_ = [("self", ctypes.c_void_p),
                ("show", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)),
                ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p))]
get = ctypes.pythonapi.PyCapsule_GetPointer
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
import batchscope._kernel
capsule = batchscope._kernel.progress_sink()
sink = Sink.from_address(get(capsule, b"batchscope.progress_sink.v1"))
def show(**fields):
    text = json.dumps({"run": "r-1", "name": "digits", "status": "running", "total": 100} | fields).encode()
    sink.show(sink.self, text, len(text))     # ctypes gives up the GIL, as the engine's thread does not have it
"""


def test_sigint_while_idle_does_not_end_the_kernel(notebook):
    for _ in range(5):
        os.kill(notebook.pid, signal.SIGINT)
        assert notebook.run("1 + 1").result == "2"


def test_threads_that_print_and_display_lose_and_break_nothing(notebook):
    outcome = notebook.run(
        LOAD_SINK
        + """
from IPython.display import display, HTML
def prints(thread):
    for i in range(500): sys.stdout.write(f"line {thread} {i}\\n")
def displays(thread):
    for i in range(100): display(HTML(f"<i>{thread} {i}</i>"))
def progresses(thread):
    for i in range(1, 101): show(done=i, failed=thread)
jobs = [threading.Thread(target=f, args=(n,)) for n in range(4) for f in (prints, displays, progresses)]
for job in jobs: job.start()
for job in jobs: job.join()
"""
    )
    assert outcome.status == "ok"
    lines = outcome.text().splitlines()
    assert sorted(lines) == sorted(f"line {thread} {i}" for thread in range(4) for i in range(500))
    html = [content["data"]["text/html"] for content in outcome.of("display_data")]
    assert sorted(one for one in html if one.startswith("<i>")) == sorted(
        f"<i>{thread} {i}</i>" for thread in range(4) for i in range(100)
    )
    assert len(html) == 400 + 1  # the live view is made once, and updated
    assert len({content["transient"]["display_id"] for content in outcome.of("update_display_data")}) == 1


def test_twenty_thousand_prints_arrive_whole_in_few_messages_and_before_idle(notebook):
    outcome = notebook.run("for i in range(20_000): print('line', i)")
    assert outcome.text() == "".join(f"line {i}\n" for i in range(20_000))
    assert len(outcome.of("stream")) < 5_000


def test_two_thousand_displays_are_not_dropped(notebook):
    outcome = notebook.run("for i in range(2_000): display({'text/plain': str(i)}, raw=True)")
    assert [content["data"]["text/plain"] for content in outcome.of("display_data")] == [str(i) for i in range(2_000)]


def test_a_comm_opened_on_a_target_that_nobody_registered_does_not_end_the_kernel(notebook):
    outcome = notebook.run("from comm import create_comm; create_comm(target_name='nobody', data={'a': 1}).target_name")
    assert outcome.result == "'nobody'"
    assert [(content["target_name"], content["data"]) for content in outcome.of("comm_open")] == [("nobody", {"a": 1})]


def test_a_comm_opened_by_the_front_end_on_an_unknown_target_is_closed(notebook):
    request = notebook.send("comm_open", {"comm_id": "c-1", "target_name": "unknown", "data": {}})
    published = notebook.wait_for(request, lambda kind, content: content.get("execution_state") == "idle")
    assert [content["comm_id"] for kind, content in published if kind == "comm_close"] == ["c-1"]
    assert notebook.run("1 + 1").result == "2"


def test_a_debugger_that_cannot_listen_is_an_answer_and_not_the_end(own_notebook):
    own_notebook.run("import sys; sys.modules['debugpy'] = None")
    response = own_notebook.debug("initialize", clientID="test", adapterID="")
    assert response["success"] is False
    assert "debugpy could not be started" in response["message"]
    assert "ModuleNotFoundError" in response["message"]
    assert own_notebook.run("1 + 1").result == "2"
    assert own_notebook.debug("debugInfo")["body"]["isStarted"] is False


def test_widgets_are_shown_and_hear_the_front_end(notebook):
    shown = notebook.run(
        "import ipywidgets\n"
        "slider = ipywidgets.IntSlider(value=3)\n"
        "slider.observe(lambda change: print('moved to', change['new']), 'value')\n"
        "display(slider)\n"
        "slider.comm.comm_id"
    )
    comm_id = shown.result.strip("'")
    assert comm_id in [content["comm_id"] for content in shown.of("comm_open")]
    views = [content["data"].get("application/vnd.jupyter.widget-view+json") for content in shown.of("display_data")]
    assert [view["model_id"] for view in views if view] == [comm_id]

    update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    request = notebook.send("comm_msg", {"comm_id": comm_id, "data": update})
    published = notebook.wait_for(request, lambda kind, content: content.get("execution_state") == "idle")
    assert "".join(content["text"] for kind, content in published if kind == "stream") == "moved to 7\n"
    assert notebook.run("slider.value").result == "7"

    known = notebook.reply(notebook.client.comm_info(target_name="jupyter.widget"))
    assert known["comms"][comm_id] == {"target_name": "jupyter.widget"}


def test_all_messages_have_one_session(own_notebook):
    client = own_notebook.client
    client.execute("import ipywidgets\nprint(1)\ndisplay(ipywidgets.IntSlider())\n2")
    client.comm_info()
    last = client.execute("input()", allow_stdin=True)
    messages = [client.get_stdin_msg(timeout=60)]
    client.input("")
    request = {"type": "request", "seq": 1, "command": "debugInfo"}
    client.control_channel.send(client.session.msg("debug_request", request))
    messages += [client.get_control_msg(timeout=60), *(client.get_shell_msg(timeout=60) for _ in range(3))]
    while messages[-1]["parent_header"]["msg_id"] != last or messages[-1]["content"].get("execution_state") != "idle":
        messages.append(client.get_iopub_msg(timeout=60))
    assert len({(message["header"]["session"], message["header"]["username"]) for message in messages}) == 1


def test_history_has_sessions_and_line_numbers_of_its_own(own_notebook):
    for code in ("'first'", "'second'", "'third'"):
        own_notebook.run(code)
    tail = own_notebook.reply(own_notebook.client.history(raw=True, output=False, hist_access_type="tail", n=2))
    session = tail["history"][0][0]
    assert tail == {"status": "ok", "history": [[session, 2, "'second'"], [session, 3, "'third'"]]}
    both = own_notebook.reply(
        own_notebook.client.history(raw=True, output=True, hist_access_type="range", session=session, start=1, stop=2)
    )
    assert both["history"] == [[session, 1, ["'first'", "'first'"]]]


def test_rich_variables_inside_a_function_are_answered(own_notebook):
    own_notebook.debug("initialize", clientID="test", adapterID="", pathFormat="path", linesStartAt1=True)
    own_notebook.debug("attach")
    code = "def f(a):\n    b = a + 1\n    return b\nf(41)"
    path = own_notebook.debug("dumpCell", code=code)["body"]["sourcePath"]
    own_notebook.debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": 3}])
    own_notebook.debug("configurationDone")
    request = own_notebook.client.execute(code)
    stopped = own_notebook.debug_event("stopped")
    frames = own_notebook.debug("stackTrace", threadId=stopped["body"]["threadId"])["body"]["stackFrames"]

    rich = own_notebook.debug("richInspectVariables", variableName="b", frameId=frames[0]["id"])
    assert (rich["success"], rich["body"]) == (True, {"data": {"text/plain": "42"}, "metadata": {}})
    unknown = own_notebook.debug("richInspectVariables", variableName="nosuch", frameId=frames[0]["id"])
    assert unknown["success"] is False
    assert "nosuch" in unknown["message"]

    own_notebook.debug("continue", threadId=stopped["body"]["threadId"])
    assert own_notebook.finish(request).result == "42"
