"""ParallelRunConfig, which is Batchscope's own."""

from batchscope import ParallelRunConfig

__all__ = ["ParallelRunConfig"]
