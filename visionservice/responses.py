"""Responses: JSON with the headers of the API, error responses and exception handlers."""

import logging
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import INSTALL
from .api.version import version_at
from .engines.base import EngineUnavailable, EngineUnreachable
from .errors import (
    ApiError,
    bad_argument,
    internal_error,
    not_available,
    not_found,
    not_reachable,
)
from .gallery.image_store import GalleryError

log = logging.getLogger(__name__)


class JsonResponse(JSONResponse):
    """A JSON response with the media type and the request id of the API."""

    media_type = "application/json; charset=utf-8"

    def __init__(self, request: Request, content: object, status: int = 200, **headers: str):
        base = {"apim-request-id": request.state.id, "x-content-type-options": "nosniff"}
        super().__init__(content, status, base | headers)


def error_response(request: Request, error: ApiError) -> JsonResponse:
    """Return an error as the requested version sends it; its hint goes to a header and the log."""
    path, name = request.scope["path"], request.state.id
    error, content = version_at(path).error_body(error, name, path)
    headers = error.headers.copy()
    if error.hint:
        headers["X-Error-Hint"] = to_ascii_line(error.hint)[:500]
        log.info("Request %s: %s", name, headers["X-Error-Hint"])
    return JsonResponse(request, content, error.status, **headers)


def to_ascii_line(text: str) -> str:
    """Return a text in one line of printable ASCII, with other characters escaped."""
    return re.sub("[^ -~]", lambda found: ascii(found[0])[1:-1], " ".join(text.split()))


async def handle_exception(request: Request, error: Exception) -> Response:
    """Return the response to an exception; log a bug, without the query and the headers."""
    if isinstance(error, ApiError):
        return error_response(request, error)
    if isinstance(error, GalleryError):
        return error_response(request, bad_argument(str(error)))
    if isinstance(error, HTTPException):  # also for a wrong method, as the gateway of Azure does
        return error_response(request, not_found())
    message = str(error) if isinstance(error, EngineUnavailable) else ""
    if isinstance(error, ImportError) and not (error.name or "").startswith(__package__):
        reason = f"The package {error.name!r} is missing" if error.name else str(error)
        message = f"{reason}: {INSTALL}."
    if message:
        log.warning("Request %s: %s", request.state.id, to_ascii_line(str(error)))
        failed = not_reachable if isinstance(error, EngineUnreachable) else not_available
        return error_response(request, failed(message))
    path = to_ascii_line(request.scope["path"])
    log.error("%s %s failed, request %s", request.method, path, request.state.id, exc_info=error)
    return error_response(request, internal_error())


HANDLED = (ApiError, GalleryError, HTTPException, EngineUnavailable, ImportError)
EXCEPTION_HANDLERS = dict.fromkeys((*HANDLED, Exception), handle_exception)
