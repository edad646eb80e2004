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

from dataclasses import dataclass
from typing import Any


class VisionError(Exception):
    """Base class of the errors below; pickle creates them again from their arguments."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ImageError(VisionError):
    """The image cannot be read, or the operation cannot take it."""


class ConfigurationError(VisionError):
    """The endpoint, the key, the API version or the installation cannot be used."""


@dataclass(eq=False)
class TransportError(VisionError):
    """The service sent no complete response; `__cause__` is the error of requests.

    `reason` is "dns", "refused", "tls", "proxy", "timeout", "rate limit", "cut off", or "" for
    another.
    """

    message: str
    reason: str = ""


@dataclass(eq=False)
class ServiceError(VisionError):
    """An error response: HTTP status, error code of the API such as "InvalidImageFormat", message.

    `request_id` is for a support ticket, `retry_after` in seconds, `hint` from the local service.
    """

    status: int
    code: str | None
    message: str
    request_id: str | None = None
    retry_after: float | None = None
    hint: str = ""

    def __str__(self) -> str:
        has_code = self.code and self.code != str(self.status)
        title = f"{self.code} ({self.status})" if has_code else str(self.status)
        check_key = "Check the key, and that it belongs to this endpoint."
        advice = check_key if self.status == 401 else self.hint
        message = f"{self.message.rstrip('.')}. {advice}" if advice else self.message
        return f"{title}: {message}"


@dataclass(eq=False)
class OperationFailedError(VisionError):
    """A long-running operation ended with the status Failed; `result` is its final JSON."""

    message: str
    result: dict[str, Any]


@dataclass(eq=False)
class OperationTimeoutError(VisionError):
    """A long-running operation did not end within `seconds`; `location` is the URL to poll."""

    message: str
    seconds: float
    location: str


class VisionWarning(UserWarning):
    """The client changed a request, for example by resizing the image."""


def not_installed(feature: str, package: str | None, extra: str) -> ConfigurationError:
    """Return the error for a feature that needs an extra of this package."""
    advice = f'run pip install ".[{extra}]" in the checkout of visionhelpers'
    return ConfigurationError(f"{feature} is not installed ({package} is missing): {advice}")


def format_error(error: BaseException) -> str:
    """Return the message of an error on one line, after its type if it is not a VisionError."""
    message = " ".join(str(error).split())
    known = isinstance(error, VisionError) and message
    return message if known else f"{type(error).__name__}: {message}"
