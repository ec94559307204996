"""A step and its configuration, under Azure ML's names; they are Batchscope's own."""

from azureml.pipeline.steps.parallel_run_config import ParallelRunConfig
from azureml.pipeline.steps.parallel_run_step import ParallelRunStep

__all__ = ["ParallelRunConfig", "ParallelRunStep"]
