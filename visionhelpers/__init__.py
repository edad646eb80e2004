"""Computer Vision from a notebook: requests, drawing, and a local service to ask."""

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
from .images import Credit, Picture, load_image, sample, samples

if TYPE_CHECKING:
    from .batch.many import run_batch
    from .drawing.draw import draw_caption, draw_faces, draw_lines, draw_words
    from .explorer.compare import compare
    from .explorer.widget import Explorer

__all__ = [
    "ConfigurationError",
    "Credit",
    "Explorer",
    "ImageError",
    "OperationFailedError",
    "OperationTimeoutError",
    "Picture",
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
    "draw_words",
    "load_image",
    "run_batch",
    "sample",
    "samples",
]

_LATE = {
    "Explorer": "explorer.widget",
    "run_batch": "batch.many",
    "compare": "explorer.compare",
    "draw_caption": "drawing.draw",
    "draw_faces": "drawing.draw",
    "draw_lines": "drawing.draw",
    "draw_words": "drawing.draw",
}
"""What is imported at its first use, because it brings pyplot, ipywidgets or tqdm along."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_LATE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
