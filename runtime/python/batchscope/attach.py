"""How a debugger gets to a run: for people to click on, to copy, and to read."""

from __future__ import annotations

import html
import os
import shlex
import sysconfig
from pathlib import Path

from batchscope import _engine
from batchscope.errors import engine_errors


class Attach:
    """What `Run.attach` shows. Nothing happens by making one.

    Attributes
    ----------
    link : str
        Opens VS Code, whose extension Batchscope then attaches to the run.
    command : str
        The command line of the debug adapter, for any other client of the Debug Adapter Protocol. It speaks over stdin
        and stdout; the request ``attach`` takes ``{"run": folder}``.
    launch_json : str
        A whole ``.vscode/launch.json``.
    obstacle : str
        Why no debugger can be attached, for example because the run has ended; empty when one can.
    """

    def __init__(self, folder: Path) -> None:
        self.command = shlex.quote(_adapter())
        with engine_errors():
            how = _engine.how_to_attach(str(folder), self.command)
        self.link = how["link"]
        self.launch_json = how["launch_json"]
        self.obstacle = how["obstacle"]
        self._text = how["text"]

    def __repr__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        obstacle = f"<p>No debugger can be attached now: {html.escape(self.obstacle)}.</p>" if self.obstacle else ""
        return (
            f"{obstacle}<p><a href='{html.escape(self.link)}' target='_blank'>Attach VS Code to this run</a>"
            " (with the extension Batchscope), or put this into <code>.vscode/launch.json</code>:</p>"
            f"<pre>{html.escape(self.launch_json)}</pre>"
            "<p>Any other client of the Debug Adapter Protocol starts this adapter:</p>"
            f"<pre>{html.escape(self.command)}</pre>"
        )


def debugpy_folder() -> str:
    """The folder that holds the package debugpy as this interpreter sees it, without importing it; "" without one."""
    from importlib.util import find_spec

    try:
        spec = find_spec("debugpy")
    except (ImportError, ValueError):  # a half-made module of that name
        return ""
    if spec is None or spec.origin is None:
        return ""
    return os.path.dirname(os.path.dirname(os.path.abspath(spec.origin)))


def _adapter() -> str:
    """The adapter of this installation; by its name alone where it is not beside the interpreter."""
    beside = Path(sysconfig.get_path("scripts")) / "batchscope-dap"
    return str(beside) if beside.is_file() else beside.name
