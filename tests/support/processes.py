"""Which processes have to do with a folder: those that work in it, hold a file of it open, or were told its name."""

from __future__ import annotations

import os
from pathlib import Path

from support.waiting import wait_for


def _links_of(process: Path) -> list[str]:
    links = []
    for link in [process / "cwd", *(process / "fd").iterdir()]:
        try:
            links.append(os.readlink(link))
        except OSError:
            continue
    return links


def processes_of(folder: Path) -> dict[int, str]:
    """The living processes that belong to `folder`, apart from this one: pid to command line."""
    found = {}
    name = os.fsencode(folder)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if (process / "stat").read_bytes().rpartition(b") ")[2].startswith((b"Z", b"X")):
                continue
            command = (process / "cmdline").read_bytes()
            told = name in command or name in (process / "environ").read_bytes()
            if told or any(link.startswith(f"{folder}/") for link in _links_of(process)):
                found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended while we looked
            continue
    return found


def wait_until_gone(folder: Path) -> None:
    """Returns when no process of the folder is alive; fails with their command lines."""
    try:
        wait_for("end of the processes", lambda: not processes_of(folder))
    except AssertionError as problem:
        raise AssertionError(f"{problem}: {processes_of(folder)}") from None
