"""Runs in our kernel need its notebook, and a folder with files and scripts."""

from e2e.kernel.conftest import Notebook, kernelspec, notebook, own_notebook

__all__ = ["Notebook", "kernelspec", "notebook", "own_notebook"]
