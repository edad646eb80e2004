"""API errors: HTTP status, API code, message, and a hint of this service.

`message` is Microsoft's text where it is known. `hint` names the cause and the remedy; the response
carries it in the header X-Error-Hint. A code that an API version lacks is replaced in its response.
"""

from functools import partial

KEY_HEADER = "Ocp-Apim-Subscription-Key"


class ApiError(Exception):
    """An error response in the form of the requested API version."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", **headers: str):
        super().__init__(message)
        self.status, self.code, self.message, self.hint = status, code, message, hint
        self.headers = headers


class GatewayError(ApiError):
    """An error response in the form of Azure's gateway; the code is the status."""


class FileSizeError(ApiError):
    """The body is empty, or the image has too many bytes; 4.0 has one message for both."""


bad_argument = partial(ApiError, 400, "BadArgument")
invalid_image_url = partial(ApiError, 400, "InvalidImageUrl")
invalid_image_size = partial(ApiError, 400, "InvalidImageSize")
not_supported_language = partial(ApiError, 400, "NotSupportedLanguage")
not_available = partial(ApiError, 501, "FailedToProcess")
not_reachable = partial(ApiError, 502, "FailedToProcess")
"""The errors by their codes; the arguments are the message and the hint."""
internal_error = partial(ApiError, 500, "InternalServerError", "The service failed; see its log.")
invalid_image_format = partial(
    ApiError, 400, "InvalidImageFormat", "Input data is not a valid image."
)
not_found = partial(GatewayError, 404, "404", "Resource not found")
"""The errors with a fixed message; the argument is the hint."""


def invalid_parameter(
    name: str, value: str, use: str, code: str = "BadArgument", hint: str = ""
) -> ApiError:
    """Return 400 for a parameter with an invalid value."""
    return ApiError(400, code, f"Invalid {name} {value[:40]!r}: use {use}.", hint)


def too_many_bytes(max_bytes: int, hint: str = "") -> ApiError:
    """Return 400 for an image of more than `max_bytes` bytes."""
    message = f"The image must be smaller than {(max_bytes + 1) // 1024**2} MB."
    return FileSizeError(400, "InvalidImageSize", message, hint)


def access_denied(realm: str) -> GatewayError:
    """Return 401 for a missing or wrong key; the realm is the URL of the API."""
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide "
        "a valid key for an active subscription and use a correct regional API endpoint for your "
        "resource."
    )
    scheme = f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'
    return GatewayError(401, "401", message, **{"WWW-Authenticate": scheme})


def retry_later(status: int, seconds: int, reason: str) -> GatewayError:
    """Return an error with Retry-After; the reason is a sentence without its full stop."""
    message = f"{reason}. Please retry after {seconds} second{'s' * (seconds != 1)}."
    return GatewayError(status, str(status), message, **{"Retry-After": str(seconds)})


too_many_requests = partial(retry_later, 429)
shutting_down = partial(retry_later, 503, 1, "The service is shutting down")
