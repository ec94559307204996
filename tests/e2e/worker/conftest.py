"""The interpreters that workers are tried with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from e2e.worker.wire_host import Python, installed_python

from support.interpreters import build_worker, find_interpreter

INSTALLED = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = ["3.12", "3.13"]  # debuggers are other ones there: sys.monitoring


def other_python(version: str) -> Python:
    """Of another version, without any packages; skips the test where there is none."""
    interpreter = find_interpreter(version)
    if interpreter is None:
        pytest.skip(f"no CPython {version} with its headers: none on PATH that runs, none of pyenv")
    return Python(str(interpreter), build_worker(interpreter, version))


@pytest.fixture(scope="session", params=[INSTALLED, *OTHERS])
def python(request: pytest.FixtureRequest) -> Python:
    """Each in turn."""
    return installed_python() if request.param == INSTALLED else other_python(request.param)


@pytest.fixture(scope="session")
def bare_python() -> Python:
    """One that has no debugpy."""
    return other_python(OTHERS[0])


@pytest.fixture(scope="session")
def debugpy_folder() -> str:
    """Where the debugpy of the interpreter that runs the tests lies."""
    import debugpy

    return str(Path(debugpy.__file__).parents[1])
