"""The place where older notebooks find a step and its configuration."""

from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

__all__ = ["ParallelRunConfig", "ParallelRunStep"]
