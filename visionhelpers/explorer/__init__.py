"""The interactive Explorer, in `widget`, and the comparison of services."""

from .compare import Comparison, compare

__all__ = ["Comparison", "compare"]
