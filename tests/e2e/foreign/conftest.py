"""What tests of other people's clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.debug_scene import Scene
from support.shell import Shell


@pytest.fixture
def scene(shell: Shell) -> Iterator[Scene]:
    """A closed gate, and no run yet."""
    scene = Scene(shell)
    yield scene
    scene.close()
