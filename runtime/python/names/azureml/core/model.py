"""Models in the local model folder, under Azure ML's name for them."""

from __future__ import annotations

import os
from typing import Any

from _batchscope_names.models import add_model, find_model


class Model:
    """A model in the local model folder.

    Parameters
    ----------
    workspace : object, optional
        Taken as Azure's does, and not used: models lie on this machine.
    name : str
        The name it was registered under.
    version : int, optional
        The newest one when left out.

    Raises
    ------
    FileNotFoundError
        There is no such model; the text says what there is.
    """

    def __init__(self, workspace: Any = None, name: str = "", *, version: int | None = None) -> None:
        if not name:
            raise ValueError("Model(): found no name, expected the name that the model was registered under")
        path, self.version = find_model(name, version)
        self.name = name
        self.workspace = workspace
        self._path = str(path)

    @property
    def id(self) -> str:
        """Name and version, as ``name:version``."""
        return f"{self.name}:{self.version}"

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Any = None) -> str:
        """The path of the model's file, or of its folder when it consists of several files.

        Parameters
        ----------
        model_name : str
            The name it was registered under.
        version : int, optional
            The newest one when left out.

        Raises
        ------
        FileNotFoundError
            There is no such model; the text says where was looked and what there is.
        """
        return str(find_model(model_name, version)[0])

    @staticmethod
    def register(
        workspace: Any = None,
        model_path: str | os.PathLike[str] = "",
        model_name: str = "",
        **_described: Any,
    ) -> Model:
        """Copies a file or folder into the local model folder as the model's next version.

        Parameters
        ----------
        workspace : object, optional
            Taken as Azure's does, and not used.
        model_path : path
            The file or folder.
        model_name : str
            The name to find it by.
        **_described
            Azure's tags, description and the like; not kept.
        """
        _, version = add_model(model_name, model_path)
        return Model(workspace, model_name, version=version)

    def __repr__(self) -> str:
        return f"Model(name={self.name!r}, version={self.version}, path={self._path!r})"
