"""How to get a debugger to a run, and who is stopped."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

import batchscope
from batchscope.attach import Attach, debugpy_folder

WAITS = """
import os
from pathlib import Path

def run(mini_batch):
    gate = os.open({gate!r}, os.O_RDONLY)  # until the test opens the other end
    os.close(gate)
    return mini_batch
"""


@pytest.fixture
def running(bench):
    """A run whose worker is inside run()."""
    import os

    gate = bench.folder / "gate"
    os.mkfifo(gate)
    run = bench.step(WAITS.format(gate=str(gate)), mini_batch_size=100).submit()
    try:
        yield run
    finally:
        run.kill()
        run.wait(show_progress=False, raise_on_error=False)


def test_attach_names_the_run_for_every_client(running, monkeypatch, tmp_path):
    attach = running.attach()
    link = urlparse(attach.link)
    assert (link.scheme, link.netloc, link.path) == ("vscode", "batchscope.batchscope", "/attach")
    assert parse_qs(link.query) == {"run": [str(running.folder)]}
    assert json.loads(attach.launch_json)["configurations"] == [
        {
            "type": "batchscope",
            "request": "attach",
            "name": f"Batchscope: attach to {running.id}",
            "run": str(running.folder),
        }
    ]
    assert attach.obstacle == ""
    for shown in (attach.link, attach.command, f'"run": "{running.folder}"'):
        assert shown in repr(attach)
    page = attach._repr_html_()
    assert f"<a href='{attach.link}'" in page and attach.command in page
    assert "No debugger can be attached" not in repr(attach) + page


def test_the_adapter_is_the_one_of_this_installation(running, monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "my bin"))
    assert running.attach().command == "batchscope-dap"
    (tmp_path / "my bin").mkdir()
    (tmp_path / "my bin" / "batchscope-dap").touch()
    assert running.attach().command == f"'{tmp_path}/my bin/batchscope-dap'"


def test_attach_says_what_stands_in_the_way(bench):
    run = bench.step().submit()
    run.wait(show_progress=False)
    attach = run.attach()
    assert attach.obstacle == "the run is completed; a debugger gets only to one that is running"
    assert repr(attach).startswith(f"No debugger can be attached now: {attach.obstacle}.")
    assert f"No debugger can be attached now: {attach.obstacle}." in attach._repr_html_()


def test_attach_of_no_run_is_refused(tmp_path):
    with pytest.raises(batchscope.BatchscopeError):
        Attach(tmp_path)


def test_nobody_is_stopped_in_a_run_without_a_debugger(running):
    assert running.stopped == []
    assert batchscope.Run(running.folder).stopped == []


def test_a_run_of_another_process_says_who_is_stopped(running):
    Path(running.folder, "control", "stopped.jsonl").write_text(
        '{"e":"stopped","w":3,"at":1777889440500000,"where":"stopped in debugger at entry.py:12"}\n'
    )
    elsewhere = batchscope.Run(running.folder)
    (stopped,) = elsewhere.stopped
    assert (stopped["worker"], stopped["where"]) == (3, "stopped in debugger at entry.py:12")
    assert stopped["seconds"] > 0
    assert "worker 3: stopped in debugger at entry.py:12 for" in elsewhere._repr_html_()


def test_debugpy_is_found_without_being_imported(bench):
    done = bench.python(
        "import sys\n"
        "from batchscope.attach import debugpy_folder\n"
        "from pathlib import Path\n"
        "print((Path(debugpy_folder()) / 'debugpy/__init__.py').is_file(), 'debugpy' in sys.modules)\n"
        "sys.modules['debugpy'] = type(sys)('debugpy')  # a stand-in without a place\n"
        "print(repr(debugpy_folder()))\n"
        "sys.modules['debugpy'] = None\n"
        "print(repr(debugpy_folder()))\n"
    )
    assert (done.stdout, done.stderr) == ("True False\n''\n''\n", "")


def test_workers_wait_for_the_notebooks_debugger_when_it_is_on(bench, monkeypatch):
    asked = []

    def submit(step, base, **options):
        asked.append((options["wait_for_debugger"], options["debugpy_folder"]))
        raise batchscope._engine.EngineError("enough")

    monkeypatch.setattr(batchscope._engine, "submit", submit)
    kernel = type(sys)("batchscope._kernel")
    step = bench.step()
    for is_on, given in ((None, None), (False, None), (True, None), (True, False), (False, True)):
        if is_on is not None:
            kernel.debugger_is_on = lambda is_on=is_on: is_on
            monkeypatch.setitem(sys.modules, "batchscope._kernel", kernel)
        with pytest.raises(batchscope.BatchscopeError, match="enough"):
            step.submit(wait_for_debugger=given)
    assert [waits for waits, _folder in asked] == [False, False, True, False, True]
    assert {folder for _waits, folder in asked} == {debugpy_folder()}
