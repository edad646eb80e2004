"""Middleware: normalizes the path, checks Host, API key and rate, and logs the request."""

import asyncio
import logging
import math
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from secrets import compare_digest
from time import monotonic
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import errors
from .api.query import Query
from .api.version import version_at
from .responses import error_response, to_ascii_line
from .settings import ServiceSettings, parse_rate

log = logging.getLogger(__name__)

MAX_UNREAD_BYTES = 64 * 1024 * 1024  # read before an error response; more than the largest image
UNREAD_SECONDS = 60.0  # from the start of a request, in which the rest of its body is read
SEND_SECONDS = 60.0  # that a client has to read a part of the response
Clock = Callable[[], float]  # seconds
_NETLOC = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


class IdleTimer:
    """Measures the time since the last request; a context manager for each request."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock, self._requests, self._since = clock, 0, clock()

    def __enter__(self) -> None:
        self._requests += 1

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        self._since = self._clock()

    @property
    def idle(self) -> float:
        """The seconds without a request; 0 during a request."""
        return 0.0 if self._requests else self._clock() - self._since


class RateLimiter:
    """Counts requests against a rate in a sliding window; used from one event loop."""

    def __init__(self, requests: int, seconds: float, clock: Clock = monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._times: deque[float] = deque(maxlen=requests)

    def acquire(self) -> int:
        """Count a request; return 0, or the seconds after which the rate allows it."""
        now = self._clock()
        if len(self._times) == self._times.maxlen and self._times[0] + self._seconds > now:
            return math.ceil(self._times[0] + self._seconds - now)
        self._times.append(now)
        return 0


class _Exchange:
    """One request and its response.

    The rest of the body is read before the response, which a client that still sends would miss.
    Above `max_unread` bytes the connection is closed.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.started = asyncio.get_running_loop().time()
        self._more_body, self.max_unread, self.status = True, MAX_UNREAD_BYTES, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._more_body = message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == 408:  # the body arrives too slowly
                self.max_unread = 0
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self.started + UNREAD_SECONDS):
                    while self._more_body and self.max_unread > 0:
                        self.max_unread -= len((await self.receive()).get("body", b""))
            if self._more_body:
                MutableHeaders(scope=message)["connection"] = "close"
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                return await self._send(message)
        raise ClientDisconnect


class ApiKeyMiddleware:
    """Middleware that rejects requests with a wrong Host, without the key, or above the rate."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, key: str, timer: IdleTimer) -> None:
        self._app, self._settings, self._key, self._timer = app, settings, key.encode(), timer
        rate = parse_rate(settings.rate or "")
        self._limiter = RateLimiter(*rate) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject the request, or pass it on with an id and a normalized path."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope["path"] = normalize_path(scope["path"])
        request = Request(scope)
        request.state.id = str(uuid4())
        exchange = _Exchange(receive, send)
        try:
            await self._handle(request, exchange)
        except ClientDisconnect:  # also one that reads too slowly, whose connection is closed
            exchange.status = 499
        finally:  # without the query, which may contain the key
            client = request.client.host if request.client else "-"
            line = to_ascii_line(f'{client} "{request.method} {request.scope["path"]}"')
            seconds = asyncio.get_running_loop().time() - exchange.started
            log.info("%s %d, %.3f s", line, exchange.status or 500, seconds)

    async def _handle(self, request: Request, exchange: _Exchange) -> None:
        connection = request.scope, exchange.receive, exchange.send
        path = request.scope["path"]
        is_open = path == "/health" or path.startswith("/samples/")
        try:
            self._check(request, is_open)
        except errors.ApiError as error:
            length = request.headers.get("content-length", "0")
            if "transfer-encoding" in request.headers or int(length) > MAX_UNREAD_BYTES:
                exchange.max_unread = 0  # small chunks are expensive to parse
            return await error_response(request, error)(*connection)
        if is_open:
            return await self._app(*connection)
        with self._timer:
            try:
                await asyncio.sleep(self._settings.latency)
                await self._app(*connection)
            except asyncio.CancelledError:
                exchange.max_unread = 0
                if not exchange.status:
                    await error_response(request, errors.shutting_down())(*connection)
                raise

    def _check(self, request: Request, is_open: bool) -> None:
        """Check the host, and the key and the rate unless the path is open, or raise ApiError."""
        host = request.headers.get("host", "")
        if parse_host(host) not in self._settings.hosts:
            remedy = "start the service with --allow-host and this name, without a port"
            raise errors.bad_argument(f"Invalid host name {host[:80]!r}: {remedy}.")
        if is_open:
            return
        key = request.headers.get(errors.KEY_HEADER)
        key = key or Query(request.query_params.multi_items()).text("subscription-key")
        version = version_at(request.scope["path"])
        if not compare_digest(key.encode(), self._key):
            raise errors.access_denied(f"{request.url.scheme}://{host}{version.root}")
        if self._limiter and (seconds := self._limiter.acquire()):
            api = f"the Computer Vision API ({version.name})"
            reason = f"Requests to {api} have exceeded the rate limit of this service"
            raise errors.too_many_requests(seconds, reason)


def normalize_path(path: str) -> str:
    """Return a path without doubled slashes, and in lower case if it is one of the API."""
    path = re.sub("/{2,}", "/", path)
    if path.lower().startswith(("/vision/", "/computervision/")):
        path = path.lower()
    return path.rstrip("/") or "/"


def parse_host(netloc: str) -> str:
    """Return the host of "host:port" in lower case without brackets, or "" if malformed."""
    found = _NETLOC.fullmatch(netloc)
    return (found[1] or found[2]).lower() if found else ""
