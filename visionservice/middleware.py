"""What every request passes first: one spelling of its path, the host it names, its key."""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable
from secrets import compare_digest
from time import monotonic
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .api import version_at
from .api.query import Query
from .errors import (
    KEY_HEADER,
    ApiError,
    access_denied,
    bad_argument,
    shutting_down,
    too_many_requests,
)
from .settings import LOOPBACK as LOOPBACK
from .settings import Rate, ServiceSettings

_NETLOC = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


class Json(JSONResponse):
    """A JSON answer with the media type and the request id that the API gives it."""

    media_type = "application/json; charset=utf-8"

    def __init__(self, request: Request, content: object, status: int = 200, **headers: str):
        headers = {
            "apim-request-id": request.state.id,
            "x-content-type-options": "nosniff",
        } | headers
        super().__init__(content, status, headers)


def error_response(request: Request, refusal: ApiError) -> Json:
    """Return the answer that says no, in the form of the version asked."""
    path = request.scope["path"]
    said = version_at(path).error_body(refusal, request.state.id, path)
    return Json(request, said.content, said.status, **refusal.headers, **said.headers)


class IdleTimer:
    """How many requests are being answered, and since when there are none."""

    def __init__(self) -> None:
        self._requests = 0
        self._since = monotonic()

    def __enter__(self) -> None:
        self._requests += 1

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        self._since = monotonic()

    @property
    def idle(self) -> float:
        """The seconds without a request, zero while there is one."""
        return 0.0 if self._requests else monotonic() - self._since


class RateLimiter:
    """Counts requests against a rate in a sliding window; used from one event loop."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._times: deque[float] = deque()

    def acquire(self) -> int:
        """Count a request; return 0, or the seconds after which the rate allows it."""
        if self._rate is None:
            return 0
        now = self._clock()
        while self._times and self._times[0] <= now - self._rate.seconds:
            self._times.popleft()
        if len(self._times) >= self._rate.requests:
            return math.ceil(self._times[0] + self._rate.seconds - now)
        self._times.append(now)
        return 0


class ApiKeyMiddleware:
    """Middleware that lets through who names this host and, but for samples, brings the key."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: str,
        settings: ServiceSettings,
        idle_timer: IdleTimer,
    ) -> None:
        self._app = app
        self._key = key.encode()
        self._hosts = settings.hosts
        self._idle_timer = idle_timer
        self._latency = settings.latency
        self._limiter = RateLimiter(Rate.parse(settings.rate) if settings.rate else None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on with an id and one spelling of its path."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope["path"] = normalize_path(scope["path"])
        request = Request(scope)
        request.state.id = str(uuid4())
        with self._idle_timer:
            try:
                self._check(request)
            except ApiError as refusal:
                return await error_response(request, refusal)(scope, receive, send)
            try:
                if not _is_open(scope["path"]):
                    await asyncio.sleep(self._latency)
                return await self._app(scope, receive, send)
            except asyncio.CancelledError:  # dropped: the service ends, or the client has gone
                return await error_response(request, shutting_down())(scope, receive, send)

    def _check(self, request: Request) -> None:
        named = request.headers.get("host", "")
        if parse_host(named) not in self._hosts:
            message = f"This service rejects the host name {named[:80]!r}"
            remedy = "if that is its name, start it with --allow-host and that name, without a port"
            raise bad_argument(f"{message}: {remedy}.")
        path = request.scope["path"]
        if _is_open(path):
            return
        given = request.headers.get(KEY_HEADER)
        given = given or Query(request.query_params.multi_items()).text("subscription-key")
        if not compare_digest(given.encode(), self._key):
            raise access_denied()
        if seconds := self._limiter.acquire():
            api = f"the Computer Vision API ({version_at(path).name})"
            reason = f"Requests to {api} have exceeded the rate limit of this service"
            raise too_many_requests(seconds, reason)


def _is_open(path: str) -> bool:
    return path == "/health" or path.startswith("/samples/")


def normalize_path(path: str) -> str:
    """Return a path without doubled slashes, that of the API in lower case as well."""
    path = re.sub("/{2,}", "/", path)
    if path.lower().startswith(("/vision/", "/computervision/")):
        path = path.lower()
    return path.rstrip("/") or "/"


def parse_host(netloc: str) -> str:
    """Return the host of "host:port" in lower case, without brackets; empty when malformed."""
    found = _NETLOC.fullmatch(netloc)
    return (found[1] or found[2]).lower() if found else ""
