"""ParallelRunStep, which is Batchscope's own."""

from batchscope import ParallelRunStep

__all__ = ["ParallelRunStep"]
