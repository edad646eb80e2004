"""What can go wrong, as a small tree.

VisionError
├── PictureError             the picture cannot be read on this side
├── EndpointError            the endpoint, its key or its version cannot be used
├── NoAnswerError            no answer: refused, cut off, or too late
├── BadAnswerError           an answer that says no: status, code, message, request id
├── OperationFailedError     a long-running operation ended in Failed
└── OperationTimeoutError    a long-running operation did not end in time
"""

from __future__ import annotations


class VisionError(Exception):
    """Anything that visionhelpers raises on purpose."""


class PictureError(VisionError):
    """The picture cannot be read on this side."""
