"""What all tests through the real programs share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell with an empty folder of its own."""
    shell = Shell(tmp_path / "place")
    yield shell
    shell.close()
