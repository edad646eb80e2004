"""The exceptions that visionhelpers raises.

VisionError
├── ImageError               the image cannot be read, or the operation cannot take it
├── ConfigurationError       the endpoint, key, version or installation cannot be used
├── TransportError           no response: refused, cut off, or too late
├── ServiceError             an error response: status, code, message, request id
├── OperationFailedError     a long-running operation ended with the status Failed
└── OperationTimeoutError    a long-running operation did not end in time

VisionWarning                the client changed a request, for example by resizing the image

Wrong arguments raise ValueError or TypeError.
"""

from __future__ import annotations

from typing import Any


class VisionError(Exception):
    """Base class; the first argument is the message, and pickle needs the others."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ImageError(VisionError):
    """The image cannot be read, or the operation cannot take it."""


class ConfigurationError(VisionError):
    """The endpoint, the key, the API version or the installation cannot be used."""


class TransportError(VisionError):
    """The service sent no complete response; `__cause__` is the error of requests.

    Attributes:
        reason: "dns", "refused", "tls", "proxy", "timeout", "rate limit", "cut off", or "" for
            another.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message, reason)
        self.reason = reason


class ServiceError(VisionError):
    """An error response of the service.

    Attributes:
        status: HTTP status code.
        code: Error code of the API, such as "InvalidImageFormat".
        message: Message of the service.
        request_id: Id of the request, for a support ticket.
        retry_after: Seconds until the service takes the next request, from Retry-After.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, message, request_id, retry_after)
        self.status, self.code, self.message = status, code, message
        self.request_id, self.retry_after = request_id, retry_after

    def __str__(self) -> str:
        has_code = self.code and self.code != str(self.status)
        title = f"{self.code} ({self.status})" if has_code else str(self.status)
        advice = " Check the key, and that it belongs to this endpoint."
        return f"{title}: {self.message}" + (advice if self.status == 401 else "")


class OperationFailedError(VisionError):
    """A long-running operation ended with the status Failed; `result` is its final JSON."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message, result)
        self.result = result


class OperationTimeoutError(VisionError):
    """A long-running operation did not end within `seconds`; `location` is the URL to poll."""

    def __init__(self, message: str, seconds: float, location: str) -> None:
        super().__init__(message, seconds, location)
        self.seconds, self.location = seconds, location


class VisionWarning(UserWarning):
    """The client changed a request, for example by resizing the image."""


def format_error(error: BaseException) -> str:
    """Return the message of an error on one line, after its type if it is not a VisionError."""
    message = " ".join(str(error).split())
    known = isinstance(error, VisionError) and message
    return message if known else f"{type(error).__name__}: {message}"
