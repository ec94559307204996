"""The names scripts import, for the process that imports batchscope."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def add_names_to_path() -> None:
    """Puts the folder of the names last on sys.path, so that real packages of these names win."""
    here = Path(__file__).absolute().parent
    folder = here / "names"  # where they are installed; in the sources they lie beside the package
    names = str(folder if folder.is_dir() else here.parent / "names")
    if names not in sys.path:
        sys.path.append(names)


def register_model(name: str, path: str | os.PathLike[str]) -> Path:
    """Copies a file or folder into the local model folder as the model's next version; its place there.

    Scripts find it with ``azureml.core.Model.get_model_path(name)``. The folder is $BATCHSCOPE_MODELS, else ``models``
    in $BATCHSCOPE_HOME, else in ~/.local/share/batchscope.

    Raises
    ------
    ValueError
        The name is none that a folder can have everywhere.
    FileNotFoundError
        There is nothing at `path`.
    """
    from _batchscope_names.models import add_model

    return add_model(name, path)[0]
