"""What runs notebooks for the demo."""

from __future__ import annotations

import nbformat
import run_notebook


def test_a_cell_that_fails_is_told_and_what_came_before_is_kept(tmp_path, capsys):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Some Python", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in ("6 * 7", "1 / 0", "'not reached'")]
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    assert run_notebook.main([str(tmp_path / "wrong.ipynb"), str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "in the kernel Some Python" in printed.out
    assert "ZeroDivisionError" in printed.err and str(tmp_path / "out/wrong.ipynb") in printed.err
    kept = nbformat.read(tmp_path / "out/wrong.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].data["text/plain"] == "42"
    assert [len(cell.outputs) for cell in kept.cells] == [1, 1, 0]


def test_what_a_cell_prints_in_pieces_is_one_text(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Some Python", "language": "python"}
    source = "for piece in 'a b\\nc'.split(' '):\n    print(piece, end=' ', flush=True)"
    notebook.cells = [nbformat.v4.new_code_cell(source, metadata={"tags": ["said"]})]
    nbformat.write(notebook, tmp_path / "pieces.ipynb")
    assert run_notebook.execute(tmp_path / "pieces.ipynb", tmp_path / "out").text("said") == "a b\nc "


def test_wrong_usage_is_told(capsys):
    assert run_notebook.main(["one"]) == 2
    assert "NOTEBOOK FOLDER" in capsys.readouterr().err
