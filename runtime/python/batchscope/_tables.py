"""What the record holds, as DataFrames. pandas is imported when the first one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchscope import _engine

if TYPE_CHECKING:
    import pandas

# The engine's columns and what they are called in Azure's logs, in their order there.
_MINI_BATCH_COLUMNS = {
    "id": "Mini-batch Id",
    "picked_count": "Picked Count",
    "process": "Process",
    "start_unix_us": "Start Time",
    "total": "Total",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "elapsed_seconds": "Elapsed Seconds",
    "process_seconds": "Process Seconds",
    "run_seconds": "Run Method Seconds",
    "status": "Status",
    "error_category": "Error Category",
    "error_message": "Error Message",
}
ERRORS_AT_MOST = 10_000


def mini_batches(folder: str) -> pandas.DataFrame:
    """A row per mini-batch, in their order; one that has not begun has no process and no start time."""
    import pandas as pd

    found = pd.DataFrame(_engine.read_mini_batches(folder))
    found = found[list(_MINI_BATCH_COLUMNS)]
    found["process"] = _none_below_zero(found["process"])
    started = found["start_unix_us"]
    found["start_unix_us"] = pd.to_datetime(started.where(started > 0), unit="us", utc=True)
    return found.rename(columns=_MINI_BATCH_COLUMNS)


def errors(folder: str) -> pandas.DataFrame:
    """A row per failed attempt (1 first), in order of time; an init() has neither mini-batch nor attempt."""
    import pandas as pd

    columns, total = _engine.read_errors(folder, ERRORS_AT_MOST)
    found = pd.DataFrame(columns).rename(columns={"kind": "category"})
    found["mini_batch"] = _none_below_zero(found["mini_batch"])
    found["attempt"] = (found["attempt"].astype("Int64") + 1).mask(found["mini_batch"].isna())
    found["time"] = pd.to_datetime(found["time"], utc=True, format="ISO8601")
    found.attrs["total"] = total
    return found


def runs(folders: list[str]) -> pandas.DataFrame:
    """A row per run, in the given order."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for folder in folders:
        try:
            summary = _engine.read_summary(folder)
        except _engine.EngineError:  # being made, or removed, at this moment
            continue
        counts = summary["counts"]
        rows.append(
            {
                "id": summary["id"],
                "name": summary["name"],
                "status": summary["status"],
                "started": summary["started"],
                "elapsed_seconds": summary["elapsed_seconds"],
                "mini_batches": counts["mini_batches"],
                "succeeded": counts["succeeded"],
                "failed": counts["failed"],
                "items_succeeded": counts["items_succeeded"],
                "items_failed": counts["items_failed"],
                "folder": summary["folder"],
            }
        )
    names = ["id", "name", "status", "started", "elapsed_seconds", "mini_batches", "succeeded", "failed"]
    found = pd.DataFrame(rows, columns=[*names, "items_succeeded", "items_failed", "folder"])
    found["started"] = pd.to_datetime(found["started"], utc=True, format="ISO8601")
    return found


def _none_below_zero(numbers: pandas.Series) -> pandas.Series:
    return numbers.astype("Int64").mask(numbers < 0)
