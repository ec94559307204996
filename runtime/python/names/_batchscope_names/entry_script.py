"""The EntryScript helper: a logger and the folders of the worker process."""

from __future__ import annotations

import logging
import sys
import threading
import time

from _batchscope_names.facts import read_facts


class EntryScript:
    """The worker's logger and folders; every ``EntryScript()`` of a process is the same object.

    Attributes
    ----------
    logger : logging.Logger
        Writes to the process's log in the run's folder, ``logs/user/<node>/<process>.log.txt``, times in UTC, from the
        step's ``logging_level`` on. Outside a run it writes to stderr.
    output_dir : str
        Where the step's output file lies; also what stands behind ``--output``.
    working_dir : str
        The process's private, writable folder.
    log_dir : str
        The folder of the process's log.
    agent_name : str
        The process's name in logs, such as ``process003``.
    """

    _only: EntryScript | None = None
    _making = threading.Lock()

    def __new__(cls) -> EntryScript:
        with cls._making:
            if cls._only is None:
                only = super().__new__(cls)
                only._read()
                cls._only = only
        return cls._only

    def _read(self) -> None:
        facts = read_facts()
        self.output_dir = facts.output_dir
        self.working_dir = facts.working_dir
        self.log_dir = facts.log_dir
        self.agent_name = facts.process
        self.logger = _make_logger(facts.log_file, facts.logging_level)

    def __repr__(self) -> str:
        return f"EntryScript({self.agent_name}, log_dir={self.log_dir!r}, output_dir={self.output_dir!r})"


def _make_logger(log_file: str, level: str) -> logging.Logger:
    logger = logging.getLogger("azureml_user.EntryScript")
    logger.setLevel(level)
    logger.propagate = False  # What a script prints is in the same file already; a root handler would say it twice.
    if not logger.handlers:
        if log_file:
            handler: logging.Handler = logging.FileHandler(log_file, encoding="utf-8", errors="backslashreplace")
        else:
            handler = logging.StreamHandler(sys.stderr)
        formatter = logging.Formatter(
            "%(asctime)s.%(msecs)03dZ|%(levelname)s|%(process)d|%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    return logger
