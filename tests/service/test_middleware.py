from __future__ import annotations

import asyncio
import logging
import re

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.clock import FakeClock
from visionservice import LocalService, middleware
from visionservice.middleware import ApiKeyMiddleware, IdleTimer, normalize_path, parse_host
from visionservice.responses import EXCEPTION_HANDLERS
from visionservice.settings import ServiceSettings

MODELS = "/vision/v1.0/models"


async def quiet(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


class Client:
    """A client of the middleware without a socket, which sends megabytes, or stops after them."""

    def __init__(
        self, megabytes: int = 1, *, query: str = "", stops: bool = False, **headers: str
    ) -> None:
        self.headers = {"host": "localhost", "ocp_apim_subscription_key": "key"} | headers
        self.megabytes, self.query, self.stops = megabytes, query, stops
        self.taken, self.sent = 0, list[Message]()
        self.idle_timer, self.address, self.idle = IdleTimer(), "10.0.0.7", -1.0

    async def receive(self) -> Message:
        if self.taken == self.megabytes:
            await asyncio.sleep(600)
        self.taken += 1
        more = self.taken < self.megabytes or self.stops
        return {"type": "http.request", "body": bytes(1 << 20), "more_body": more}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        self.idle = self.idle_timer.idle

    def scope(self, path: str) -> Scope:
        headers = [(name.replace("_", "-"), text) for name, text in self.headers.items()]
        scope: Scope = {"type": "http", "method": "POST", "path": path, "scheme": "http"}
        scope["headers"] = [(name.encode(), text.encode()) for name, text in headers]
        return scope | {"query_string": self.query.encode(), "client": (self.address, 5)}

    async def ask(self, app: ASGIApp = quiet, path: str = MODELS) -> None:
        check = ApiKeyMiddleware(app, ServiceSettings(), "key", self.idle_timer)
        await check(self.scope(path), self.receive, self.send)

    def status(self, path: str = MODELS) -> int:
        """Send a request, unless it is sent, and return the status of the response."""
        if not self.sent:
            asyncio.run(self.ask(path=path))
        return int(self.sent[0]["status"])

    @property
    def closes(self) -> bool:
        return (b"connection", b"close") in self.sent[0]["headers"]


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("/vision/v1.0/RecognizeText", "/vision/v1.0/recognizetext"),
        ("//Vision//V1.0///models/", MODELS),
        ("/samples/A b/C.jpg", "/samples/A b/C.jpg"),
        ("/", "/"),
    ],
)
def test_a_path_is_normalized(path: str, spelling: str) -> None:
    assert normalize_path(path) == spelling


@pytest.mark.parametrize(
    ("netloc", "host"),
    [("LocalHost:80", "localhost"), ("[::1]:8000", "::1"), ("127.0.0.1", "127.0.0.1")],
)
def test_a_host_is_parsed_without_its_port(netloc: str, host: str) -> None:
    assert parse_host(netloc) == host
    assert Client(host=netloc).status() == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a:1@127.0.0.1",
        "127.0.0.1/path",
        "[::1]a.test",
        "[::1",
        "localhost:80:80",
        "localhost:x",
    ],
)
def test_a_malformed_host_is_rejected(host: str) -> None:
    assert parse_host(host) == ""
    assert Client(host=host).status("/health") == 400


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
def test_another_host_is_rejected(host: str) -> None:
    assert Client(host=host).status("/health") == 400


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/health", True),
        ("/samples/dahlia.jpg", True),
        (MODELS, False),
        ("/gallery/celebrities/Somebody", False),
        ("/", False),
        ("/healthy", False),
        ("/vision/v1.0/../../health", False),
    ],
)
def test_only_health_and_samples_need_no_key_and_reset_no_idle_time(
    path: str, is_open: bool
) -> None:
    wrong, right = Client(ocp_apim_subscription_key="wrong"), Client()
    assert (wrong.status(path), right.status(path)) == (200 if is_open else 401, 200)
    assert wrong.idle > 0
    assert (right.idle > 0) is is_open


@pytest.mark.parametrize("name", ["subscription-key", "Subscription-Key", "SUBSCRIPTION-KEY"])
def test_the_query_can_contain_the_key(name: str) -> None:
    assert Client(query=f"{name}=key", ocp_apim_subscription_key="").status() == 200
    assert Client(query=f"{name}=wrong", ocp_apim_subscription_key="").status() == 401


def test_no_response_allows_another_origin(service: LocalService) -> None:
    url = f"{service.url}/health"
    response = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_the_rate_limiter_has_a_sliding_window() -> None:
    clock = FakeClock()
    limiter = middleware.RateLimiter(2, 10, clock.monotonic)
    for seconds, results in ((0, [0, 0, 10]), (9.5, [1]), (0.5, [0, 0, 10])):
        clock.advance(seconds)
        assert [limiter.acquire() for _ in results] == results


@pytest.mark.parametrize(
    ("client", "taken", "closes"),
    [
        pytest.param(Client(40), 40, False, id="an unread body is read before the response"),
        pytest.param(Client(10**9), 64, True, id="an endless body closes the connection"),
        pytest.param(Client(1, stops=True), 1, True, id="so does a body that stops"),
    ],
)
def test_the_rest_of_a_body_is_read(
    client: Client, taken: int, closes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "UNREAD_SECONDS", 0.5)
    assert (client.status(), client.taken, client.closes) == (200, taken, closes)


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
    assert (client.status(), client.taken, client.closes) == (401, taken, taken == 0)


@pytest.mark.parametrize("starts", [False, True])
def test_a_request_that_is_canceled_gets_503_unless_its_response_has_started(starts: bool) -> None:
    client, started = Client(10), asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        if starts:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        started.set()
        await asyncio.sleep(60)

    async def cancel() -> None:
        asking = asyncio.create_task(client.ask(app))
        await started.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(cancel())
    assert [message["type"] for message in client.sent].count("http.response.start") == 1
    expected = (200, 10, False) if starts else (503, 0, True)
    assert (client.status(), client.taken, client.closes) == expected


class Stuck(Client):
    """A client that reads the head of the response, and then nothing."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)
        await super().send(message)


@pytest.mark.parametrize("path", [MODELS, "/health"])
def test_a_client_that_does_not_read_the_response_times_out_without_a_stack_trace(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"chunk"] * 3))

    monkeypatch.setattr(middleware, "SEND_SECONDS", 0.2)
    caplog.set_level(logging.INFO, "visionservice")
    client, routes = Stuck(), [Route(path, stream, methods=["POST"])]
    check = Middleware(ApiKeyMiddleware, ServiceSettings(), "key", client.idle_timer)
    app = Starlette(routes=routes, middleware=[check], exception_handlers=EXCEPTION_HANDLERS)
    asyncio.run(app(client.scope(path), client.receive, client.send))
    assert client.idle_timer.idle > 0
    (record,) = [each for each in caplog.records if each.name.startswith("visionservice")]
    assert (record.levelname, " 499, " in record.getMessage()) == ("INFO", True)


def test_the_access_log_has_no_query_no_key_and_no_second_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "visionservice")
    client = Client(query="subscription-key=key")
    client.address = "10.0.0.7\x1b[2J"  # from the header X-Forwarded-For
    client.status("/vision/v1.0/\r\nmodels\x1b\u00e9")
    (record,) = [each for each in caplog.records if each.name == "visionservice.middleware"]
    pattern = r'10\.0\.0\.7\\x1b\[2J "POST /vision/v1\.0/ models\\x1b\\xe9" 200, 0\.\d{3} s'
    assert re.fullmatch(pattern, record.getMessage())
