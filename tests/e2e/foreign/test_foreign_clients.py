"""Debug clients that others wrote, each with the installed adapter and a run: they attach in the middle of it, stop a
worker, look at it, step, let it go and leave. A driver in the client's own language says what it saw."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.dap_client import ADAPTER
from support.debug_scene import Scene, doubled
from support.processes import wait_until_gone
from support.waiting import GENEROUS_SECONDS

HERE = Path(__file__).parent
NODE = Path(sys.executable).parent / "node"
NODE_PACKAGES = HERE.parents[1] / "web" / "node_modules"
DAP_MODE = Path("/usr/share/emacs/site-lisp/elpa")


def drive(scene: Scene, *command: str | Path, **environment: str) -> object:
    """What the driver saw: the JSON that it printed."""
    place = {
        "ADAPTER": str(ADAPTER),
        "RUNS": str(scene.shell.home),
        "SCRIPT": str(scene.path),
        "GATE": str(scene.place / "gate"),
        "LINES": json.dumps({mark: scene.line(mark) for mark in ("round", "double")}),
        "SECONDS": str(GENEROUS_SECONDS / 2),
    }
    done = subprocess.run(
        command,
        env={**scene.shell.environment, **place, **environment},
        cwd=scene.shell.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GENEROUS_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def check(scene: Scene, seen: object) -> None:
    """The client saw what there is to see, and the run has not suffered."""
    assert seen == {
        "first": ["run", scene.line("round")],
        "number": "0",
        "step": ["run", scene.line("round") + 1],
        "second": [["double", scene.line("double")], ["run", scene.line("call")]],
        "value": "0",
    }
    assert scene.finish().rows == doubled(2)
    wait_until_gone(scene.shell.home)


def test_the_test_client_of_vs_code_attaches_stops_steps_and_leaves(scene: Scene):
    if not NODE.exists() or not (NODE_PACKAGES / "@vscode" / "debugadapter-testsupport").exists():
        pytest.skip("there is no Node, or no @vscode/debugadapter-testsupport; `scripts/setup web` brings them")
    scene.start(files=2, process_count_per_node=1)
    scene.wait_in(0)
    seen = drive(scene, NODE, HERE / "testsupport.cjs", NODE_PATH=str(NODE_PACKAGES))
    check(scene, seen)


def test_emacs_attaches_stops_steps_and_leaves(scene: Scene, tmp_path: Path):
    emacs = shutil.which("emacs")
    if emacs is None or not list(DAP_MODE.glob("dap-mode-*")):
        pytest.skip("there is no emacs, or no dap-mode in it; `scripts/setup tests` brings them")
    home = tmp_path / "home"
    (home / ".emacs.d").mkdir(parents=True)
    scene.start(files=2, process_count_per_node=1)
    scene.wait_in(0)
    seen = drive(scene, emacs, "--batch", "-l", HERE / "dap_mode.el", HOME=str(home), LC_ALL="C.UTF-8", TERM="dumb")
    check(scene, seen)
