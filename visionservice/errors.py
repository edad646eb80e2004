"""API errors: HTTP status, API code, Microsoft's message, and a hint of this service.

ApiError
├── GatewayError    401, 404, 429, 503: sent in the form of Azure's gateway
└── all others      sent in the form of the requested API version

`message` is Microsoft's text where it is known. `hint` names the cause and the remedy; the response
carries it in the header X-Error-Hint. The codes are those of all API versions together; each
version's `error_body` replaces the codes that it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

KEY_HEADER = "Ocp-Apim-Subscription-Key"


class ApiError(Exception):
    """An error response: HTTP status, API code, message, extra headers and a hint."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.hint = hint


class GatewayError(ApiError):
    """An error response of the gateway; the code is the status."""


class FileSizeError(ApiError):
    """The body is empty, or the image has too many bytes; 4.0 has one message for both."""


def access_denied(realm: str = "") -> GatewayError:
    """Return 401 for a missing or wrong key; the realm is the URL of the API."""
    realm = f'realm="{realm}",' if realm else ""
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide "
        "a valid key for an active subscription and use a correct regional API endpoint for your "
        "resource."
    )
    scheme = f'AzureApiManagementKey {realm}name="{KEY_HEADER}",type="header"'
    return GatewayError(401, "401", message, {"WWW-Authenticate": scheme})


def not_found(hint: str = "") -> GatewayError:
    """Return 404 for an unknown path."""
    return GatewayError(404, "404", "Resource not found", hint=hint)


def too_many_requests(seconds: int, reason: str) -> GatewayError:
    """Return 429 with Retry-After; the reason is a sentence without its full stop."""
    unit = "second" if seconds == 1 else "seconds"
    message = f"{reason}. Please retry after {seconds} {unit}."
    return GatewayError(429, "429", message, {"Retry-After": str(seconds)})


def shutting_down() -> GatewayError:
    """Return 503 because the service is shutting down."""
    message = "The service is shutting down. Please retry after 1 second."
    return GatewayError(503, "503", message, {"Retry-After": "1"})


def bad_argument(message: str, hint: str = "") -> ApiError:
    """Return 400 for an invalid parameter or body."""
    return ApiError(400, "BadArgument", message, hint=hint)


def invalid_image_url(message: str, hint: str = "") -> ApiError:
    """Return 400 for a URL that is malformed or does not lead to an image."""
    return ApiError(400, "InvalidImageUrl", message, hint=hint)


def invalid_image_format(message: str, hint: str = "") -> ApiError:
    """Return 400 for data that is not a complete image in a format of the API."""
    return ApiError(400, "InvalidImageFormat", message, hint=hint)


def invalid_image_size(message: str, hint: str = "") -> ApiError:
    """Return 400 for an image with too many bytes, or with too few or too many pixels."""
    return ApiError(400, "InvalidImageSize", message, hint=hint)


def empty_body() -> ApiError:
    """Return 400 for a request without a body."""
    message = "The request has no body; send an image or the URL of an image."
    return FileSizeError(400, "BadArgument", message)


def too_many_bytes(max_bytes: int, hint: str = "") -> ApiError:
    """Return 400 for an image of more than `max_bytes` bytes."""
    message = f"The image must be smaller than {(max_bytes + 1) // 1024**2} MB."
    return FileSizeError(400, "InvalidImageSize", message, hint=hint)


def not_supported_language(message: str, hint: str = "") -> ApiError:
    """Return 400 for a language that the API or this service does not support."""
    return ApiError(400, "NotSupportedLanguage", message, hint=hint)


def not_available(message: str) -> ApiError:
    """Return 501 for a model that this installation lacks; a retry fails as well."""
    return ApiError(501, "FailedToProcess", message)


def internal_error() -> ApiError:
    """Return 500 without details."""
    return ApiError(500, "InternalServerError", "The service failed; its log has the details.")
