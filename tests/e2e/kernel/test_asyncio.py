"""Cells run in one asyncio loop, as in ipykernel."""


def test_await_works_at_top_level(notebook):
    assert notebook.run("import asyncio\nawait asyncio.sleep(0, 'slept')").result == "'slept'"


def test_a_task_goes_on_between_cells(notebook):
    request = notebook.client.execute(
        "import asyncio\n"
        "async def later():\n"
        "    for _ in range(5): await asyncio.sleep(0.001)\n"
        "    print('task done', flush=True)\n"
        "task = asyncio.create_task(later())"
    )
    published = notebook.wait_for(request, lambda kind, content: kind == "stream" and "task done" in content["text"])
    assert ("status", {"execution_state": "idle"}) in published
    assert notebook.reply(request)["status"] == "ok"


def test_a_task_that_fails_or_exits_does_not_end_the_kernel(notebook):
    notebook.run("async def leave(): raise SystemExit(3)\nleaving = asyncio.create_task(leave())")
    assert notebook.run("import asyncio\nawait asyncio.sleep(0)\n1 + 1").status in ("ok", "error")
    assert notebook.run("1 + 1").result == "2"


def test_a_context_variable_is_still_set_in_the_next_cell(notebook):
    notebook.run("import contextvars\nvariable = contextvars.ContextVar('variable')\nvariable.set(5);")
    assert notebook.run("variable.get()").result == "5"


def test_a_loop_that_was_closed_is_replaced(own_notebook):
    own_notebook.run("import asyncio\nloop = asyncio.get_running_loop()\nloop.call_soon(lambda: None);")
    own_notebook.run("_close = loop.close\nimport threading")
    assert own_notebook.run("await asyncio.sleep(0, 1)").result == "1"
