"""One session with a service: the key on every request, retries, and waiting for operations."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import InvalidHeader, ReadTimeoutError
from urllib3.util.retry import Retry

from .endpoint import Endpoint
from .errors import OperationFailedError, OperationTimeoutError, ServiceError, TransportError
from .pace import Pace
from .replies import decoded, refusal
from .waits import Wait

KEY_HEADER = "Ocp-Apim-Subscription-Key"
LIMITED = 429
PASSING = (LIMITED, 500, 502, 503, 504)
_FIRST_PAUSE = 0.5
"""Seconds after a first 429 that does not say how long to wait; then twice as long each time."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back with an answer: its status, its headers, and the seconds it took.

    Attributes:
        model_version: Of the models that answered, where API v3.2 tells it.
    """

    status: int
    headers: CaseInsensitiveDict[str]
    seconds: float
    model_version: str | None = None


class Headers(dict[str, str]):
    """Headers that do not print the key."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, "…"))


class Patience(Retry):
    """Ask again after a passing failure, as late as the service wishes within bounds."""

    LONGEST = 60.0
    RETRY_AFTER_STATUS_CODES = Retry.RETRY_AFTER_STATUS_CODES - {LIMITED}
    """A rate limit concerns all threads: the session sees to it."""

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds to wait, at most a minute; none where the header makes no sense."""
        try:
            return min(super().parse_retry_after(retry_after), self.LONGEST)
        except InvalidHeader:
            return 0.0

    def increment(self, *args: Any, **kwargs: Any) -> Patience:
        """Give up on a request that timed out: its time is up, and so is the caller's."""
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, **kwargs)


class Session:
    """A kept-alive connection to one endpoint.

    Redirects are not followed: requests would send the key along to another host.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        key: str,
        timeout: float,
        retries: int,
        pace: Pace | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.timeout, self.retries = timeout, retries
        self.received: Received | None = None
        self._key, self.pace = key, pace or Pace()
        self._polls_cost = not endpoint.is_loopback  # elsewhere they count against a rate limit
        self._http = requests.Session()
        self._http.trust_env = not endpoint.is_loopback  # no proxy on the way to this machine
        self._http.headers.update({KEY_HEADER: key, "User-Agent": "visionhelpers"})
        if endpoint.is_loopback:  # clients on this machine have no other mark that lasts
            self._http.headers["X-Client-Id"] = f"{os.getpid()}"
        self._http.mount(endpoint.root, HTTPAdapter(max_retries=_patience(retries)))
        self._http.mount(
            f"{endpoint.base_url}{endpoint.dialect.results}/", HTTPAdapter()
        )  # finish() asks again

    def send(self, method: str, path: str, **content: Any) -> requests.Response:
        """Send a request to a path below the endpoint's root and return the answer, a good one.

        Raises:
            TransportError: There was no answer in time.
            ServiceError: There was one, and it says no.
        """
        url, pause = self.endpoint.root + path, _FIRST_PAUSE
        answer = self._exchange(method, url, self.timeout, **content)
        for _ in range(self.retries):
            if answer.status_code != LIMITED:
                break
            self._polls_cost = True
            self.pace.hold(_retry_after(answer) or pause)
            pause *= 2
            answer = self._exchange(method, url, self.timeout, **content)
        return self._accept(answer)

    def finish(
        self,
        accepted: requests.Response,
        seconds: float,
        on_status: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Ask after an operation until it has ended, ever more seldom; a near service more often.

        Whoever wants to know is told each status; what the listener raises ends the wait.

        Raises:
            TransportError: Several polls on end were not answered.
            ServiceError: The answer names no operation of this very service.
            OperationFailedError: The operation ended in Failed.
            OperationTimeoutError: It has not ended after these seconds.
        """
        location, status, asked = self._location(accepted), "none", _retry_after(accepted)
        wait = Wait(seconds, quick=not self._polls_cost, retries=self.retries)
        while wait.pause(asked):
            try:
                answer = self._exchange("GET", location, wait.left)
            except TransportError:
                if not wait.fail():
                    raise
                continue
            asked = _retry_after(answer)
            if answer.status_code in PASSING:
                status = str(answer.status_code)
                self.pace.hold(asked)
                wait.fail(asked)
                continue
            wait.succeed()
            operation = decoded(self._accept(answer))
            status = str(operation.get("status", "none"))
            if on_status:
                on_status(status)
            if status.lower() == "succeeded":
                self.note_model(operation.get("analyzeResult", {}))
                return operation
            if status.lower() == "failed":
                raise OperationFailedError("The operation ended in Failed", operation)
        message = f"The operation did not end in {seconds:g} seconds; its last status is {status}"
        raise OperationTimeoutError(message, seconds, location)

    def note_model(self, answer: dict[str, Any]) -> None:
        """Move an answer's `modelVersion` to what is known of how it came."""
        if self.received and "modelVersion" in answer:
            self.received = replace(self.received, model_version=answer.pop("modelVersion"))

    def _exchange(self, method: str, url: str, seconds: float, **content: Any) -> requests.Response:
        began, failure = time.monotonic(), "cut off in the middle"
        for _ in range(1 + min(self.retries, 1)):  # urllib3 retries all but a body cut off
            try:
                with self.pace.turn():
                    answer = self._http.request(
                        method, url, timeout=seconds, allow_redirects=False, **content
                    )
            except requests.exceptions.ChunkedEncodingError:
                continue
            except requests.RequestException as error:
                failure = _failure(error, seconds)
                break
            took = time.monotonic() - began
            headers = {name: self._unkeyed(value) for name, value in answer.headers.items()}
            self.received = Received(answer.status_code, CaseInsensitiveDict(headers), took)
            return answer
        # Raised out here so that the library's error, which holds the key, is not its context.
        raise TransportError(self._unkeyed(f"No answer from {url}: {failure}"))

    def _accept(self, answer: requests.Response) -> requests.Response:
        if 200 <= answer.status_code < 300:
            return answer
        code, message, request_id = refusal(answer.content)
        request_id = request_id or answer.headers.get("apim-request-id")
        if 300 <= answer.status_code < 400:
            message = "The service redirects elsewhere, and a key is not sent along"
        message = self._unkeyed(message or answer.reason or "no reason given")
        code, request_id = (text and self._unkeyed(text) for text in (code, request_id))
        raise ServiceError(answer.status_code, code, message, request_id)

    def _location(self, accepted: requests.Response) -> str:
        location = accepted.headers.get("Operation-Location", "")
        if not self.endpoint.is_at(location):
            wrong = f"leads away from this service, to {location!r}" if location else "is missing"
            message = self._unkeyed(f"Its Operation-Location {wrong}")
            raise ServiceError(accepted.status_code, None, message)
        return location

    def _unkeyed(self, text: str) -> str:
        """Hide the key in what a service says, should it repeat it."""
        return text.replace(self._key, "(the key)")


def _patience(retries: int) -> Patience:
    return Patience(
        total=retries,
        connect=min(retries, 2),  # nobody listens: no use in waiting long
        status_forcelist=set(PASSING) - {LIMITED},
        allowed_methods=None,
        backoff_factor=0.25,
        raise_on_status=False,
    )


def _failure(error: requests.RequestException, seconds: float) -> str:
    if isinstance(error, requests.ReadTimeout):
        return f"none in {seconds:g} seconds"
    if isinstance(error, requests.ConnectionError):
        return "nobody listens there, or the connection breaks"
    return type(error).__name__


def _retry_after(answer: requests.Response) -> float:
    return Patience().parse_retry_after(answer.headers.get("Retry-After", "0"))
