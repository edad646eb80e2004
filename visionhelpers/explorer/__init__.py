"""The interactive Explorer, and the comparison of services."""

from typing import TYPE_CHECKING, Any

from .compare import Comparison, compare

if TYPE_CHECKING:
    from .widget import Explorer

__all__ = ["Comparison", "Explorer", "compare"]


def __getattr__(name: str) -> Any:
    if name != "Explorer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .widget import Explorer  # loads ipywidgets

    return Explorer
