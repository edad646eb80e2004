"""Responses: JSON with the headers of the API, error responses and exception handlers."""

from __future__ import annotations

import logging
import re

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from . import INSTALL
from .api import version_at
from .engines.base import EngineUnavailable
from .errors import ApiError, bad_argument, internal_error, not_available, not_found
from .gallery.gallery import GalleryError

log = logging.getLogger(__name__)

HINT_HEADER = "X-Error-Hint"
MAX_HINT_CHARACTERS = 500


class JsonResponse(JSONResponse):
    """A JSON response with the media type and the request id of the API."""

    media_type = "application/json; charset=utf-8"

    def __init__(self, request: Request, content: object, status: int = 200, **headers: str):
        headers = {
            "apim-request-id": request.state.id,
            "x-content-type-options": "nosniff",
        } | headers
        super().__init__(content, status, headers)


def error_response(request: Request, error: ApiError) -> JsonResponse:
    """Return an error in the form of the requested version; its hint goes to a header and the log.

    No stack trace leaves the service.
    """
    path, name = request.scope["path"], request.state.id
    body = version_at(path).error_body(error, name, path)
    headers = {**error.headers, **body.headers}
    if hint := body.hint or error.hint:
        headers[HINT_HEADER] = to_ascii_line(hint)[:MAX_HINT_CHARACTERS]
        log.info("Request %s: %s", name, headers[HINT_HEADER])
    return JsonResponse(request, body.content, body.status, **headers)


def to_ascii_line(text: str) -> str:
    """Return a text in one line of printable ASCII, with other characters escaped."""
    return re.sub("[^ -~]", lambda found: ascii(found[0])[1:-1], " ".join(text.split()))


async def _handle_api_error(request: Request, error: Exception) -> Response:
    return error_response(request, error if isinstance(error, ApiError) else internal_error())


async def _handle_gallery_error(request: Request, error: Exception) -> Response:
    return error_response(request, bad_argument(str(error)))


async def _handle_unknown_path(request: Request, _: Exception) -> Response:
    """Return 404, also for a wrong method, as the gateway of Azure does."""
    return error_response(request, not_found())


async def _handle_missing_package(request: Request, error: Exception) -> Response:
    """Return 501 with the name of the missing package or model."""
    message = str(error)
    if isinstance(error, ImportError):
        if (error.name or "").startswith(__package__):
            return await _handle_bug(request, error)
        message = f"The package {error.name!r} is missing: {INSTALL}."
    log.warning("Request %s: %s", request.state.id, to_ascii_line(str(error)))
    return error_response(request, not_available(message))


async def _handle_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _handle_bug(request: Request, error: Exception) -> Response:
    """Return 500 without details; log them, without query and headers."""
    path, name = to_ascii_line(request.scope["path"]), request.state.id
    log.error("%s %s failed, request %s", request.method, path, name, exc_info=error)
    return error_response(request, internal_error())


EXCEPTION_HANDLERS = {
    ApiError: _handle_api_error,
    GalleryError: _handle_gallery_error,
    404: _handle_unknown_path,
    405: _handle_unknown_path,
    EngineUnavailable: _handle_missing_package,
    ImportError: _handle_missing_package,
    ClientDisconnect: _handle_disconnect,
    Exception: _handle_bug,
}
