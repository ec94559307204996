"""The names of Azure ML's core package that entry scripts use, on this machine alone."""

from azureml.core.model import Model
from azureml.core.run import Run

__all__ = ["Model", "Run"]
