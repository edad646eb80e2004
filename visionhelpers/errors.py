"""What can go wrong, as a small tree.

VisionError
├── ImageError             the picture cannot be read on this side
├── ConfigurationError            the endpoint, its key or its version cannot be used
├── TransportError            no answer: refused, cut off, or too late
├── ServiceError           an answer that says no: status, code, message, request id
├── OperationFailedError     a long-running operation ended in Failed
└── OperationTimeoutError    a long-running operation did not end in time

and one warning:

VisionWarning                something was done that the caller may want to know
"""

from __future__ import annotations

from typing import Any


class VisionError(Exception):
    """Anything that visionhelpers raises on purpose."""


class ImageError(VisionError):
    """The picture cannot be read on this side."""


class ConfigurationError(VisionError):
    """The endpoint, its key or its version cannot be used."""


class TransportError(VisionError):
    """The service did not answer: it refused the connection, cut it off, or was too late."""


class ServiceError(VisionError):
    """The service answered, and said no."""

    def __init__(
        self, status: int, code: str | None, message: str, request_id: str | None = None
    ) -> None:
        super().__init__(status, code, message, request_id)  # all four: pickle rebuilds from them
        self.status, self.code, self.message, self.request_id = status, code, message, request_id

    def __str__(self) -> str:
        named = self.code and self.code != str(self.status)
        said = f"{self.code} ({self.status})" if named else str(self.status)
        advice = " Check the key, and that it belongs to this endpoint."
        return f"{said}: {self.message}" + (advice if self.status == 401 else "")


class OperationFailedError(VisionError):
    """A long-running operation ended in Failed; `answer` is the service's last word on it."""

    def __init__(self, message: str, answer: dict[str, Any]) -> None:
        super().__init__(message, answer)
        self.answer = answer

    def __str__(self) -> str:
        return str(self.args[0])


class OperationTimeoutError(VisionError):
    """A long-running operation did not end in time: `location` says where to go on asking."""

    def __init__(self, message: str, seconds: float, location: str) -> None:
        super().__init__(message, seconds, location)
        self.seconds, self.location = seconds, location

    def __str__(self) -> str:
        return str(self.args[0])


class VisionWarning(UserWarning):
    """Something was done that the caller may want to know, such as scaling a picture down."""


def sentence(error: BaseException) -> str:
    """Return on one line what an error says, and its kind if it is not one of ours."""
    said = " ".join(str(error).split())
    return said if isinstance(error, VisionError) and said else f"{type(error).__name__}: {said}"
