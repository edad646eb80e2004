"""Whatever a request runs into, as an answer; no stack trace ever leaves the service."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from . import INSTALL
from .engines.base import EngineUnavailable
from .errors import ApiError, internal_error, not_available, not_found
from .middleware import error_response

log = logging.getLogger(__name__)


async def _refused(request: Request, error: Exception) -> Response:
    return error_response(request, error if isinstance(error, ApiError) else internal_error())


async def _nowhere(request: Request, _: Exception) -> Response:
    """Answer an unknown path, and a known one with the wrong method, as the gateway does."""
    return error_response(request, not_found())


async def _lacking(request: Request, error: Exception) -> Response:
    """Name the package that this installation would need."""
    message = str(error)
    if isinstance(error, ImportError):
        if (error.name or "").startswith(__package__):
            return await _broken(request, error)
        message = f"This needs the package {error.name!r}: {INSTALL}."
        log.warning("%s (%s)", message, error)
    return error_response(request, not_available(message))


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _broken(request: Request, error: Exception) -> Response:
    """Say nothing of an unforeseen failure but that it is in the log, without query or headers."""
    path, name = request.scope["path"], request.state.id
    log.error("%s %s failed, request %s", request.method, path, name, exc_info=error)
    return error_response(request, internal_error())


HANDLERS = {
    ApiError: _refused,
    404: _nowhere,
    405: _nowhere,
    EngineUnavailable: _lacking,
    ImportError: _lacking,
    ClientDisconnect: _gone,
    Exception: _broken,
}
