"""Run one operation on many images, from Python or the command line."""

from .run import BatchRun, run_batch
from .worker import BatchResult

__all__ = ["BatchResult", "BatchRun", "run_batch"]
