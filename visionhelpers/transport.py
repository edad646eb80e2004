"""Send HTTP requests: authentication, deadlines, retries, rate limit, polling, error bodies."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from threading import TIMEOUT_MAX, Lock, Thread, local
from typing import Any, TypeAlias

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, InvalidHeader, NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeout
from urllib3.util.retry import Retry

from .endpoint import Endpoint, Secret
from .errors import (
    ConfigurationError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
)
from .images import USER_AGENT

KEY_HEADER = "Ocp-Apim-Subscription-Key"
TOKEN_SCOPE = "https://cognitiveservices.azure.com/.default"  # noqa: S105  (no password)
TOKEN_MARGIN_SECONDS = 300
UNAUTHORIZED, TOO_MANY_REQUESTS, UNAVAILABLE = 401, 429, 503
RETRYABLE = (500, 502, 504)
"""Status codes after which the service may have done the work already."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds before a retry where the service sends no Retry-After: doubled each time."""
CONNECT_RETRIES = 2
LOCAL_POLLS, REMOTE_POLLS = (0.03, 1.1, 1.0), (1.0, 1.5, 5.0)
"""First interval in seconds, growth, and longest interval; remote polls count as requests."""
FINAL_POLL_SECONDS = 0.25
MIN_SECRET_LENGTH = 16
"""Characters of a key that is redacted: a shorter one occurs in ordinary words."""
LOGGER = logging.getLogger("visionhelpers")
LOGGER.addHandler(logging.NullHandler())
_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)
_UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
CUT_OFF = (requests.ConnectionError, ChunkedEncodingError, ContentDecodingError)
_FAILURES: dict[str, tuple[str, tuple[type[Exception], ...]]] = {
    "tls": ("TLS failed; check the certificate, and https or http", (SSLError,)),
    "proxy": ("the proxy failed; check HTTPS_PROXY and NO_PROXY", (ProxyError,)),
    "dns": ("the host name cannot be resolved", (NameResolutionError,)),
    "refused": ("the connection was refused; no service listens there", (NewConnectionError,)),
    "timeout": ("no data within {:.3g} seconds", (requests.Timeout, HTTPTimeout, TimeoutError)),
    "cut off": ("the connection was cut off", (HTTPError, ConnectionError, *CUT_OFF)),
}
"""Explanation and exceptions for each reason of a TransportError; the first match counts."""

OnStatus: TypeAlias = Callable[[str], None] | None  # called with each status


@dataclass
class Clock:
    """The time of rates, retries, polls and deadlines, in seconds; tests replace its functions."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


def run_in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    """Call a function on a daemon thread: Ctrl-C and the exit of Python do not wait for it.

    `result(seconds)` bounds the sum of its socket operations; the timeout of requests bounds each.
    """
    future: Future[Any] = Future()

    def call() -> None:
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=call, daemon=True).start()
    return future


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the service.

    `headers` have the key redacted, `seconds` is the duration of the attempt without waiting for
    the rate limit, and `model_version` is that of API v3.2. `body` is empty in `last_response`.
    """

    status: int
    headers: CaseInsensitiveDict[str]
    seconds: float
    model_version: str | None = None
    body: bytes = field(default=b"", repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body; raise ServiceError if there is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            kind = self.headers.get("Content-Type", "no type")
            raise ServiceError(self.status, None, f"The response ({kind}) is not a JSON object")
        return parsed

    @property
    def retry_after(self) -> float | None:
        """Seconds in Retry-After, a number or a date; None without the header."""
        try:
            return Retry().parse_retry_after(self.headers.get("Retry-After", ""))
        except (InvalidHeader, ValueError, OverflowError):
            return None


class PerThread(local):
    """The last response to a thread, and the seconds it has waited for the rate limit."""

    response: Response | None = None
    waited = 0.0


class RateLimiter:
    """The limit on requests per period, such as "20/minute", for the threads of a client."""

    def __init__(self, rate: str | None = None) -> None:
        parts = _RATE.fullmatch(rate.strip().lower()) if isinstance(rate, str) else None
        number, units = (int(parts[1]), int(parts[2] or 1)) if parts else (0, 0)
        if rate is not None and not (number and units):
            raise ValueError(f"Invalid rate {rate!r:.80}: use for example 20/minute.")
        self.rate = rate
        self._period = units * _UNIT_SECONDS[parts[3]] if parts else 0.0
        self._starts: deque[float] = deque(maxlen=number)
        self._blocked_until = 0.0
        self._lock = Lock()

    def acquire(self, until: float) -> float:
        """Wait until a request may start, and return the seconds waited.

        A rate counts from the start of each request. Raises TransportError if no request may start
        before `until`.
        """
        began = CLOCK.monotonic()
        while True:
            with self._lock:
                now = CLOCK.monotonic()
                start = max(now, self._blocked_until)
                if self._starts and len(self._starts) == self._starts.maxlen:
                    start = max(start, self._starts[0] + self._period)
                if start <= now:
                    self._starts.append(now)
                    return now - began
            if start > until:
                message = "The rate limit allows no request before the deadline"
                raise TransportError(message, "rate limit")
            CLOCK.sleep(start - now)

    def block(self, seconds: float) -> None:
        """Block all requests for some seconds, after a 429."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, CLOCK.monotonic() + seconds)


@dataclass(eq=False)
class Transport:
    """The HTTP connection to one service; the fields are those of `VisionClient`.

    It follows no redirects, because requests would send the key to another host. `target` is the
    endpoint and the key, `reconnect` looks for another service, `headers` go with each request.
    """

    target: tuple[Endpoint, Secret]
    credential: Any = None
    session: requests.Session | None = None
    timeout: float = 60
    deadline: float = 300
    retries: int = 4
    reconnect: Callable[[tuple[Endpoint, Secret]], bool] = lambda _: False
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_seconds("timeout", self.timeout)
        check_seconds("deadline", self.deadline)
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or self.retries < 0:
            raise ValueError(f"Invalid retries {self.retries!r}: use a whole number from 0.")
        loopback = self.target[0].is_loopback
        self.limiter = RateLimiter()
        self._http = self.session or requests.Session()
        if self.session is None:
            self._http.trust_env = not loopback  # no proxy to this machine
            self._http.headers["User-Agent"] = USER_AGENT
        self._slow_polling = not loopback  # polls count against a rate limit
        self._token: Any = None
        self._token_lock = Lock()
        self.thread = PerThread()

    def close(self) -> None:
        """Close the connections, except those of a session that the caller gave."""
        if self.session is None:
            self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        retries: float | None = None,
        until: float | None = None,
        **content: Any,
    ) -> Response:
        """Send a request, retry it where that helps, and return the successful response.

        `path` is below the endpoint's root, or a URL of the same service. A `repeatable` request
        does no harm if the service gets it twice. `until` is the deadline on the clock of
        `CLOCK.monotonic`, `content` further arguments of `requests.request`.

        Raises:
            TransportError: There was no complete response.
            ServiceError: The response is an error.
        """
        until = CLOCK.monotonic() + self.deadline if until is None else until
        retries = self.retries if retries is None else retries
        for attempt in count(1):
            target = self.target
            url = path if "://" in path else target[0].root + path
            try:
                return self._attempt(method, url, target, until, content)
            except (TransportError, ServiceError) as error:
                status, retryable = getattr(error, "status", 0), _is_retryable(error, repeatable)
                ended = status in (UNAUTHORIZED, UNAVAILABLE) or (retryable and not status)
                ended &= url != path and attempt <= max(1, retries)
                if ended and self._reconnected(target, until):
                    LOGGER.info("Reconnected to %s", self.target[0].root)
                    continue
                if not retryable:
                    raise
                pause = getattr(error, "retry_after", None)
                pause = pause or min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)
                lost = status or getattr(error, "reason", "") == "cut off"
                allowed = retries if lost else min(retries, CONNECT_RETRIES)
                if attempt > allowed or CLOCK.monotonic() + pause > until:
                    raise
                LOGGER.info("Retry %s %s in %.2f s: %s", method, url, pause, error)
                if status == TOO_MANY_REQUESTS:  # all threads wait together
                    self._slow_polling = True
                    self.limiter.block(pause)
                else:
                    CLOCK.sleep(pause)
        raise AssertionError  # count() does not end

    def wait_for_operation(
        self, accepted: Response, seconds: float, until: float, on_status: OnStatus = None
    ) -> dict[str, Any]:
        """Poll a long-running operation until it ends, and return its final JSON.

        `accepted` is the response that started it, `seconds` the timeout, and `until`
        its end on the clock of `CLOCK.monotonic`. `on_status` is called with each status.

        Raises:
            ServiceError: The operation is at another service, or a poll failed.
            TransportError: Polls got no response.
            OperationFailedError: The operation ended with the status Failed.
            OperationTimeoutError: It did not end in time.
        """
        location, status, retry_after = self._location(accepted), "none", accepted.retry_after
        interval = pause = left = 0.0
        try:
            while pause <= left:
                first, growth, longest = REMOTE_POLLS if self._slow_polling else LOCAL_POLLS
                interval = max(first, min(interval * growth, longest))
                pause = max(interval, retry_after or 0.0)
                left = until - CLOCK.monotonic() - FINAL_POLL_SECONDS
                CLOCK.sleep(max(0.0, min(pause, left)))
                if not (response := self._poll(location, until)):
                    continue
                retry_after, operation = response.retry_after, self.parse(response)
                status = str(operation.get("status", "none"))
                if on_status:
                    on_status(status)
                if status.lower() == "succeeded":
                    return operation
                if status.lower() == "failed":
                    raise OperationFailedError("The operation ended with status Failed", operation)
        except ServiceError as error:
            if not _is_retryable(error, repeatable=True):
                raise
            status = str(error.status)  # with a Retry-After beyond the deadline
        message = f"The operation did not end within {seconds:g} seconds; status {status}"
        raise OperationTimeoutError(message, seconds, location)

    def _poll(self, location: str, until: float) -> Response | None:
        """Return the status of an operation, or None after a timeout."""
        try:
            return self.send("GET", location, retries=inf, until=until)
        except TransportError as error:
            if error.reason not in ("timeout", "rate limit"):
                raise
        return None

    def parse(self, response: Response) -> dict[str, Any]:
        """Return the JSON in a response, and move its `modelVersion` to `last_response`."""
        result = response.json()
        inner = result.get("analyzeResult")
        version = (inner if isinstance(inner, dict) else result).pop("modelVersion", None)
        self.thread.response = replace(response, body=b"", model_version=version)
        return result

    def authentication(self, secret: Secret | None = None) -> dict[str, str]:
        """Return the header with the key or the token; its repr hides them."""
        secret = self._secret(self.target[1]) if secret is None else secret
        if self.credential:
            return {"Authorization": Secret(f"Bearer {secret}")}
        return {KEY_HEADER: secret}

    def _attempt(
        self, method: str, url: str, target: tuple[Endpoint, Secret], until: float, content: Any
    ) -> Response:
        """Send a request once, as soon as the rate limit allows."""
        secret = self._secret(target[1])
        self.thread.waited += self.limiter.acquire(until)
        began = CLOCK.monotonic()
        timeout = max(0.001, min(self.timeout, until - began))
        headers = self.headers | self.authentication(secret) | content.get("headers", {})
        if target[0].is_loopback:  # the local service shares its time between its clients
            headers["X-Client-Id"] = f"{os.getpid()}"
        options = {**content, "headers": headers, "timeout": timeout, "allow_redirects": False}
        options["auth"] = self._http.auth or (lambda request: request)  # or it reads ~/.netrc
        try:
            received = run_in_thread(self._http.request, method, url, **options).result(timeout)
        except (requests.RequestException, HTTPError, OSError) as error:
            reason, message = _explain(error, timeout)
            message = _redact(f"No response from {url}: {message}", secret)
            raise TransportError(message, reason) from _redact_error(error, secret)
        status, seconds = received.status_code, CLOCK.monotonic() - began
        LOGGER.debug("%s %s: %d in %.3f s", method, _redact(url, secret), status, seconds)
        safe = {name: _redact(value, secret) for name, value in received.headers.items()}
        response = Response(status, CaseInsensitiveDict(safe), seconds, body=received.content)
        self.thread.response = replace(response, body=b"")
        if not 200 <= status < 300:
            raise _service_error(response, received.reason, secret)
        return response

    def _reconnected(self, target: tuple[Endpoint, Secret], until: float) -> bool:
        """Return True if there is another service in place of this one before the deadline."""
        with suppress(TimeoutError):
            return bool(run_in_thread(self.reconnect, target).result(until - CLOCK.monotonic()))
        return False

    def _secret(self, key: Secret) -> Secret:
        """Return the key, or a token that is valid for some minutes."""
        if self.credential is None:
            return key
        with self._token_lock:
            if not self._token or self._token.expires_on - time.time() < TOKEN_MARGIN_SECONDS:
                try:
                    token = run_in_thread(self.credential.get_token, TOKEN_SCOPE)
                    self._token = token.result(min(self.timeout, self.deadline))
                except Exception as error:
                    raise ConfigurationError(f"The credential gave no token: {error!r}") from error
            return Secret(self._token.token)

    def _location(self, accepted: Response) -> str:
        location = accepted.headers.get("Operation-Location", "")
        if not self.target[0].same_origin(location):
            wrong = f"is at another service, {location!r}" if location else "is missing"
            raise ServiceError(accepted.status, None, f"The Operation-Location {wrong}")
        return location


def check_seconds(name: str, value: Any) -> None:
    """Raise ValueError unless an argument is a number of seconds that a thread can wait."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < TIMEOUT_MAX:
        raise ValueError(f"Invalid {name} {value!r}: use a number of seconds above 0.")


def _is_retryable(error: TransportError | ServiceError, repeatable: bool) -> bool:
    """Return True if the service did not do the work, or may do it twice."""
    if isinstance(error, TransportError):
        return error.reason in ("dns", "refused") or (repeatable and error.reason == "cut off")
    return error.status in (TOO_MANY_REQUESTS, UNAVAILABLE, *(RETRYABLE if repeatable else ()))


def _explain(error: BaseException, seconds: float) -> tuple[str, str]:
    causes = list(_chain(error))
    for reason, (explanation, kinds) in _FAILURES.items():
        if any(isinstance(cause, kinds) for cause in causes):
            detail = f" ({causes[-1]})" if reason in ("tls", "refused") else ""
            return reason, explanation.format(seconds) + detail
    return "", f"{type(error).__name__}: {error}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _redact(text: str, secret: str) -> str:
    return text.replace(secret, "(the key)") if len(secret) >= MIN_SECRET_LENGTH else text


def _redact_error(error: BaseException, secret: str) -> BaseException:
    """Remove the key from an error and its causes: from arguments, requests and tracebacks."""
    for cause in _chain(error):
        cause.__traceback__ = None
        cause.args = tuple(_redact(a, secret) if isinstance(a, str) else a for a in cause.args)
        if isinstance(cause, requests.RequestException):
            cause.request = cause.response = None
    return error


def _service_error(response: Response, phrase: str, secret: str) -> ServiceError:
    code, message, request_id = parse_error(response.body)
    request_id = request_id or response.headers.get("apim-request-id")
    if 300 <= response.status < 400:
        message = "The service redirects to another URL, and the client sends no key there"
    message = _redact(message or phrase or "no reason given", secret)
    code, request_id = (text and _redact(text, secret) for text in (code, request_id))
    hint = response.headers.get("X-Error-Hint", "")
    return ServiceError(response.status, code, message, request_id, response.retry_after, hint)


def parse_error(body: bytes) -> tuple[str | None, str, str | None]:
    """Return code, message and request id of an error body in any form of the API, or of text."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return None, body.decode("utf-8", "replace").strip()[:200], None
    if not isinstance(parsed, dict):
        return None, str(parsed)[:200], None
    error = parsed["error"] if isinstance(parsed.get("error"), dict) else parsed
    inner = error["innererror"] if isinstance(error.get("innererror"), dict) else error
    code = inner.get("code") or error.get("code") or error.get("statusCode")
    message = inner.get("message") or error.get("message") or ""
    request_id = error.get("requestId") or parsed.get("requestId")
    return code and str(code), str(message), request_id and str(request_id)
