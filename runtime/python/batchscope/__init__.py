"""A parallel batch engine you can look inside.

>>> from batchscope import ParallelRunConfig, ParallelRunStep
>>> config = ParallelRunConfig(entry_script="digits.py", error_threshold=10, mini_batch_size=20)
>>> run = ParallelRunStep("digits", config, inputs=["images"]).submit()
>>> run.wait()
'completed'
>>> run.read_output(), run.errors, run.mini_batches()
"""

from batchscope._names import add_names_to_path, register_model
from batchscope.dataset import FileDataset
from batchscope.errors import BatchscopeError, ConfigurationError, RunFailed
from batchscope.run import Run, get_run, runs
from batchscope.step import ParallelRunConfig, ParallelRunStep, load_step

__all__ = [
    "BatchscopeError",
    "ConfigurationError",
    "FileDataset",
    "ParallelRunConfig",
    "ParallelRunStep",
    "Run",
    "RunFailed",
    "get_run",
    "load_step",
    "register_model",
    "runs",
]

add_names_to_path()
