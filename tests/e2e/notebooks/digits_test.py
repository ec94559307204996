"""The notebook of the handwritten digits, run in our own kernel as the demo runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from run_notebook import Executed, execute

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    return execute(ROOT / "notebooks" / "01_digits.ipynb", tmp_path_factory.mktemp("digits"))


def test_it_asks_for_our_kernel(executed):
    assert executed.notebook.metadata.kernelspec.name == "batchscope"
    assert executed.notebook.metadata.kernelspec.display_name == "Python (Batchscope)"


def test_every_cell_runs_without_an_error(executed):
    cells = [cell for cell in executed.notebook.cells if cell.cell_type == "code"]
    kinds = [output.output_type for cell in cells for output in cell.outputs]
    assert "error" not in kinds
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert executed.file.is_file()


def test_it_reads_more_than_95_percent_of_the_unseen_digits(executed):
    found = re.match(r"accuracy: ([0-9.]+) % of ([0-9]+) images", executed.text("accuracy"))
    assert float(found[1]) > 95
    assert int(found[2]) >= 899 - 19  # the half, without what shared a mini-batch with the broken image


def test_the_broken_image_is_an_error_of_its_mini_batch_and_the_rest_goes_through(executed):
    errors = executed.text("errors")
    assert errors.count("UnidentifiedImageError") >= 2  # two attempts
    assert re.findall(r"^\d+ +(\d+) +(\d+)", errors, re.MULTILINE) == [("50", "1"), ("50", "2")]
    assert "images:  1778 of 1798 read, 20 failed" in executed.text("places")


def test_the_cell_of_the_run_shows_progress_and_the_status(executed):
    (cell,) = [cell for cell in executed.notebook.cells if "run" in cell.metadata.get("tags", [])]
    shown = [output.data for output in cell.outputs if output.output_type == "display_data"]
    assert len(shown) == 1 and {"text/html", "text/plain"} <= shown[0].keys()
    assert "completed" in shown[0]["text/plain"]
    (result,) = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    assert result["text/plain"] == "'completed'"


def test_output_and_logs_lie_where_it_says(executed):
    places = dict(re.findall(r"^(output|logs): +(.+)$", executed.text("places"), re.MULTILINE))
    assert len(Path(places["output"]).read_text().splitlines()) == 1778
    assert "ready, with SVC" in "".join(log.read_text() for log in Path(places["logs"]).glob("user/*/*.log.txt"))


def test_it_is_kept_without_outputs():
    import nbformat

    notebook = nbformat.read(ROOT / "notebooks" / "01_digits.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
