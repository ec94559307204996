"""A step in ipykernel: no kernel of ours draws there, `wait()` updates the cell's output."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

SCRIPT = """
%%writefile entry.py
def run(mini_batch):
    return mini_batch
"""
RUN = """
import os
from pathlib import Path
from batchscope import ParallelRunConfig, ParallelRunStep
os.environ["BATCHSCOPE_HOME"] = str(Path("home").absolute())
Path("files").mkdir()
for number in range(30):
    Path("files", f"{number:02}").touch()
config = ParallelRunConfig(entry_script="entry.py", error_threshold=0, mini_batch_size=1, process_count_per_node=2)
run = ParallelRunStep("in-a-cell", config, inputs=["files"]).submit()
run.wait()
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    notebook = nbformat.v4.new_notebook()
    sources = [SCRIPT, RUN, "run", "ParallelRunStep('x', config, inputs=[])"]
    notebook.cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    folder = tmp_path_factory.mktemp("ipykernel")
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_name="python3", timeout=600, allow_errors=True, resources=resources).execute()
    return notebook.cells


def test_the_cell_has_one_output_with_the_final_progress(cells):
    shown, result = cells[1].outputs
    assert shown.output_type == "display_data"
    assert shown.data["text/plain"].startswith("in-a-cell completed: 30 of 30 mini-batches, ")
    assert "in-a-cell completed" in shown.data["text/html"]
    assert result.data["text/plain"] == "'completed'"


def test_a_run_shows_itself_as_a_table(cells):
    (result,) = cells[2].outputs
    assert "30 of 30 done: 30 succeeded, 0 failed</td>" in result.data["text/html"]
    assert result.data["text/plain"].endswith("completed, 30 of 30 mini-batches, 0 failed)")


def test_wrong_values_are_shown_without_our_own_traceback(cells):
    (error,) = cells[3].outputs
    assert error.ename == "ConfigurationError"
    assert len(error.traceback) == 1 and error.traceback[0].startswith("ConfigurationError: ")
    assert "inputs" in error.traceback[0] and "name" in error.traceback[0]
