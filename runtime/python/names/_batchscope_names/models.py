"""The local model folder: ``<models>/<name>/<version>/<file or folder>``."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*")


class ModelNotFound(FileNotFoundError):
    """No model of that name and version lies in any of the places searched; the text names them and what they hold."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def models_folder() -> Path:
    """Where models are put: $BATCHSCOPE_MODELS, else ``models`` in Batchscope's home.

    The home is $BATCHSCOPE_HOME, else $XDG_DATA_HOME/batchscope, else ~/.local/share/batchscope.
    """
    if models := os.environ.get("BATCHSCOPE_MODELS"):
        return Path(models).absolute()
    if home := os.environ.get("BATCHSCOPE_HOME"):
        return Path(home).absolute() / "models"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "batchscope" / "models"


def find_model(name: str, version: int | None = None) -> tuple[Path, int]:
    """A model's file (or folder), and its version; the newest version when none is given.

    Searched are, in this order: the model folder a step was given ($AZUREML_MODEL_DIR), the local model folder, and in
    the working directory ``azureml-models`` and the model's own name. A model without numbered folders has version 1.

    Raises
    ------
    ModelNotFound
        The text says where was looked, and what there is.
    """
    places = list(_places(name))
    versions: set[int] = set()
    for place in places:
        found = _versions(place)
        versions |= found.keys()
        wanted = max(found, default=None) if version is None else int(version)
        if wanted in found:
            return found[wanted], wanted
    raise ModelNotFound(_not_found(name, version, versions, places))


def add_model(name: str, path: str | os.PathLike[str]) -> tuple[Path, int]:
    """Copies a file or folder into the local model folder as the model's next version; its place and the version.

    Raises
    ------
    ValueError
        The name is none that a folder can have everywhere.
    FileNotFoundError
        There is nothing at `path`.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a model's name: found {name!r}, expected letters, digits, '-', '_', '.', the first no sign")
    source = Path(path).absolute()
    if not source.exists():
        raise FileNotFoundError(f"register the model {name!r}: found nothing at {source}, expected a file or a folder")
    home = models_folder() / name
    home.mkdir(parents=True, exist_ok=True)
    # The version appears whole or not at all: it is copied beside its place and then renamed.
    fresh = home / f".new-{uuid.uuid4().hex}"
    fresh.mkdir()
    try:
        if source.is_dir():
            shutil.copytree(source, fresh / source.name)
        else:
            shutil.copy2(source, fresh / source.name)
        version = max((int(each.name) for each in home.iterdir() if each.name.isdecimal()), default=0) + 1
        while True:
            try:
                fresh.rename(home / str(version))
                return home / str(version) / source.name, version
            except OSError:
                if not (home / str(version)).exists():
                    raise
                version += 1  # Another process was quicker with this one.
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _places(name: str) -> Iterator[Path]:
    if given := os.environ.get("AZUREML_MODEL_DIR"):
        folder = Path(given).absolute()
        yield folder / name
        # A step with one model may be given that model's own folder, or one version of it.
        if folder.name == name:
            yield folder
        elif folder.name.isdecimal() and folder.parent.name == name:
            yield folder.parent
    yield models_folder() / name
    yield Path.cwd() / "azureml-models" / name
    yield Path.cwd() / name


def _versions(place: Path) -> dict[int, Path]:
    """What lies at one place: each version and its content."""
    if place.is_file():
        return {1: place}
    if not place.is_dir():
        return {}
    entries = [each for each in place.iterdir() if not each.name.startswith(".")]
    numbered = {int(each.name): _content(each) for each in entries if each.name.isdecimal() and each.is_dir()}
    return numbered or ({1: _content(place)} if entries else {})


def _content(folder: Path) -> Path:
    """The one thing in the folder, or the folder when there are several."""
    entries = [each for each in folder.iterdir() if not each.name.startswith(".")]
    return entries[0] if len(entries) == 1 else folder


def _not_found(name: str, version: int | None, versions: set[int], places: list[Path]) -> str:
    home = models_folder()
    if versions:
        there = ", ".join(str(each) for each in sorted(versions))
        return f"the model {name!r} has no version {version}; there are: {there} (looked in {_listed(places)})"
    names = sorted(each.name for each in home.iterdir() if each.is_dir()) if home.is_dir() else []
    near = difflib.get_close_matches(name, names, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    there = ", ".join(names[:20]) if names else "none yet"
    return (
        f"there is no model named {name!r}{hint}; models in {home}: {there}. Looked in {_listed(places)}. "
        f"Put it there with batchscope.register_model({name!r}, path)."
    )


def _listed(places: list[Path]) -> str:
    return ", ".join(str(each) for each in dict.fromkeys(places))
