"""A run's progress in the cell that started it; the engine is played by the test, through the same C functions."""

from e2e.kernel.test_defects import LOAD_SINK


def test_a_run_is_shown_in_place_with_a_text_form(notebook):
    outcome = notebook.run(
        LOAD_SINK
        + "show(done=11, failed=1, items_done=100, items_failed=2, items_per_second=12.5, seconds_left=75, workers=2,\n"
        "     workers_wanted=2)\n"
        "show(status='completed', done=100, failed=1, elapsed_seconds=8, items_done=990, items_failed=10,\n"
        "     items_per_second=123)\n"
    )
    (kind_first, first), (kind_second, second) = outcome.outputs
    assert (kind_first, kind_second) == ("display_data", "update_display_data")
    assert first["transient"]["display_id"] == second["transient"]["display_id"]
    assert first["data"]["text/plain"] == (
        "digits [##..................] 11% running: 11 of 100 mini-batches, 1 failed, 100 items, 2 failed, 13 items/s, "
        "2/2 workers, 0.0 s so far, about 1 min 15 s left"
    )
    assert second["data"]["text/plain"] == (
        "digits [####################] 100% completed: 100 of 100 mini-batches, 1 failed, 990 items, 10 failed, "
        "123 items/s, took 8.0 s"
    )
    assert 'aria-valuenow="100"' in second["data"]["text/html"]


def test_progress_that_comes_after_the_cell_belongs_to_it(notebook):
    request = notebook.client.execute(LOAD_SINK + "show(done=1)")
    notebook.finish(request)
    notebook.run("1")
    notebook.client.execute("show(done=2)")
    published = notebook.wait_for(request, lambda kind, _: kind == "update_display_data")
    assert len(published) == 1
    assert notebook.run("sink.release(sink.self)").status == "ok"
