"""Retries, deadlines, rate limits, polling, errors, secrecy of the key and logging over HTTP."""

from __future__ import annotations

import logging
import re
import signal
import socket
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from itertools import pairwise
from operator import methodcaller
from threading import Barrier, Event, Thread, main_thread
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from requests.structures import CaseInsensitiveDict

import visionhelpers as vh
from tests.support import scripted_server as scripted
from tests.support.clock import FakeClock
from tests.support.poll import poll_until
from tests.support.scripted_server import KEY, ScriptedServer, Step, scripted_server
from visionhelpers.endpoint import parse_endpoint, parse_key
from visionhelpers.transport import CLOCK, KEY_HEADER, RateLimiter, Response, Transport, parse_error

Call = Callable[[vh.VisionClient], object]
BUSY: Step = (503, {}, {"error": {"code": "503", "message": "Busy."}})
TOO_MANY: Step = (429, {}, {})
BUSY_7_SECONDS: Step = (503, {"Retry-After": "7"}, {})
BUSY_60_SECONDS: Step = (503, {"Retry-After": "60"}, {})
TOO_MANY_7_SECONDS: Step = (429, {"Retry-After": "7"}, {})
RUNNING_5_SECONDS: Step = (200, {"Retry-After": "5"}, {"status": "Running"})
RUNNING_60_SECONDS: Step = (200, {"Retry-After": "60"}, {"status": "Running"})
REFUSED: Step = (400, {}, {"message": "Wrong."})
NOT_FOUND: Step = (404, {}, {"message": "Not found."})
ELSEWHERE = "http://127.0.0.1:9/vision/v1.0/textOperations/1"
PERHAPS_DONE = [(500, {}, {}), (502, {}, {}), (504, {}, {}), scripted.CUT, scripted.CUT_SHORT]
NO_RESPONSE = [scripted.HANG, scripted.DRIP, scripted.DRIP_HEADERS]


tag, add_face = methodcaller("tag", b"x"), methodcaller("add_face", "Ada", b"x")
remove_face = methodcaller("remove_face", "Ada")


def read(client: vh.VisionClient, **options: Any) -> dict[str, Any]:
    return client.recognize_text(b"x", **options)


# Retries


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("call", [tag, read, add_face, remove_face])
@pytest.mark.parametrize("failure", [TOO_MANY, BUSY, *PERHAPS_DONE])
def test_only_a_request_that_may_run_twice_is_retried_after_any_failure(
    server: ScriptedServer, failure: Step, call: Call
) -> None:
    with pytest.raises((vh.ServiceError, vh.TransportError)):
        call(server.client(failure, REFUSED))
    is_retried = call is tag or failure in (TOO_MANY, BUSY)
    assert len(server.requests) == (2 if is_retried else 1)
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("call", [tag, read])
def test_a_refused_connection_is_retried(unused_port: int, clock: FakeClock, call: Call) -> None:
    with pytest.raises(vh.TransportError, match="refused"):
        call(vh.VisionClient(f"http://127.0.0.1:{unused_port}", KEY))
    assert clock.sleeps == [0.25, 0.5]


@pytest.mark.usefixtures("clock")
def test_a_service_that_always_ends_is_not_replaced_forever(server: ScriptedServer) -> None:
    server.steps = [scripted.CUT]
    target = parse_endpoint(server.url), parse_key(KEY)
    with pytest.raises(vh.TransportError, match="cut off"):
        Transport(target, retries=2, reconnect=lambda _: True).send("GET", "vision/v1.0/models")
    assert len(server.requests) <= 4


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("retries", "times"), [(0, [0]), (2, [0, 0.25, 0.75])])
@pytest.mark.parametrize("failure", [TOO_MANY, BUSY, (500, {}, {}), scripted.CUT])
def test_after_its_retries_the_last_error_is_raised(
    server: ScriptedServer, failure: Step, retries: int, times: list[float]
) -> None:
    with pytest.raises(vh.VisionError) as caught:
        tag(server.client(failure, retries=retries))
    assert getattr(caught.value, "status", -1) == failure[0]
    assert server.times == times


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("steps", "rate", "times"),
    [
        pytest.param(
            [BUSY] * 7, None, [0, 0.25, 0.75, 1.75, 3.75, 7.75, 15.75, 23.75], id="up to 8 seconds"
        ),
        pytest.param([TOO_MANY_7_SECONDS], None, [0, 7], id="Retry-After of a 429"),
        pytest.param([BUSY_7_SECONDS], None, [0, 7], id="Retry-After of a 503"),
        pytest.param([BUSY] * 2, "2/minute", [0, 0.25, 60], id="the rate"),
    ],
)
def test_a_retry_waits(
    server: ScriptedServer, steps: list[Step], rate: str | None, times: list[float]
) -> None:
    tag(server.client(*steps, scripted.TAGS, rate=rate, retries=7))
    assert server.times == times


def test_a_retry_waits_in_real_time(server: ScriptedServer) -> None:
    tag(server.client((503, {"Retry-After": "1"}, {}), scripted.TAGS))
    assert server.times[1] >= 1


def retry_after(value: str) -> float | None:
    return Response(429, CaseInsensitiveDict({"Retry-After": value}), 0.0).retry_after


@pytest.mark.parametrize("value", ["", "soon", "-1", "²", "1 Jan 99999999999 00:00 GMT"])
def test_retry_after_is_a_number_or_a_date_and_is_ignored_if_invalid(value: str) -> None:
    assert retry_after(value) is None
    assert retry_after("7") == 7
    assert retry_after(formatdate(time.time() - 30, usegmt=True)) == 0
    assert retry_after(formatdate(time.time() + 30, usegmt=True)) == pytest.approx(27.5, abs=2.5)


def test_a_429_blocks_all_requests(
    server: ScriptedServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client(TOO_MANY_7_SECONDS, scripted.TAGS)
    monkeypatch.setattr(CLOCK, "sleep", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        tag(client)
    monkeypatch.setattr(CLOCK, "sleep", clock.sleep)
    tag(client)
    assert server.times == [0, 7]


# Timeouts and deadlines


@pytest.mark.parametrize("step", NO_RESPONSE)
@pytest.mark.parametrize(
    ("call", "options"),
    [
        pytest.param(tag, {"timeout": 0.4}, id="at the timeout of an attempt"),
        pytest.param(tag, {"deadline": 0.4}, id="at the deadline"),
        pytest.param(partial(read, timeout=0.4), {}, id="at the timeout of an operation"),
    ],
)
def test_a_request_without_a_response_ends_in_time_and_is_not_retried(
    server: ScriptedServer, step: Step, call: Call, options: dict[str, float]
) -> None:
    with pytest.raises(vh.TransportError, match=r"no data within 0\.[34]\d* seconds") as caught:
        call(server.client(step, **{"timeout": 600, "retries": 100} | options))
    assert caught.value.reason == "timeout"
    poll_until(lambda: server.requests)
    assert len(server.requests) == 1


def test_ctrl_c_interrupts_a_request(server: ScriptedServer) -> None:
    def interrupt() -> None:
        poll_until(lambda: server.requests)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  (the thread interrupts in the block)
        Thread(target=interrupt, daemon=True).start()
        tag(server.client(scripted.HANG, timeout=600))


@pytest.mark.parametrize(
    ("step", "rate", "error", "ended"),
    [
        pytest.param(scripted.CUT, None, "cut off", 23.75, id="lost connections"),
        pytest.param(TOO_MANY, None, "429", 23.75, id="too many requests"),
        pytest.param(BUSY_60_SECONDS, None, "503", 0, id="Retry-After is too long"),
        pytest.param(BUSY, "1/minute", "rate limit", 0.25, id="the rate allows no retry"),
    ],
)
def test_a_call_with_its_retries_ends_before_its_deadline(
    server: ScriptedServer, clock: FakeClock, step: Step, rate: str | None, error: str, ended: float
) -> None:
    with pytest.raises(vh.VisionError, match=error):
        tag(server.client(step, rate=rate, deadline=30, retries=100))
    assert clock.monotonic() == ended


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("step", [scripted.HANG, scripted.DRIP])
def test_the_download_of_an_image_that_the_service_cannot_use_ends_at_the_deadline(
    server: ScriptedServer, other_server: ScriptedServer, step: Step
) -> None:
    other_server.steps, server.delay = [step], 298.5  # of 300 seconds
    with pytest.raises(vh.ServiceError, match="InvalidImageUrl") as caught:
        server.client(scripted.BAD_URL).tag(f"{other_server.url}/a.jpg")
    assert "it takes longer than 1.5 seconds" in str(caught.value.__context__)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("call", [add_face, remove_face])
def test_a_change_of_the_gallery_ends_at_the_deadline(server: ScriptedServer, call: Call) -> None:
    server.delay = 599.5
    with pytest.raises(vh.TransportError):
        call(server.client(NOT_FOUND, scripted.HANG, timeout=600, deadline=600))


@pytest.mark.usefixtures("clock")
def test_looking_for_another_service_ends_at_the_deadline(server: ScriptedServer) -> None:
    server.steps, server.delay, found = [BUSY], 599.5, Event()
    target = parse_endpoint(server.url), parse_key(KEY)
    transport = Transport(target, deadline=600, reconnect=lambda _: found.wait(600))
    with pytest.raises(vh.ServiceError):
        transport.send("GET", "vision/v1.0/models")
    found.set()


def test_a_slow_credential_ends_at_the_deadline(server: ScriptedServer) -> None:
    ended = Event()
    credential = SimpleNamespace(get_token=lambda _: ended.wait(600))
    with pytest.raises(vh.ConfigurationError, match="gave no token"):
        tag(vh.VisionClient(server.url, credential=credential, deadline=0.4))
    ended.set()


# Rate limits


@pytest.mark.parametrize(
    ("rate", "threads", "starts"),
    [
        ("3/2 seconds", 1, [0, 0, 0, 2, 2, 2, 4, 4]),
        ("5/second", 8, [number // 5 for number in range(100)]),
        (None, 4, [0] * 1000),
    ],
)
def test_requests_of_all_threads_start_as_soon_as_the_rate_allows(
    clock: FakeClock, rate: str | None, threads: int, starts: list[float]
) -> None:
    limiter = RateLimiter(rate)

    def start(_: float) -> float:
        limiter.acquire(1000)
        return clock.seen

    with ThreadPoolExecutor(threads) as pool:
        assert sorted(pool.map(start, starts)) == starts


def test_a_period_slides_and_may_be_blocked(clock: FakeClock) -> None:
    limiter = RateLimiter("2/10 seconds")
    for moment, waited in ((0, 0), (9, 0), (9.5, 0.5), (10.5, 8.5)):
        clock.advance(moment - clock.monotonic())
        assert limiter.acquire(1000) == waited
    limiter.block(30)
    limiter.block(20)
    assert limiter.acquire(1000) == 30


def test_an_interrupted_wait_does_not_count(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = RateLimiter("1/minute")
    assert limiter.acquire(1000) == 0
    clock.advance(20)
    monkeypatch.setattr(CLOCK, "sleep", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        limiter.acquire(1000)
    monkeypatch.setattr(CLOCK, "sleep", clock.sleep)
    assert limiter.acquire(1000) == 40


@pytest.mark.parametrize(
    "rate", ["", "20", "0/minute", "20/day", "-1/second", "1.5/second", 20, True]
)
def test_an_invalid_rate_is_named(server: ScriptedServer, rate: Any) -> None:
    client = server.client(rate="20/minute")
    for change in (partial(setattr, client, "rate"), lambda rate: server.client(rate=rate)):
        with pytest.raises(ValueError, match="use for example 20/minute") as caught:
            change(rate)
        assert str(caught.value).startswith(f"Invalid rate {rate!r}:")
    assert client.rate == "20/minute"


@pytest.mark.usefixtures("clock")
def test_the_rate_counts_from_the_start_and_lets_requests_overlap(server: ScriptedServer) -> None:
    client = server.client(scripted.TAGS, rate="2/minute")
    server.go.clear()
    with ThreadPoolExecutor(4) as pool:
        for number in (2, 4):  # none of them has a response
            for _ in range(2):
                pool.submit(tag, client)
            poll_until(lambda number=number: len(server.requests) == number)
        server.go.set()
    assert server.times[:2] == [0, 0]
    assert all(seconds >= 60 for seconds in server.times[2:])


@pytest.mark.usefixtures("clock")
def test_the_seconds_of_a_response_exclude_the_wait_for_the_rate(server: ScriptedServer) -> None:
    client = server.client(scripted.TAGS, rate="1/minute")
    server.delay = 5
    for waited in (0, 55):
        tag(client)
        assert client.rate_wait == waited
    assert client.last_response.seconds == 5
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: client.rate_wait).result() == 0


# Long-running operations


def test_an_operation_is_polled_until_it_ends(server: ScriptedServer) -> None:
    result = {"status": "Succeeded", "recognitionResult": {}}
    statuses: list[str] = []
    client = server.client(
        server.operation(), scripted.RUNNING, scripted.RUNNING, scripted.RUNNING, (200, {}, result)
    )
    assert read(client, handwriting=False, on_status=statuses.append) == result
    assert statuses == ["Running"] * 3 + ["Succeeded"]
    paths = [request.path for request in server.requests]
    assert paths[0] == "/vision/v1.0/recognizeText?handwriting=false"
    assert paths[1:] == ["/vision/v1.0/textOperations/1"] * 4
    interrupt = Mock(side_effect=InterruptedError)
    with pytest.raises(InterruptedError):
        read(server.client(server.operation(), scripted.RUNNING), on_status=interrupt)
    assert interrupt.call_count == 1


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("before", "polls", "pauses"),
    [
        pytest.param([], [TOO_MANY_7_SECONDS, RUNNING_5_SECONDS], [0.03, 7, 5], id="Retry-After"),
        pytest.param(
            [TOO_MANY], [scripted.RUNNING] * 4, [1, 1.5, 2.25, 3.375, 5], id="a second after a 429"
        ),
    ],
)
def test_polls_wait(
    server: ScriptedServer, before: list[Step], polls: list[Step], pauses: list[float]
) -> None:
    read(server.client(*before, server.operation(), *polls, scripted.SUCCEEDED))
    waits = [later - earlier for earlier, later in pairwise(server.times)]
    assert waits[len(before) :] == pytest.approx(pauses)


@pytest.mark.parametrize("failure", [scripted.CUT, scripted.CUT_SHORT, (500, {}, {})])
def test_polls_continue_after_a_transient_failure(server: ScriptedServer, failure: Step) -> None:
    client = server.client(server.operation(), failure, scripted.SUCCEEDED)
    assert read(client) == {"status": "Succeeded"}


def test_an_error_of_an_operation_is_raised_with_its_result(server: ScriptedServer) -> None:
    failed = {"status": "Failed", "why": "?"}
    with pytest.raises(vh.OperationFailedError, match="Failed") as caught:
        read(server.client(server.operation(), (200, {}, failed)))
    assert caught.value.result == failed
    with pytest.raises(vh.ServiceError, match="404: Not found"):
        read(server.client(server.operation(), NOT_FOUND))
    with pytest.raises(ValueError, match="Invalid timeout 0:"):
        read(server.client(), timeout=0)


@pytest.mark.parametrize(
    ("poll", "rate", "requests"),
    [
        (scripted.RUNNING, None, 48),
        (TOO_MANY, None, 8),
        (BUSY_60_SECONDS, None, 2),
        (RUNNING_60_SECONDS, None, 3),  # the start, a poll, and one at the end
        (scripted.RUNNING, "2/minute", 2),
    ],
)
def test_an_operation_that_does_not_end_times_out(
    server: ScriptedServer, clock: FakeClock, poll: Step, rate: str | None, requests: int
) -> None:
    with pytest.raises(vh.OperationTimeoutError, match=r"20 seconds") as caught:
        read(server.client(server.operation(), poll, rate=rate), timeout=20)
    assert clock.monotonic() <= 20
    assert caught.value.seconds == 20
    assert caught.value.location.endswith("/textOperations/1")
    assert len(server.requests) == requests


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("poll", NO_RESPONSE)
def test_an_operation_without_responses_to_polls_times_out(
    server: ScriptedServer, poll: Step
) -> None:
    server.delay = 599.7  # a poll has 0.3 seconds of real time
    client = server.client(server.operation(), poll, timeout=600)
    with pytest.raises(vh.OperationTimeoutError, match=r"600 seconds; status none"):
        read(client, timeout=600)


def test_an_operation_ends_at_the_deadline_or_its_timeout(
    server: ScriptedServer, clock: FakeClock
) -> None:
    client = server.client(server.operation(), scripted.RUNNING, deadline=30)
    with pytest.raises(vh.OperationTimeoutError):
        read(client)
    assert 29 < clock.monotonic() <= 30
    server.steps = [scripted.TAGS]
    assert tag(client) == {"tags": []}, "the deadline counts for each call"
    server.steps = [server.operation(), *[scripted.RUNNING] * 3, scripted.SUCCEEDED]
    server.delay = 15
    assert read(client, timeout=300)["status"] == "Succeeded"


# Responses


def test_an_error_response_is_raised_with_its_fields(server: ScriptedServer) -> None:
    headers = {"apim-request-id": "id-2", "X-Error-Hint": "Send JPEG.", "Retry-After": "7"}
    body = {"code": "InvalidImageSize", "message": "Too large.", "requestId": "id-1"}
    client = server.client((400, headers, body), (404, {"apim-request-id": "id-2"}, {}))
    for fields in (
        (400, "InvalidImageSize", "Too large.", "id-1", 7, "Send JPEG."),
        (404, None, "Not Found", "id-2", None, ""),
    ):
        with pytest.raises(vh.ServiceError) as caught:
            tag(client)
        assert tuple(vars(caught.value).values()) == fields


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (b'{"code": "InvalidUrl", "requestId": "1", "message": "m"}', ("InvalidUrl", "m", "1")),
        (b'{"error": {"code": "401", "message": "m"}}', ("401", "m", None)),
        (
            b'{"error": {"code": "InvalidRequest", "message": "m", "requestId": "1",'
            b' "innererror": {"code": "InvalidImageSize", "message": "inner"}}}',
            ("InvalidImageSize", "inner", "1"),
        ),
        (b'{"statusCode": 429, "message": "m"}', ("429", "m", None)),
        (b"<html>Bad gateway</html>", (None, "<html>Bad gateway</html>", None)),
        (b'"only words"', (None, "only words", None)),
        (b'{"error": "words"}', (None, "", None)),
        (b'{"error": null, "code": "c", "message": null}', ("c", "", None)),
        (b"\xff\xff", (None, "\N{REPLACEMENT CHARACTER}" * 2, None)),
        (b"x" * 10_000, (None, "x" * 200, None)),
    ],
)
def test_an_error_body_is_parsed_in_every_form(body: bytes, parsed: tuple[str | None, ...]) -> None:
    assert parse_error(body) == parsed


@pytest.mark.parametrize(
    ("call", "step", "message"),
    [
        *[
            (tag, (200, {"Content-Type": "text/html"}, body), r"\(text/html\) is not a JSON object")
            for body in (b"<html>hello</html>", b"[1, 2]", b"\xff\xfe", b"")
        ],
        (tag, (307, {"Location": ELSEWHERE}, {}), "redirects"),
        (read, (202, {}, {}), "Operation-Location is missing"),
        (read, (202, {"Operation-Location": ELSEWHERE}, {}), "is at another service"),
    ],
)
def test_a_response_that_the_client_cannot_use_is_an_error(
    server: ScriptedServer, call: Call, step: Step, message: str
) -> None:
    with pytest.raises(vh.ServiceError, match=message):
        call(server.client(step))
    assert len(server.requests) == 1


def test_each_thread_has_its_own_last_response_and_model_version(server: ScriptedServer) -> None:
    steps = [(200, {"X-Number": f"{n}"}, {"n": n, "modelVersion": f"v{n}"}) for n in range(6)]
    client, together = server.client(*steps), Barrier(6)
    server.delay = 0.2

    def call(_: int) -> tuple[object, ...]:
        together.wait(20)
        result = tag(client)
        together.wait(20)
        last = client.last_response
        assert (last.status, 0 < last.seconds < 10) == (200, True)
        return result, last.headers["x-number"], last.model_version

    with ThreadPoolExecutor(6) as pool:
        for result, number, version in pool.map(call, range(6)):
            assert (result, version) == ({"n": int(number)}, f"v{number}")
    assert client.last_response is None


# Connections that fail

REASONS = {
    "dns": "host name cannot be resolved",
    "refused": "the connection was refused",
    "tls": "TLS failed; check the certificate, and https or http .*self-signed",
    "proxy": "the proxy failed; check HTTPS_PROXY",
    "timeout": "no data within 0.3 seconds",
    "cut off": "the connection was cut off",
}


@pytest.mark.parametrize("reason", REASONS)
def test_each_failure_of_the_connection_has_its_message_and_a_cause_without_the_key(
    reason: str, unused_port: int, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = f"http://127.0.0.1:{unused_port}"
    urls = {"refused": closed, "proxy": "https://a.example.org", "dns": "http://a.example.org"}
    if reason == "proxy":
        session.proxies = {"https": closed}
    elif reason == "dns":
        unknown = Mock(side_effect=socket.gaierror(socket.EAI_NONAME, "Name not known"))
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    timeout = 0.3 if reason == "timeout" else 10  # TLS takes its time on a busy machine
    with scripted_server(tls=reason == "tls") as server:
        server.steps = [scripted.CUT if reason == "cut off" else scripted.HANG]
        url, options = urls.get(reason, server.url), {"timeout": timeout, "session": session}
        with pytest.raises(vh.TransportError) as caught:
            tag(vh.VisionClient(url, KEY, retries=0, **options))
    error = cause = caught.value
    assert error.reason == reason
    assert [each for each, text in REASONS.items() if re.search(text, str(error))] == [reason]
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert KEY not in "".join(report.format())
    assert error.__cause__ is not None
    while cause := cause.__cause__ or cause.__context__:
        assert KEY not in str(cause.args)
        assert cause.__traceback__ is getattr(cause, "request", None) is None


def test_a_missing_certificate_bundle_is_named_and_not_retried(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(vh.TransportError, match=r"OSError: .*/no/such/bundle\.pem"):
        tag(vh.VisionClient("https://vision.example.org", KEY))
    assert clock.sleeps == []


# The key


def test_the_key_is_printed_nowhere(
    server: ScriptedServer, unused_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = server.client(
        (400, {}, {"message": f"No such key as {KEY}"}), scripted.HANG, timeout=0.3
    )
    assert dict(client.headers) == {KEY_HEADER: KEY}
    printed = [repr(client), str(client), repr(client.headers), str(client.headers)]
    refused = vh.VisionClient(f"http://127.0.0.1:{unused_port}", KEY)
    for each in (client, client, refused):
        with pytest.raises((vh.ServiceError, vh.TransportError)) as caught:
            tag(each)
        printed += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
    printed += [repr(vars(record)) for record in caplog.records] + [repr(client.last_response)]
    assert all(printed)
    assert KEY not in "".join(printed)


def test_a_response_that_contains_the_key_is_redacted(server: ScriptedServer) -> None:
    body = {"code": KEY, "message": f"No such key as {KEY}", "requestId": KEY}
    elsewhere = 202, {"Operation-Location": f"http://elsewhere/?{KEY}", "X-Key": KEY}, ""
    for step in ((401, {"apim-request-id": KEY}, body), (400, {}, {"code": 3}), elsewhere):
        client = server.client(step)
        with pytest.raises(vh.ServiceError) as caught:
            read(client)
        assert KEY not in repr((caught.value.args, vars(caught.value), client.last_response))
    assert client.last_response.headers["x-key"] == "(the key)"


def test_the_key_in_an_error_of_the_session_is_redacted(
    server: ScriptedServer, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(request: requests.PreparedRequest, **_: Any) -> requests.Response:
        raise requests.RequestException("Not sent with " + "".join(request.headers[KEY_HEADER]))

    monkeypatch.setattr(session, "send", send)
    with pytest.raises(vh.TransportError, match=r"Not sent with \(the key\)") as caught:
        tag(server.client(session=session))
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(report.format())


@pytest.mark.parametrize(
    ("key", "shown"), [("a", "a"), ("k" * 15, "k" * 15), ("k" * 16, "(the key)")]
)
def test_a_key_below_16_characters_is_shown(server: ScriptedServer, key: str, shown: str) -> None:
    client = server.client((200, {"Content-Type": "application/json", "X-Key": key}, {}), key=key)
    tag(client)
    assert client.last_response.headers["Content-Type"] == "application/json"
    assert client.last_response.headers["X-Key"] == shown


# Logging


def test_requests_are_logged_at_debug_and_retries_at_info(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "visionhelpers")
    tag(server.client(BUSY, scripted.CUT, scripted.TAGS))
    expected = [
        ("DEBUG", "POST .*/vision/v1.0/tag.*: 503 in"),
        ("INFO", "Retry POST .*Busy"),
        ("INFO", "Retry POST .*cut off"),
        ("DEBUG", "POST .*: 200 in"),
    ]
    records = [record for record in caplog.records if record.name == "visionhelpers"]
    for record, (level, message) in zip(records, expected, strict=True):
        assert record.levelname == level
        assert re.match(message, record.getMessage())
