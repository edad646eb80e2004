"""Run one operation on many images, from Python or the command line."""

from .run import BatchResult, BatchRun, run_batch

__all__ = ["BatchResult", "BatchRun", "run_batch"]
