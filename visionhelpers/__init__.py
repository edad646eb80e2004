"""Computer Vision from Python: a client, drawing, and a local service that needs no key."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .client import VisionClient
from .connect import connect
from .errors import (
    ConfigurationError,
    ImageError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
    VisionError,
    VisionWarning,
)
from .images import ImageInput, load_image, sample_credits, sample_path
from .results import text

if TYPE_CHECKING:
    from .batch import run_batch
    from .drawing import draw_caption, draw_faces, draw_lines, draw_objects, draw_words
    from .explorer.compare import compare
    from .explorer.widget import Explorer

__version__ = "0.1.0"
__all__ = [
    "ConfigurationError",
    "Explorer",
    "ImageError",
    "ImageInput",
    "OperationFailedError",
    "OperationTimeoutError",
    "ServiceError",
    "TransportError",
    "VisionClient",
    "VisionError",
    "VisionWarning",
    "compare",
    "connect",
    "draw_caption",
    "draw_faces",
    "draw_lines",
    "draw_objects",
    "draw_words",
    "load_image",
    "run_batch",
    "sample_credits",
    "sample_path",
    "text",
]

_LAZY = {name: "drawing" for name in __all__ if name.startswith("draw_")}
_LAZY |= {"Explorer": "explorer.widget", "compare": "explorer.compare", "run_batch": "batch"}
"""Modules imported at first use, because they load matplotlib, ipywidgets or tqdm."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
