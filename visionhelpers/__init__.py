"""Computer Vision from a notebook: requests, drawing, and a local service to ask."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .client import VisionClient
from .connection import connect
from .errors import (
    BadAnswerError,
    EndpointError,
    NoAnswerError,
    OperationFailedError,
    OperationTimeoutError,
    PictureError,
    VisionError,
    VisionWarning,
)
from .images import Credit, Picture, load_image, sample, samples

if TYPE_CHECKING:
    from .comparison import compare
    from .draw import draw_caption, draw_faces, draw_lines, draw_words
    from .explorer import Explorer
    from .many import analyze_many

__all__ = [
    "BadAnswerError",
    "Credit",
    "EndpointError",
    "Explorer",
    "NoAnswerError",
    "OperationFailedError",
    "OperationTimeoutError",
    "Picture",
    "PictureError",
    "VisionClient",
    "VisionError",
    "VisionWarning",
    "analyze_many",
    "compare",
    "connect",
    "draw_caption",
    "draw_faces",
    "draw_lines",
    "draw_words",
    "load_image",
    "sample",
    "samples",
]

_LATE = {
    "Explorer": "explorer",
    "analyze_many": "many",
    "compare": "comparison",
    "draw_caption": "draw",
    "draw_faces": "draw",
    "draw_lines": "draw",
    "draw_words": "draw",
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
