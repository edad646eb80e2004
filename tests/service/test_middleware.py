from __future__ import annotations

import asyncio
import http.client
import logging
import re
from urllib.parse import urlsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.clock import FakeClock
from visionservice import LocalService
from visionservice.middleware import (
    ApiKeyMiddleware,
    IdleTimer,
    RateLimiter,
    normalize_path,
    parse_host,
)
from visionservice.responses import EXCEPTION_HANDLERS
from visionservice.settings import ServiceSettings


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("/vision/v1.0/RecognizeText", "/vision/v1.0/recognizetext"),
        ("//Vision//V1.0///models/", "/vision/v1.0/models"),
        ("/samples/A b/C.jpg", "/samples/A b/C.jpg"),
        ("/", "/"),
    ],
)
def test_a_path_is_normalized(path: str, spelling: str) -> None:
    assert normalize_path(path) == spelling


@pytest.mark.parametrize(
    ("netloc", "host"),
    [
        ("LocalHost:80", "localhost"),
        ("[::1]:8000", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1", ""),
        ("", ""),
        ("evil.example:1@127.0.0.1", ""),
        ("127.0.0.1/path", ""),
        ("[::1]evil.example", ""),
        ("localhost:80:80", ""),
        ("localhost:http", ""),
    ],
)
def test_a_host_is_parsed_without_its_port(netloc: str, host: str) -> None:
    assert parse_host(netloc) == host


def asked(service: LocalService, host: str | None) -> int:
    """Ask for the health with this Host header; return the status."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=10)
    connection.putrequest("GET", "/health", skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
        ("[::1].evil.example", 400),
        ("localhost:80:80", 400),
        ("", 400),
        (None, 400),
    ],
)
def test_other_host_names_are_rejected(
    service: LocalService, host: str | None, status: int
) -> None:
    assert asked(service, host) == status


@pytest.mark.parametrize(
    "path",
    [
        "/vision/v1.0/models",
        "/vision/v1.0/analyze",
        "/gallery/celebrities/Somebody",
        "/",
        "/healthy",
        "/vision/v1.0/../../health",
    ],
)
def test_only_health_and_samples_need_no_key(service: LocalService, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=10)
    connection.request("GET", path)
    assert connection.getresponse().status == 401
    connection.close()
    assert requests.get(f"{service.url}/health", timeout=10).status_code == 200


@pytest.mark.parametrize("name", ["subscription-key", "Subscription-Key", "SUBSCRIPTION-KEY"])
def test_the_query_can_contain_the_key(service: LocalService, name: str) -> None:
    url = f"{service.url}/vision/v1.0/models"
    assert requests.get(url, params={name: service.key}, timeout=10).status_code == 200
    assert requests.get(url, params={name: "wrong"}, timeout=10).status_code == 401


def test_no_response_allows_another_origin(service: LocalService) -> None:
    url = f"{service.url}/health"
    asked = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


def test_the_idle_timer_is_zero_during_a_request() -> None:
    clock = FakeClock()
    timer = IdleTimer(clock.monotonic)
    clock.advance(5)
    assert timer.idle == 5
    with timer:
        clock.advance(7)
        assert timer.idle == 0
    clock.advance(3)
    assert timer.idle == 3


def test_the_rate_limiter_has_a_sliding_window() -> None:
    clock = FakeClock()
    limiter = RateLimiter(2, 10, clock.monotonic)
    for seconds, results in ((0, [0, 0, 10]), (9.5, [1]), (0.5, [0, 0, 10])):
        clock.advance(seconds)
        assert [limiter.acquire() for _ in results] == results


async def quiet(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


class Client:
    """A client of the middleware without a socket, which sends megabytes."""

    def __init__(self, megabytes: int = 0, **headers: str) -> None:
        self.headers = {"host": "localhost", "ocp_apim_subscription_key": "key"} | headers
        self.megabytes, self.taken, self.sent = megabytes, 0, list[Message]()
        self.idle_timer, self.address = IdleTimer(), "10.0.0.7"

    async def receive(self) -> Message:
        self.taken += 1
        more = self.taken < self.megabytes
        return {"type": "http.request", "body": bytes(1 << 20), "more_body": more}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def scope(self, path: str) -> Scope:
        raw = [
            (key.replace("_", "-").encode(), text.encode()) for key, text in self.headers.items()
        ]
        scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": raw}
        return scope | {"query_string": b"", "client": (self.address, 5), "scheme": "http"}

    async def ask(self, app: ASGIApp = quiet, path: str = "/vision/v1.0/models") -> None:
        middleware = ApiKeyMiddleware(app, ServiceSettings(), "key", self.idle_timer)
        await middleware(self.scope(path), self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def closes(self) -> bool:
        return (b"connection", b"close") in self.sent[0]["headers"]


def test_an_unread_body_is_read_before_the_response() -> None:
    client = Client(40)
    asyncio.run(client.ask())
    assert (client.taken, client.closes) == (40, False)


def test_an_endless_body_closes_the_connection() -> None:
    client = Client(10**9)
    asyncio.run(client.ask())
    assert client.taken < 80
    assert client.closes


def test_a_body_that_stops_arriving_closes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("visionservice.middleware.UNREAD_SECONDS", 0.5)

    class Slow(Client):
        async def receive(self) -> Message:
            await asyncio.sleep(600)
            raise AssertionError

    client = Slow()
    asyncio.run(client.ask())
    assert client.closes


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"transfer_encoding": "chunked"}, 0),
        ({"content_length": str(40 << 20)}, 40),
        ({"content_length": str(1 << 30)}, 0),
    ],
)
def test_without_the_key_no_chunked_and_no_long_body_is_read(
    headers: dict[str, str], taken: int
) -> None:
    client = Client(40, ocp_apim_subscription_key="wrong", **headers)
    asyncio.run(client.ask())
    assert (client.status, client.taken, client.closes) == (401, taken, taken == 0)


async def canceled(client: Client, *, starts_response: bool) -> Client:
    """Send a request, and cancel it while the application works."""
    started = asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        if starts_response:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        started.set()
        await asyncio.sleep(60)

    asking = asyncio.create_task(client.ask(app))
    await started.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    return client


def test_a_response_that_was_started_is_not_started_again() -> None:
    client = asyncio.run(canceled(Client(), starts_response=True))
    assert [message["type"] for message in client.sent] == ["http.response.start"]


def test_a_request_that_is_canceled_gets_503_and_stays_canceled() -> None:
    client = asyncio.run(canceled(Client(10), starts_response=False))
    assert (client.status, client.taken, client.closes) == (503, 0, True)


class Stuck(Client):
    """A client that reads the head of the response, and then nothing."""

    async def receive(self) -> Message:
        if self.taken:
            await asyncio.sleep(60)
        return await super().receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)
        await super().send(message)


@pytest.mark.parametrize("path", ["/vision/v1.0/models", "/health"])
def test_a_client_that_does_not_read_the_response_times_out_without_a_stack_trace(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"chunk"] * 3))

    monkeypatch.setattr("visionservice.middleware.SEND_SECONDS", 0.2)
    caplog.set_level(logging.INFO, "visionservice")
    client, routes = Stuck(), [Route(path, stream, methods=["POST"])]
    check = Middleware(ApiKeyMiddleware, ServiceSettings(), "key", client.idle_timer)
    app = Starlette(routes=routes, middleware=[check], exception_handlers=EXCEPTION_HANDLERS)
    asyncio.run(app(client.scope(path), client.receive, client.send))
    assert client.idle_timer.idle > 0
    (record,) = [each for each in caplog.records if each.name.startswith("visionservice")]
    assert (record.levelname, " 499, " in record.getMessage()) == ("INFO", True)


@pytest.mark.parametrize(
    ("path", "key", "counts"),
    [
        ("/health", "key", False),
        ("/samples/dahlia.jpg", "key", False),
        ("/vision/v1.0/models", "wrong", False),
        ("/vision/v1.0/models", "key", True),
        ("/gallery", "key", True),
    ],
)
def test_only_requests_with_the_key_reset_the_idle_time(path: str, key: str, counts: bool) -> None:
    idle: list[float] = []

    class Watching(Client):
        async def send(self, message: Message) -> None:
            idle.append(self.idle_timer.idle)
            await super().send(message)

    client = Watching(ocp_apim_subscription_key=key)
    asyncio.run(client.ask(path=path))
    assert (idle[0] == 0.0) is counts


def test_the_access_log_has_no_query_no_key_and_no_second_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "visionservice")
    client = Client()
    client.address = "10.0.0.7\x1b[2J"  # from the header X-Forwarded-For
    asyncio.run(client.ask(path="/vision/v1.0/\r\nmodels\x1b\u00e9"))
    (record,) = [each for each in caplog.records if each.name == "visionservice.middleware"]
    pattern = r'10\.0\.0\.7\\x1b\[2J "POST /vision/v1\.0/ models\\x1b\\xe9" 200, 0\.\d{3} s'
    assert re.fullmatch(pattern, record.getMessage())
