"""Send HTTP requests: authentication, deadlines, retries, rate limit, polling, error bodies."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import count
from math import inf
from threading import Lock, local
from typing import Any, Protocol

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from .endpoint import Endpoint
from .errors import (
    ConfigurationError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
)
from .images import USER_AGENT, read_chunks

KEY_HEADER = "Ocp-Apim-Subscription-Key"
TOKEN_SCOPE = "https://cognitiveservices.azure.com/.default"  # noqa: S105  (no password)
TOKEN_MARGIN_SECONDS = 300
ALWAYS_RETRYABLE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
RETRYABLE = (500, 502, 504)
"""Status codes after which the service may have done the work already."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds before a retry, where the service sends no Retry-After: doubled each time."""
CONNECT_RETRIES = 2
FINAL_POLL_SECONDS = 0.25
MIN_SECRET_LENGTH = 16
"""Characters of a key that is redacted: a shorter one would occur in ordinary words."""
_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)
_UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
LOGGER = logging.getLogger("visionhelpers")
LOGGER.addHandler(logging.NullHandler())


class TokenCredential(Protocol):
    """A credential of azure-identity, or any object with this method."""

    def get_token(self, *scopes: str) -> Any:
        """Return an object with `token` and `expires_on`, seconds since 1970."""


class RedactedHeaders(dict[str, str]):
    """Headers whose repr hides the values."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, "…"))


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the service.

    Attributes:
        status: HTTP status code.
        headers: Headers, with the key redacted.
        seconds: Duration of the attempt, without waiting for the rate limit.
        model_version: Version of the models, which API v3.2 returns.
        body: Body; empty in `last_response`.
    """

    status: int
    headers: CaseInsensitiveDict[str]
    seconds: float
    model_version: str | None = None
    body: bytes = field(default=b"", repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body.

        Raises:
            ServiceError: The body is something else.
        """
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
        """Seconds in Retry-After, as a number or a date; None without the header."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isdecimal():
            return float(value)
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except ValueError:
            return None


class RateLimiter:
    """The limit on requests per period, shared by the threads of a client.

    Args:
        rate: For example "20/minute" or "20/3 seconds"; None for no limit.

    Raises:
        ValueError: The rate has another form.
    """

    def __init__(self, rate: str | None = None) -> None:
        parts = _RATE.fullmatch(rate.strip().lower()) if isinstance(rate, str) else None
        requests_allowed, units = (int(parts[1]), int(parts[2] or 1)) if parts else (0, 0)
        if rate is not None and not (requests_allowed and units):
            raise ValueError(f"Invalid rate {rate!r:.80}: use for example 20/minute.")
        self.rate = rate
        self._period = units * _UNIT_SECONDS[parts[3]] if parts else 0.0
        self._starts: deque[float] = deque(maxlen=requests_allowed)
        self._blocked_until = 0.0
        self._lock = Lock()

    def acquire(self, until: float) -> float:
        """Wait until a request may start; return the seconds waited.

        A rate counts from the start of each request.

        Raises:
            TransportError: The request may not start before `until`.
        """
        began = time.monotonic()
        while True:
            with self._lock:
                now = time.monotonic()
                start = max(now, self._blocked_until)
                if self._starts and len(self._starts) == self._starts.maxlen:
                    start = max(start, self._starts[0] + self._period)
                if start <= now:
                    self._starts.append(now)
                    return now - began
            if start > until:
                raise TransportError(
                    "The rate limit allows no request before the deadline", "timeout"
                )
            time.sleep(start - now)

    def block(self, seconds: float) -> None:
        """Block all requests for some seconds, after a 429."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, time.monotonic() + seconds)


class Transport:
    """The HTTP connection to one service; the arguments are those of `VisionClient`.

    It follows no redirects, because requests would send the key to another host.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        key: str,
        *,
        credential: TokenCredential | None = None,
        session: requests.Session | None = None,
        timeout: float = 60,
        deadline: float = 300,
        retries: int = 4,
    ) -> None:
        for name, seconds in (("timeout", timeout), ("deadline", deadline)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
                raise ValueError(f"Invalid {name} {seconds!r}: use a number of seconds above 0.")
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise ValueError(f"Invalid retries {retries!r}: use a whole number from 0.")
        self.timeout, self.deadline, self.retries = timeout, deadline, retries
        self.credential, self.session = credential, session
        self.limiter = RateLimiter()
        self.reconnect: Callable[[Endpoint], bool] | None = None
        self._target = endpoint, key
        self._http = session or _new_session(endpoint)
        self._slow_polling = not endpoint.is_loopback  # polls count against a rate limit
        self._token: Any = None
        self._token_lock = Lock()
        self._thread = local()

    @property
    def endpoint(self) -> Endpoint:
        """The service."""
        return self._target[0]

    @property
    def key(self) -> str:
        """The subscription key."""
        return self._target[1]

    @property
    def last_response(self) -> Response | None:
        """The last response that this thread received, without its body."""
        return getattr(self._thread, "response", None)

    @property
    def rate_wait(self) -> float:
        """Seconds that this thread has waited for the rate limit."""
        return float(getattr(self._thread, "waited", 0.0))

    def connect_to(self, endpoint: Endpoint, key: str) -> None:
        """Send all further requests to another service."""
        self._target = endpoint, key

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

        Args:
            method: HTTP method.
            path: Path below the endpoint's root, or a URL of the same service.
            repeatable: Whether the service may get the request twice without harm.
            retries: Number of attempts after the first.
            until: Deadline by `time.monotonic`.
            content: Further arguments of `requests.request`.

        Raises:
            TransportError: There was no response.
            ServiceError: The response is an error.
        """
        until = time.monotonic() + self.deadline if until is None else until
        for attempt in count(1):
            target = self._target
            url = path if "://" in path else target[0].root + path
            try:
                return self._attempt(method, url, target, until, content)
            except (TransportError, ServiceError) as error:
                if not _is_retryable(error, repeatable):
                    raise
                if url != path and self._reconnect(target[0], error):
                    continue
                pause = getattr(error, "retry_after", None) or _backoff(attempt)
                allowed = self._allowed_retries(error, retries)
                if attempt > allowed or time.monotonic() + pause > until:
                    raise
                LOGGER.info("Retry %s %s in %.2f s: %s", method, url, pause, error)
                self._pause(error, pause)
        raise AssertionError  # count() does not end

    def wait_for_operation(
        self,
        accepted: Response,
        until: float,
        on_status: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Poll a long-running operation until it ends, and return its final JSON.

        Args:
            accepted: The response to the request that started it.
            until: Deadline by `time.monotonic`.
            on_status: Called with each status; its exceptions propagate.

        Raises:
            ServiceError: The operation is at another service, or a poll failed.
            TransportError: Polls got no response.
            OperationFailedError: The operation ended with the status Failed.
            OperationTimeoutError: It did not end in time.
        """
        location, began = self._location(accepted), time.monotonic()
        status, retry_after = "none", accepted.retry_after
        for interval in self._poll_intervals():
            left = until - time.monotonic()
            pause = max(interval, retry_after or 0.0)
            time.sleep(max(0.0, min(pause, left - FINAL_POLL_SECONDS)))
            try:
                response = self.send("GET", location, retries=inf, until=until)
            except (TransportError, ServiceError) as error:
                status = str(getattr(error, "status", status))
                if not _is_retryable(error, True) and getattr(error, "reason", "") != "timeout":
                    raise
                if isinstance(error, TransportError) and error.reason != "timeout":
                    raise
                raise _operation_timeout(until - began, status, location) from error
            retry_after, operation = response.retry_after, response.json()
            status = str(operation.get("status", "none"))
            if on_status:
                on_status(status)
            if status.lower() == "succeeded":
                self.record_model_version(operation.get("analyzeResult") or {})
                return operation
            if status.lower() == "failed":
                raise OperationFailedError("The operation ended with the status Failed", operation)
            if pause > left - FINAL_POLL_SECONDS:
                break
        raise _operation_timeout(until - began, status, location)

    def record_model_version(self, result: dict[str, Any]) -> None:
        """Move `modelVersion` from a result to `last_response`: v1.0 has no such member."""
        if self.last_response and "modelVersion" in result:
            version = result.pop("modelVersion")
            self._thread.response = replace(self.last_response, model_version=version)

    def _attempt(
        self,
        method: str,
        url: str,
        target: tuple[Endpoint, str],
        until: float,
        content: dict[str, Any],
    ) -> Response:
        """Send a request once, as soon as the rate limit allows."""
        secret = self._secret(target[1])
        self._thread.waited = self.rate_wait + self.limiter.acquire(until)
        began = time.monotonic()
        timeout = max(0.001, min(self.timeout, until - began))
        headers = self._headers(secret, target[0])
        options = content | {"headers": headers | content.get("headers", {})}
        try:
            with self._http.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **options
            ) as received:
                body = _read_body(received, min(began + self.timeout, until))
        except (requests.RequestException, HTTPError, OSError) as error:
            reason, explanation = _explain(error, timeout)
            message = _redact(f"No response from {url}: {explanation}", secret)
            raise TransportError(message, reason) from _redact_error(error, secret)
        seconds = time.monotonic() - began
        status = received.status_code
        LOGGER.debug("%s %s: %d in %.3f s", method, _redact(url, secret), status, seconds)
        safe = {name: _redact(value, secret) for name, value in received.headers.items()}
        response = Response(status, CaseInsensitiveDict(safe), seconds, body=body)
        self._thread.response = replace(response, body=b"")
        if not 200 <= response.status < 300:
            raise _service_error(response, received.reason, secret)
        return response

    def _pause(self, error: TransportError | ServiceError, seconds: float) -> None:
        """Wait before a retry; after a 429 all threads wait."""
        if getattr(error, "status", 0) == HTTPStatus.TOO_MANY_REQUESTS:
            self._slow_polling = True
            self.limiter.block(seconds)
        else:
            time.sleep(seconds)

    def _reconnect(self, endpoint: Endpoint, error: TransportError | ServiceError) -> bool:
        """Return True if the client has found another service in place of this one."""
        ended = getattr(error, "status", 503) == HTTPStatus.SERVICE_UNAVAILABLE
        if not (ended and self.reconnect and self.reconnect(endpoint)):
            return False
        LOGGER.info("Reconnected to %s", self.endpoint.root)
        return True

    def _allowed_retries(
        self, error: TransportError | ServiceError, retries: float | None
    ) -> float:
        if isinstance(error, ServiceError):
            return self.retries if retries is None else retries
        return min(self.retries, self.retries if error.reason == "cut off" else CONNECT_RETRIES)

    def authentication(self) -> dict[str, str]:
        """Return the header with the key or the token."""
        return self._authentication(self._secret(self.key))

    def _authentication(self, secret: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {secret}"} if self.credential else {KEY_HEADER: secret}

    def _headers(self, secret: str, endpoint: Endpoint) -> dict[str, str]:
        # The local service shares its time between its clients.
        client = {"X-Client-Id": f"{os.getpid()}"} if endpoint.is_loopback else {}
        return self._authentication(secret) | client

    def _secret(self, key: str) -> str:
        """Return the key, or a token that is valid for some minutes."""
        if self.credential is None:
            return key
        with self._token_lock:
            if not self._token or self._token.expires_on - time.time() < TOKEN_MARGIN_SECONDS:
                try:
                    self._token = self.credential.get_token(TOKEN_SCOPE)
                except Exception as error:
                    raise ConfigurationError(f"The credential gave no token: {error}") from error
            return str(self._token.token)

    def _poll_intervals(self) -> Iterator[float]:
        """Yield growing intervals in seconds, short ones where polls cost nothing."""
        first, growth, longest = (1.0, 1.5, 5.0) if self._slow_polling else (0.03, 1.1, 1.0)
        while True:
            yield first
            first = min(first * growth, longest)

    def _location(self, accepted: Response) -> str:
        location = accepted.headers.get("Operation-Location", "")
        if not self.endpoint.same_origin(location):
            wrong = f"is at another service, {location!r}" if location else "is missing"
            raise ServiceError(accepted.status, None, f"The Operation-Location {wrong}")
        return location


def _new_session(endpoint: Endpoint) -> requests.Session:
    session = requests.Session()
    session.trust_env = not endpoint.is_loopback  # no proxy between here and this machine
    session.headers["User-Agent"] = USER_AGENT
    return session


def _read_body(response: requests.Response, until: float) -> bytes:
    """Read a body in parts, so that a slow one ends with the deadline."""
    body, connection = bytearray(), getattr(response.raw, "connection", None)
    for chunk in read_chunks(response):
        body += chunk
        if (left := until - time.monotonic()) <= 0:
            raise requests.ReadTimeout
        if socket := getattr(connection, "sock", None):
            socket.settimeout(left)
    return bytes(body)


def _is_retryable(error: TransportError | ServiceError, repeatable: bool) -> bool:
    """Return True if the service did not do the work, or may do it twice."""
    if isinstance(error, TransportError):
        return error.reason in ("dns", "refused") or (repeatable and error.reason == "cut off")
    return error.status in ALWAYS_RETRYABLE or (repeatable and error.status in RETRYABLE)


def _backoff(attempt: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)


def _operation_timeout(seconds: float, status: str, location: str) -> OperationTimeoutError:
    message = f"The operation did not end within {seconds:.3g} seconds; its last status is {status}"
    return OperationTimeoutError(message, seconds, location)


_FAILURES: tuple[tuple[Any, str, str], ...] = (
    (requests.exceptions.SSLError, "tls", "TLS failed; check the certificate, and https or http"),
    (
        requests.exceptions.ProxyError,
        "proxy",
        "the proxy failed; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
    ),
    (NameResolutionError, "dns", "the host name cannot be resolved"),
    (NewConnectionError, "refused", "the connection was refused; no service listens there"),
    ((requests.Timeout, ReadTimeoutError), "timeout", "no data within {:.3g} seconds"),
    ((requests.ConnectionError, HTTPError, OSError), "cut off", "the connection was cut off"),
)
"""Exceptions of requests and urllib3, the reason of the TransportError, and its explanation."""


def _explain(error: BaseException, seconds: float) -> tuple[str, str]:
    causes = list(_chain(error))
    for kinds, reason, explanation in _FAILURES:
        if any(isinstance(cause, kinds) for cause in causes):
            detail = f" ({causes[-1]})" if reason == "tls" else ""
            return reason, explanation.format(seconds) + detail
    return "", type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
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
    return ServiceError(response.status, code, message, request_id, response.retry_after)


def parse_error(body: bytes) -> tuple[str | None, str, str | None]:
    """Return code, message and request id of an error body.

    The API uses `{"code", "message", "requestId"}`, the same inside `"error"`, where `innererror`
    is more exact, and `{"statusCode", "message"}`. A body that is not JSON is the message.
    """
    try:
        parsed = json.loads(body)
    except ValueError:
        return None, body.decode("utf-8", "replace").strip()[:200], None
    if not isinstance(parsed, dict):
        return None, str(parsed)[:200], None
    error = _member(parsed, "error")
    inner = _member(error, "innererror")
    code = inner.get("code") or error.get("code") or error.get("statusCode")
    message = inner.get("message") or error.get("message") or ""
    request_id = error.get("requestId") or parsed.get("requestId")
    return None if code is None else str(code), str(message), request_id


def _member(parent: dict[str, Any], key: str) -> dict[str, Any]:
    child = parent.get(key)
    return child if isinstance(child, dict) else parent
