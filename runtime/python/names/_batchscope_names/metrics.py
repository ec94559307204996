"""Metrics of a run: one JSON line each in the run's ``logs/metrics.jsonl``."""

from __future__ import annotations

import datetime
import json
import math
import os
from pathlib import Path
from typing import Any

METRICS_FILE = "metrics.jsonl"


def append_metric(run_folder: Path, process: str, name: str, value: Any, description: str = "") -> None:
    """Appends one metric; whole lines, also when several processes write at once.

    `value` may be a number, text, a list or a dict of these; numpy's numbers and arrays are taken as Python's, anything
    else as its text.
    """
    line: dict[str, Any] = {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "process": process,
        "name": str(name),
        "value": plain(value),
    }
    if description:
        line["description"] = str(description)
    data = (json.dumps(line, ensure_ascii=True) + "\n").encode()
    # One write() to a file opened for appending lands in one piece.
    file = os.open(run_folder / "logs" / METRICS_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.write(file, data)
    finally:
        os.close(file)


def plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if callable(getattr(value, "tolist", None)):  # numpy's arrays and numbers, without importing numpy
        return plain(value.tolist())
    return str(value)
