"""Inputs of a step: files, folders and globs, with a name when they are to have one."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, Union

PathText = Union[str, "os.PathLike[str]"]


class FileDataset:
    """Files that are split into mini-batches together.

    Parameters
    ----------
    path : path or sequence of paths
        Files, folders (with everything below them, links followed) and globs; ``**`` stands for any number of folders.
    name : str, optional
        What the input is called in the run's record.
    """

    def __init__(self, path: PathText | Sequence[PathText], name: str | None = None) -> None:
        self.paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
        self.name = name

    def as_named_input(self, name: str) -> FileDataset:
        """The same files under a name."""
        return FileDataset(self.paths, name)

    def as_mount(self, path_on_compute: str | None = None) -> FileDataset:
        """The same files: they are on this machine already."""
        return self

    as_download = as_mount

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"FileDataset({[os.fspath(path) for path in self.paths]!r}{name})"


def input_to_json(given: Any) -> Any:
    """One entry of a step's `inputs` as the engine's JSON has it; anything else as it is, for the engine to refuse."""
    if isinstance(given, (str, os.PathLike)):
        return plain(given)
    if isinstance(given, (list, tuple)):
        return {"path": [plain(path) for path in given]}
    paths = getattr(given, "paths", None)
    if hasattr(given, "as_named_input") and paths is not None:
        entry: dict[str, Any] = {"path": [plain(path) for path in paths]}
        if given.name:
            entry["name"] = given.name
        return entry
    return plain(given)


def plain(value: Any) -> Any:
    """A value of a configuration as JSON can hold it; paths as text, anything unknown as its text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if callable(getattr(value, "item", None)):  # a number of numpy's
        return plain(value.item())
    return str(value)
