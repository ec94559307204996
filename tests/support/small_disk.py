"""A disk that is soon full."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path
from typing import Any


class SmallDisk:
    """A folder that holds few bytes: a small tmpfs where mounting is allowed, else a limit on the size of any file.

    Attributes
    ----------
    options
        What a subprocess gets that is to see it.
    words
        How the system names the failure.
    """

    def __init__(self, folder: Path, megabytes: int):
        self.folder = folder
        self.folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.folder], capture_output=True, check=False
        )
        self._is_mounted = mounted.returncode == 0
        self.options: dict[str, Any] = {}
        self.words = "No space left on device"
        if not self._is_mounted:
            limit = megabytes << 20
            self.options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            self.words = "File too large"

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def close(self) -> None:
        if self._is_mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
            self._is_mounted = False
