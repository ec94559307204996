"""The run that a script belongs to, under Azure ML's name for it."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from typing import Any

from _batchscope_names.facts import read_facts
from _batchscope_names.metrics import append_metric, plain

_logger = logging.getLogger("azureml.core.run")


class Run:
    """The run a script belongs to; ``Run.get_context()`` gives it.

    Attributes
    ----------
    id : str
        The run's id; outside a run one that begins with ``OfflineRun``.
    """

    def __init__(self, run_id: str, run_folder: Path | None, process: str, parent_id: str | None = None) -> None:
        self.id = run_id
        self._run_folder = run_folder
        self._process = process
        self._parent_id = parent_id

    @classmethod
    def get_context(cls, allow_offline: bool = True, **_unused: Any) -> Run:
        """The run of this process, or an offline one when it belongs to none.

        Parameters
        ----------
        allow_offline : bool
            Whether a script may be tried out outside a run; metrics then only go to the log.

        Raises
        ------
        RuntimeError
            The process belongs to no run, and `allow_offline` is false.
        """
        facts = read_facts()
        if facts.is_in_run:
            return cls(facts.run_id, facts.run_folder, facts.process, facts.root_run_id)
        if not allow_offline:
            raise RuntimeError(
                "Run.get_context(): this process belongs to no run, and allow_offline is False; "
                "start the script as a step's entry_script"
            )
        return cls(f"OfflineRun_{uuid.uuid4()}", None, facts.process)

    @property
    def parent(self) -> Run | None:
        """The run this one is part of; metrics logged there lie with the same run. None at the top, outside a run."""
        return None if self._parent_id is None else Run(self._parent_id, self._run_folder, self._process)

    def log(self, name: str, value: Any, description: str = "", **_unused: Any) -> None:
        """Notes a metric: a line in the run's ``logs/metrics.jsonl``; outside a run one in the log of `logging`."""
        if self._run_folder is None:
            _logger.info("metric %s: %s", name, plain(value))
        else:
            append_metric(self._run_folder, self._process, name, value, description)

    def log_list(self, name: str, value: list[Any], description: str = "", **_unused: Any) -> None:
        """Notes a metric that is a list."""
        self.log(name, list(value), description)

    def log_row(self, name: str, description: str = "", **columns: Any) -> None:
        """Notes a row of a table of metrics, by its columns."""
        self.log(name, columns, description)

    def __repr__(self) -> str:
        return f"Run(id={self.id!r})"
