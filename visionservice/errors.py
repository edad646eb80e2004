"""What the service says no with: a status, a code of the API, and a sentence.

ApiError
├── GatewayError    401, 404, 429, 503: said before the API itself is reached, in the gateway's form
└── everything else: said by the API, in the form of the version that was asked

The codes are those of the newest API; each module of `wire` knows which of them its own version
has, and what to say in place of the others.
"""

from __future__ import annotations

from collections.abc import Mapping

KEY_HEADER = "Ocp-Apim-Subscription-Key"


class ApiError(Exception):
    """A refusal with an HTTP status, a code of the API and a message for its reader."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class GatewayError(ApiError):
    """A refusal by what stands before the API; its code is the status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, str(status), message, headers)


def access_denied() -> GatewayError:
    """Refuse a request whose key is missing or wrong."""
    return GatewayError(
        401,
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide "
        "a valid key for an active subscription and use a correct regional API endpoint for your "
        "resource.",
        {"WWW-Authenticate": f'AzureApiManagementKey name="{KEY_HEADER}",type="header"'},
    )


def not_found(what: str = "") -> GatewayError:
    """Refuse a path that leads nowhere."""
    return GatewayError(404, f"Resource not found{': ' + what if what else ''}")


def too_many_requests(seconds: int, reason: str) -> GatewayError:
    """Refuse a request for now; the reason is a sentence without its full stop."""
    unit = "second" if seconds == 1 else "seconds"
    message = f"{reason}. Please retry after {seconds} {unit}."
    return GatewayError(429, message, {"Retry-After": str(seconds)})


def shutting_down() -> GatewayError:
    """Refuse a request because the service is about to end."""
    message = "This service is shutting down and begins nothing more. Please retry after 1 second."
    return GatewayError(503, message, {"Retry-After": "1"})


def bad_argument(message: str) -> ApiError:
    """Refuse a parameter or a body that makes no sense."""
    return ApiError(400, "BadArgument", message)


def invalid_image_url(message: str) -> ApiError:
    """Refuse an address that is malformed or leads to no picture."""
    return ApiError(400, "InvalidImageUrl", message)


def invalid_image_format(message: str) -> ApiError:
    """Refuse bytes that are not a whole picture in a format of the API."""
    return ApiError(400, "InvalidImageFormat", message)


def invalid_image_size(message: str) -> ApiError:
    """Refuse a picture of too many bytes, or of too few or too many pixels."""
    return ApiError(400, "InvalidImageSize", message)


def not_supported_language(message: str) -> ApiError:
    """Refuse a language that the API or this service does not know."""
    return ApiError(400, "NotSupportedLanguage", message)


def not_available(message: str) -> ApiError:
    """Refuse what this installation lacks a model for; retrying would not help."""
    return ApiError(501, "FailedToProcess", message)


def internal_error() -> ApiError:
    """Say that the service itself failed, without saying how."""
    return ApiError(500, "InternalServerError", "The service failed; its log says why.")
