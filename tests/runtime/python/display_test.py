"""How progress is shown."""

from __future__ import annotations

import io

import pytest

from batchscope import _display
from batchscope._display import CellDisplay, LineDisplay, SilentDisplay, TerminalDisplay, choose_display


def progress(done: int = 0, failed: int = 0, status: str = "running", **more):
    values = {
        "run": "digits-1",
        "name": "digits",
        "status": status,
        "message": "",
        "total": 100,
        "done": done,
        "failed": failed,
        "items_done": done,
        "items_failed": failed,
        "items_per_second": 0.0,
        "seconds_left": None,
        "elapsed_seconds": 3723.9,
        "workers": 2,
    }
    return {**values, **more}


STOPPED = [
    {"worker": 3, "where": "stopped in debugger at entry.py:12", "seconds": 31.0},
    {"worker": 4, "where": "held after mini-batch 7 failed", "seconds": 2.0},
]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (progress(status="starting"), "digits starting: 0 of 100 mini-batches"),
        (progress(3), "digits running: 3 of 100 mini-batches, 2 workers"),
        (
            progress(50, 2, items_per_second=9.94, seconds_left=61.9, workers=1),
            "digits running: 50 of 100 mini-batches, 2 failed, 9.9 items/s, 1 worker, 1 min 2 s left",
        ),
        (
            progress(50, items_per_second=1234.5),
            "digits running: 50 of 100 mini-batches, 1,234 items/s, 2 workers",
        ),
        (
            progress(50, stopped=STOPPED[:1]),
            "digits running: 50 of 100 mini-batches, worker 3: stopped in debugger at entry.py:12 for 31 s, 2 workers",
        ),
        (
            progress(50, stopped=STOPPED),
            "digits running: 50 of 100 mini-batches, worker 3: stopped in debugger at entry.py:12 for 31 s and 1 more, "
            "2 workers",
        ),
        (progress(50, status="cancelling"), "digits cancelling: 50 of 100 mini-batches"),
        (progress(100, status="completed"), "digits completed: 100 of 100 mini-batches, 1 h 2 min"),
    ],
)
def test_a_line_says_how_the_run_stands(given, text):
    assert _display.progress_text(given) == text


@pytest.mark.parametrize(("done", "cells", "percent"), [(0, 0, 0), (99, 29, 99), (100, 30, 100)])
def test_a_bar_is_full_only_when_all_is_done(done, cells, percent):
    bar = _display.progress_bar(progress(done), 120)
    assert bar.startswith(f"[{'=' * cells}{' ' * (30 - cells)}] {percent:3} %  digits running")


def test_a_bar_fits_the_terminal():
    given = progress(50, 2, items_per_second=12.0, seconds_left=61.9)
    assert [_display.progress_bar(given, columns) for columns in (30, 80, 100, 120)] == [
        "digits running: 50 of 100 mini",
        "[===========           ]  50 %  digits running: 50 of 100 mini-batches, 2 failed",
        "[=======       ]  50 %  digits running: 50 of 100 mini-batches, 2 failed, 12 items/s, 1 min 2 s left",
        "[===========            ]  50 %  digits running: 50 of 100 mini-batches, 2 failed, 12 items/s, 2 workers, "
        "1 min 2 s left",
    ]


def test_a_bar_of_no_mini_batches_is_empty():
    assert _display.progress_bar(progress(total=0), 120).startswith(f"[{' ' * 30}]   0 %")


def test_lines_come_on_change_and_not_too_often():
    now = [100.0]
    out = io.StringIO()
    display = LineDisplay(out, lambda: now[0])
    for at, done in [(100, 1), (104.9, 2), (105, 2), (120, 2), (130, 3)]:
        now[0] = at
        display.show(progress(done))
    display.say("cancelling")
    display.end(progress(3, status="cancelled"))
    assert [line.split(" of")[0] for line in out.getvalue().splitlines()] == [
        "digits running: 1",
        "digits running: 2",
        "digits running: 3",
        "cancelling",
        "digits cancelled: 3",
    ]


def test_lines_say_that_somebody_is_stopped_and_not_that_time_goes_by():
    now = [100.0]
    out = io.StringIO()
    display = LineDisplay(out, lambda: now[0])
    for stopped in ([], STOPPED[:1], [{**STOPPED[0], "seconds": 90.0}], []):
        now[0] += 10
        display.show(progress(1, stopped=stopped))
    assert ["stopped in debugger" in line for line in out.getvalue().splitlines()] == [False, True, False]


def test_a_terminal_draws_one_line_in_its_place():
    out = io.StringIO()
    display = TerminalDisplay(out, lambda: 200)
    for done in (1, 1, 2):
        display.show(progress(done))
    display.say("cancelling")
    display.end(progress(2, status="cancelled"))
    bars = [_display.progress_bar(progress(done), 199) for done in (1, 2)]
    end = _display.progress_text(progress(2, status="cancelled"))
    assert out.getvalue() == f"\r\x1b[K{bars[0]}\r\x1b[K{bars[1]}\r\x1b[Kcancelling\n{bars[1]}\r\x1b[K{end}\n"


def test_a_cell_has_one_output_that_is_updated():
    now = [100.0]
    shown = []

    class Handle:
        def update(self, bundle, raw):
            shown.append(("update", bundle["text/plain"], raw))

    def show_in_cell(bundle, raw, display_id):
        shown.append(("new", bundle["text/plain"], raw, display_id))
        return Handle()

    display = CellDisplay(show_in_cell, lambda: now[0])
    for at, done in [(100, 1), (100.1, 2), (100.25, 3), (101, 3)]:
        now[0] = at
        display.show(progress(done))
    display.end(progress(3, status="completed"))
    text = [_display.progress_text(each) for each in (progress(1), progress(3), progress(3, status="completed"))]
    assert shown == [("new", text[0], True, True), ("update", text[1], True), ("update", text[2], True)]


def test_html_holds_what_the_user_wrote_as_text():
    page = _display.progress_html(progress(name="a<b", message="<script>", status="failed"))
    assert "a&lt;b" in page and "&lt;script&gt;" in page and "<script>" not in page


def test_the_display_suits_the_place():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert type(choose_display(True)) is SilentDisplay
    assert type(choose_display(False, io.StringIO())) is LineDisplay
    assert type(choose_display(False, Terminal())) is TerminalDisplay


def test_a_notebooks_shell_shows_in_cells(monkeypatch):
    class ZMQInteractiveShell:
        pass

    class TerminalInteractiveShell:
        pass

    import IPython

    monkeypatch.setattr(IPython, "get_ipython", ZMQInteractiveShell)
    assert type(choose_display(False, io.StringIO())) is CellDisplay
    monkeypatch.setattr(IPython, "get_ipython", TerminalInteractiveShell)
    assert type(choose_display(False, io.StringIO())) is LineDisplay
