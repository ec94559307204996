"""debug_request messages, as JupyterLab's debugger sends them."""

CODE = "total = 0\nfor step in range(3):\n    total += step\ntotal"


def attach(notebook):
    assert notebook.debug("initialize", clientID="test", adapterID="", pathFormat="path", linesStartAt1=True)["success"]
    assert notebook.debug("attach")["success"]


def stop_at(notebook, code, line, **more):
    """Run a cell up to a breakpoint; returns its request's id, the thread and the frames."""
    path = notebook.debug("dumpCell", code=code)["body"]["sourcePath"]
    points = notebook.debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": line, **more}])
    assert [point["verified"] for point in points["body"]["breakpoints"]] == [True]
    assert notebook.debug("configurationDone")["success"]
    request = notebook.client.execute(code)
    thread = notebook.debug_event("stopped")["body"]["threadId"]
    return request, thread, notebook.debug("stackTrace", threadId=thread)["body"]["stackFrames"]


def variables(notebook, frame):
    scope = notebook.debug("scopes", frameId=frame["id"])["body"]["scopes"][0]
    listed = notebook.debug("variables", variablesReference=scope["variablesReference"])["body"]["variables"]
    return {one["name"]: one["value"] for one in listed}


def test_a_request_before_initialize_is_refused_with_a_reason(own_notebook):
    response = own_notebook.debug("stackTrace", threadId=1)
    assert response["success"] is False
    assert "Expected `initialize`" in response["message"]
    assert own_notebook.debug("richInspectVariables", variableName="nosuch")["success"] is False


def test_a_cell_stops_is_looked_at_stepped_and_goes_on(own_notebook):
    attach(own_notebook)
    request, thread, frames = stop_at(own_notebook, CODE, 3, condition="step == 1")
    assert [frame["name"] for frame in frames] == ["<module>"]  # IPython's and the kernel's own are left out
    assert frames[0]["line"] == 3
    assert variables(own_notebook, frames[0])["step"] == "1"
    assert own_notebook.debug("evaluate", expression="step + 41", frameId=frames[0]["id"])["body"]["result"] == "42"
    assert own_notebook.debug("source", source={"path": frames[0]["source"]["path"]})["body"]["content"] == CODE

    own_notebook.debug("next", threadId=thread)
    own_notebook.debug_event("stopped")
    assert thread in own_notebook.debug("debugInfo")["body"]["stoppedThreads"]
    own_notebook.debug("continue", threadId=thread)
    assert own_notebook.finish(request).result == "3"


def test_the_debugger_can_leave_and_come_back(own_notebook):
    attach(own_notebook)
    assert own_notebook.debug("disconnect", restart=False, terminateDebuggee=False)["success"]
    assert own_notebook.run(CODE).result == "3"
    attach(own_notebook)
    request, thread, _ = stop_at(own_notebook, CODE, 1)
    own_notebook.debug("disconnect", restart=False, terminateDebuggee=False)  # lets the cell go
    assert own_notebook.finish(request).result == "3"


def test_a_debugger_can_be_attached_while_a_cell_runs(own_notebook):
    request = own_notebook.start("print('ready', flush=True)\ngo = False\nwhile not go:\n    pass\ngo")
    attach(own_notebook)
    assert own_notebook.debug("pause", threadId=1)["success"]
    thread = own_notebook.debug_event("stopped")["body"]["threadId"]
    frame = own_notebook.debug("stackTrace", threadId=thread)["body"]["stackFrames"][0]
    own_notebook.debug("evaluate", expression="go = True", frameId=frame["id"], context="repl")
    own_notebook.debug("continue", threadId=thread)
    assert own_notebook.finish(request).result == "True"


def test_rich_variables_are_shown_without_a_breakpoint(own_notebook):
    own_notebook.run("import pandas\ntable = pandas.DataFrame({'a': [1]})")
    attach(own_notebook)
    body = own_notebook.debug("richInspectVariables", variableName="table")["body"]
    assert sorted(body["data"]) == ["text/html", "text/plain"]
    assert "table" in {one["name"] for one in own_notebook.debug("inspectVariables")["body"]["variables"]}
    assert own_notebook.debug("disconnect", restart=False, terminateDebuggee=False)["success"]
