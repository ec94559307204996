"""Runs a notebook from start to end in the kernel it names, and keeps the executed copy.

Usage: run_notebook.py NOTEBOOK FOLDER. Everything the notebook and its runs write goes below FOLDER.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SECONDS_A_CELL = 600  # a watchdog against a hang, no measure of speed


@dataclass
class Executed:
    """A notebook that ran."""

    notebook: nbformat.NotebookNode
    file: Path
    """The executed copy."""
    seconds: float

    def text(self, tag: str) -> str:
        """What the cells with that tag print or, as plain text, show."""
        pieces = []
        for cell in self.notebook.cells:
            if tag in cell.metadata.get("tags", []):
                for output in cell.get("outputs", []):
                    pieces.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
        return "\n".join(piece.rstrip("\n") for piece in pieces)


def execute(source: Path, folder: Path) -> Executed:
    """Runs the notebook's cells in order; a copy with all outputs lies in `folder`, also when a cell fails.

    The kernel gets `folder` as its place for runs, models and temporary files.

    Raises
    ------
    CellExecutionError
        A cell raised; the text has the cell and the traceback.
    """
    notebook = nbformat.read(source, as_version=4)
    copy = folder / source.name
    temporary = folder / "scratch"
    temporary.mkdir(parents=True, exist_ok=True)
    # What a cell prints may come in several messages; the copy has it in one piece.
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=SECONDS_A_CELL, coalesce_streams=True, resources=resources)
    started = time.monotonic()
    places = {"BATCHSCOPE_HOME": str(folder / "home"), "TMPDIR": str(temporary)}
    with mock.patch.dict(os.environ, places):
        try:
            client.execute()
        finally:
            nbformat.write(notebook, copy)
    return Executed(notebook, copy, time.monotonic() - started)


def main(arguments: list[str]) -> int:
    """Runs the notebook and prints what ran, how long it took, what came out and where it lies."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, folder = Path(arguments[0]), Path(arguments[1]).absolute()
    kernel = nbformat.read(source, as_version=4).metadata.kernelspec.display_name
    print(f"running {source} in the kernel {kernel} ...", flush=True)
    try:
        executed = execute(source, folder)
    except CellExecutionError as error:
        print(f"a cell failed, and what came before it is kept in {folder / source.name}:\n{error}", file=sys.stderr)
        return 1
    cells = [cell for cell in executed.notebook.cells if cell.cell_type == "code"]
    print(f"ran {len(cells)} cells in {executed.seconds:.1f} s")
    for tag in ("accuracy", "places"):
        print(executed.text(tag))
    print("notebook:", executed.file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
