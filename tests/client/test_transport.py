"""Authentication, retries, deadlines, rate limits, polling, errors and logging over HTTP."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from itertools import pairwise
from threading import Barrier, Event, Thread, main_thread
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from tests.support.clock import FakeClock
from tests.support.poll import poll_until
from tests.support.scripted_server import (
    BAD_URL,
    CUT,
    CUT_SHORT,
    DRIP,
    DRIP_HEADERS,
    HANG,
    KEY,
    RUNNING,
    SUCCEEDED,
    TAGS,
    ScriptedServer,
    Step,
    scripted_server,
)
from visionhelpers import (
    ConfigurationError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
    VisionClient,
    VisionError,
)
from visionhelpers.endpoint import parse_endpoint, parse_key
from visionhelpers.transport import (
    CLOCK,
    KEY_HEADER,
    RateLimiter,
    Response,
    Transport,
    parse_error,
)

UNAVAILABLE: Step = (503, {}, {"error": {"code": "503", "message": "Busy."}})
SERVER_ERRORS: list[Step] = [(500, {}, {}), (502, {}, {}), (504, {}, {}), CUT, CUT_SHORT]
"""Failures after which the service may have done the work."""
ONCE: list[Callable[[VisionClient], object]] = [
    lambda client: client.recognize_text(b"x"),
    lambda client: client.add_face("Ada", b"x"),
    lambda client: client.remove_face("Ada"),
]
"""Calls that start an operation or change a gallery."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# Retries


@pytest.mark.parametrize("failure", [(429, {}, {}), (503, {}, {}), *SERVER_ERRORS])
def test_a_transient_failure_is_retried_with_the_same_body(
    server: ScriptedServer, failure: Step
) -> None:
    assert server.client(failure, TAGS).tag(b"image") == {"tags": []}
    assert [request.body for request in server.requests] == [b"image", b"image"]


@pytest.mark.parametrize("call", ONCE)
@pytest.mark.parametrize("failure", SERVER_ERRORS)
def test_an_operation_or_a_change_of_the_gallery_is_not_sent_twice(
    server: ScriptedServer, failure: Step, call: Callable[[VisionClient], object]
) -> None:
    with pytest.raises((ServiceError, TransportError)):
        call(server.client(failure))
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", ONCE)
@pytest.mark.parametrize("status", [429, 503])
def test_an_operation_that_was_not_accepted_is_sent_again(
    server: ScriptedServer, status: int, call: Callable[[VisionClient], object]
) -> None:
    with pytest.raises(ServiceError, match="400"):
        call(server.client((status, {}, {}), (400, {}, {})))
    assert len(server.requests) == 2


@pytest.mark.parametrize("call", [lambda client: client.tag(b"x"), ONCE[0]])
def test_a_refused_connection_is_retried(
    call: Callable[[VisionClient], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = unused_port()
    with ExitStack() as stack:

        def start(_: float) -> None:
            server = stack.enter_context(scripted_server(port=port))
            server.steps = [(400, {}, {})]

        monkeypatch.setattr(CLOCK, "sleep", start)
        with pytest.raises(ServiceError, match="400"):
            call(VisionClient(f"http://127.0.0.1:{port}", KEY))


@pytest.mark.usefixtures("clock")
def test_a_service_that_ends_at_each_request_is_not_replaced_again_and_again(
    server: ScriptedServer,
) -> None:
    server.steps = [CUT]
    target = parse_endpoint(server.url), parse_key(KEY)
    transport = Transport(target, retries=2, reconnect=lambda _: True)
    with pytest.raises(TransportError, match="cut off"):
        transport.send("GET", "vision/v1.0/models")
    assert len(server.requests) <= 4


def test_an_idle_connection_that_the_server_closed_is_replaced(server: ScriptedServer) -> None:
    server.keep_alive = False
    client = server.client(TAGS, server.operation(), SUCCEEDED)
    client.tag(b"x")
    poll_until(lambda: server.closed)
    assert client.recognize_text(b"x")["status"] == "Succeeded"
    assert len(server.requests) == 3


@pytest.mark.usefixtures("clock")
def test_after_its_retries_the_last_error_is_raised(server: ScriptedServer) -> None:
    body = {"error": {"code": "429", "message": "Out of calls."}}
    with pytest.raises(ServiceError, match="429: Out of calls") as caught:
        server.client((429, {}, body), retries=2).tag(b"x")
    assert caught.value.status == 429
    assert server.times == [0, 0.25, 0.75]


@pytest.mark.parametrize("failure", [(429, {}, {}), (500, {}, {}), (503, {}, {}), CUT])
def test_without_retries_a_request_is_sent_once(server: ScriptedServer, failure: Step) -> None:
    with pytest.raises(VisionError):
        server.client(failure, retries=0).tag(b"x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(server: ScriptedServer, clock: FakeClock, status: int) -> None:
    server.client((status, {"Retry-After": "7"}, {}), TAGS).tag(b"x")
    assert server.times == [0, 7]
    assert clock.sleeps == [7]


def test_retries_wait_longer_each_time(server: ScriptedServer, clock: FakeClock) -> None:
    server.client(*[UNAVAILABLE] * 7, TAGS, retries=7).tag(b"x")
    assert clock.sleeps == [0.25, 0.5, 1, 2, 4, 8, 8]


def test_a_retry_waits_in_real_time(server: ScriptedServer) -> None:
    server.client((503, {"Retry-After": "1"}, {}), TAGS).tag(b"x")
    assert server.times[1] >= 1


def test_an_error_has_the_seconds_of_retry_after(server: ScriptedServer) -> None:
    client = server.client((429, {"Retry-After": "7"}, {}), retries=0)
    with pytest.raises(ServiceError) as caught:
        client.tag(b"x")
    assert caught.value.retry_after == 7
    server.steps = [(429, {}, {})]
    with pytest.raises(ServiceError) as caught:
        client.tag(b"x")
    assert caught.value.retry_after is None


def retry_after(value: str) -> float | None:
    return Response(429, CaseInsensitiveDict({"Retry-After": value}), 0.0).retry_after


def test_retry_after_may_be_a_date() -> None:
    seconds = retry_after(formatdate(time.time() + 30, usegmt=True))
    assert seconds is not None
    assert 25 < seconds <= 30
    assert retry_after(formatdate(time.time() - 30, usegmt=True)) == 0


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", "²", "Wed, 99 Foo 2026 99:99:99 GMT", "1 Jan 99999999999 00:00 GMT"]
)
def test_an_invalid_retry_after_is_ignored(value: str) -> None:
    assert retry_after(value) is None


def test_threads_wait_together_after_a_429(
    server: ScriptedServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, waiting, go = server.client((429, {"Retry-After": "1"}, {}), TAGS), [], Event()

    def sleep(seconds: float) -> None:
        waiting.append(seconds)
        assert go.wait(60)
        clock.sleep(seconds)

    monkeypatch.setattr(CLOCK, "sleep", sleep)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(client.tag, b"first")
        poll_until(lambda: waiting)
        others = [pool.submit(client.tag, b"x") for _ in range(3)]
        poll_until(lambda: len(waiting) == 4)
        assert len(server.requests) == 1
        go.set()
        assert all(future.result() == {"tags": []} for future in [first, *others])
    assert waiting == [1] * 4
    assert len(server.requests) == 5


# Timeouts and deadlines


@pytest.mark.parametrize("step", [HANG, DRIP, DRIP_HEADERS])
def test_an_attempt_ends_at_its_timeout_and_is_not_retried(
    server: ScriptedServer, step: Step
) -> None:
    client = server.client(step, timeout=0.4)
    with pytest.raises(TransportError, match=r"0\.4 seconds") as caught:
        client.tag(b"x")
    assert caught.value.reason == "timeout"
    poll_until(lambda: server.requests)
    assert len(server.requests) == 1


def test_ctrl_c_interrupts_a_request(server: ScriptedServer) -> None:
    def interrupt() -> None:
        poll_until(lambda: server.requests)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    client = server.client(HANG, timeout=600)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  (the thread interrupts in the block)
        Thread(target=interrupt, daemon=True).start()
        client.tag(b"x")


@pytest.mark.parametrize("limit", ["timeout", "deadline"])
def test_an_upload_that_the_service_reads_late_ends_in_time(limit: str) -> None:
    ended = Event()

    def read_late() -> None:
        connection, _ = listener.accept()
        with connection:
            ended.wait(0.7)
            while connection.recv(1 << 20) and not ended.is_set():
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=read_late, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options: dict[str, Any] = {"timeout": 600, "deadline": 600} | {limit: 0.8}
        with pytest.raises(TransportError) as caught:
            VisionClient(url, KEY, **options).tag(bytes(4_000_000))  # more than socket buffers hold
        ended.set()
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize(
    ("step", "ended"),
    [
        (CUT, 23.75),
        ((429, {}, {}), 23.75),
        ((503, {}, {}), 23.75),
        ((429, {"Retry-After": "60"}, {}), 0),
        ((503, {"Retry-After": "60"}, {}), 0),
    ],
)
def test_a_call_with_its_retries_ends_before_the_deadline(
    server: ScriptedServer, clock: FakeClock, step: Step, ended: float
) -> None:
    client = server.client(step, deadline=30, retries=100)
    with pytest.raises((TransportError, ServiceError)):
        client.tag(b"x")
    assert clock.monotonic() == ended


@pytest.mark.parametrize("step", [HANG, DRIP, DRIP_HEADERS])
def test_a_call_without_a_response_ends_at_the_deadline(server: ScriptedServer, step: Step) -> None:
    client = server.client(step, deadline=0.5, timeout=600, retries=100)
    with pytest.raises(TransportError, match=r"no data within 0\.\d+ seconds"):
        client.tag(b"x")


def test_the_deadline_counts_for_each_call(server: ScriptedServer, clock: FakeClock) -> None:
    client = server.client(deadline=30)
    for _ in range(3):
        server.steps = [(503, {"Retry-After": "20"}, {}), TAGS]
        assert client.tag(b"x") == {"tags": []}
    assert len(server.requests) == 6
    assert clock.monotonic() == 60


def test_a_wait_for_the_rate_ends_at_the_deadline(server: ScriptedServer, clock: FakeClock) -> None:
    client = server.client(TAGS, rate="1/minute", deadline=30)
    client.tag(b"x")
    with pytest.raises(TransportError, match="rate limit") as caught:
        client.tag(b"x")
    assert caught.value.reason == "rate limit"
    assert len(server.requests) == 1
    assert clock.sleeps == []


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("step", [HANG, DRIP])
def test_the_download_of_an_image_that_the_service_cannot_use_ends_at_the_deadline(
    server: ScriptedServer, other_server: ScriptedServer, step: Step
) -> None:
    other_server.steps, server.delay = [step], 298.5  # of 300 seconds
    with pytest.raises(VisionError, match="InvalidImageUrl"):
        server.client(BAD_URL).tag(f"{other_server.url}/a.jpg")
    assert len(other_server.requests) == 1


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("call", ONCE[1:])
def test_a_change_of_the_gallery_ends_at_the_deadline(
    server: ScriptedServer, call: Callable[[VisionClient], object]
) -> None:
    server.delay = 599.5
    with pytest.raises(TransportError):
        call(server.client((404, {}, {}), HANG, timeout=600, deadline=600))


# Rate limits


def starts(clock: FakeClock, limiter: RateLimiter, requests: int, threads: int = 1) -> list[float]:
    """Return when requests may start in several threads."""

    def start(_: int) -> float:
        limiter.acquire(1000)
        return clock.seen

    with ThreadPoolExecutor(threads) as pool:
        return sorted(pool.map(start, range(requests)))


def test_requests_start_as_soon_as_the_rate_allows(clock: FakeClock) -> None:
    assert starts(clock, RateLimiter("3/2 seconds"), 8) == [0, 0, 0, 2, 2, 2, 4, 4]


def test_a_period_slides(clock: FakeClock) -> None:
    limiter = RateLimiter("2/10 seconds")
    for moment, waited in ((0, 0), (9, 0), (9.5, 0.5), (10.5, 8.5)):
        clock.advance(moment - clock.monotonic())
        assert limiter.acquire(1000) == waited


def test_no_period_has_more_requests_of_all_threads_than_the_rate(clock: FakeClock) -> None:
    moments = starts(clock, RateLimiter("5/second"), 100, threads=8)
    assert moments == [number // 5 for number in range(100)]


def test_without_a_rate_no_request_waits(clock: FakeClock) -> None:
    assert starts(clock, RateLimiter(), 1000, threads=4) == [0] * 1000


def test_a_rate_is_kept_in_real_time(server: ScriptedServer) -> None:
    client, began = server.client(TAGS, rate="2/second"), time.monotonic()
    for _ in range(3):
        client.tag(b"x")
    assert time.monotonic() - began >= 1
    assert client.rate_wait > 0


def test_all_requests_wait_while_a_limiter_is_blocked(clock: FakeClock) -> None:
    limiter = RateLimiter()
    limiter.block(7)
    limiter.block(5)
    assert starts(clock, limiter, 8, threads=4) == [7] * 8


def test_an_interrupted_wait_takes_nothing_from_the_rate(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    limiter = RateLimiter("1/minute")
    assert limiter.acquire(1000) == 0
    clock.advance(20)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        patch.setattr(CLOCK, "sleep", interrupt)
        limiter.acquire(1000)
    assert limiter.acquire(1000) == 40


@pytest.mark.parametrize(
    "rate", ["", "20", "fast", "0/minute", "20/day", "-1/second", "1.5/second", 20, 0, True]
)
def test_an_invalid_rate_is_named(rate: object) -> None:
    with pytest.raises(ValueError, match="use for example 20/minute") as caught:
        RateLimiter(rate)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"Invalid rate {rate!r}:")


@pytest.mark.usefixtures("clock")
def test_the_rate_counts_operations_and_polls(server: ScriptedServer) -> None:
    client = server.client(server.operation(), SUCCEEDED, server.operation(), SUCCEEDED)
    client.rate = "3/minute"
    client.recognize_text(b"x")
    client.recognize_text(b"y")
    assert server.times == [0, 0.03, 0.03, 60]


def test_the_rate_counts_retries(server: ScriptedServer, clock: FakeClock) -> None:
    client = server.client(UNAVAILABLE, rate="1/minute", deadline=30)
    with pytest.raises(TransportError, match="rate limit"):
        client.tag(b"x")
    assert len(server.requests) == 1
    assert clock.sleeps == [0.25]


@pytest.mark.usefixtures("clock")
def test_retries_wait_for_the_rate(server: ScriptedServer) -> None:
    server.client(*[UNAVAILABLE] * 2, TAGS, rate="2/minute").tag(b"x")
    assert server.times == [0, 0.25, 60]


@pytest.mark.usefixtures("clock")
def test_the_rate_counts_from_the_start_and_lets_requests_overlap(server: ScriptedServer) -> None:
    client = server.client(TAGS, rate="2/minute")
    server.go.clear()
    with ThreadPoolExecutor(4) as pool:
        for number in (2, 4):  # none of them has a response
            for _ in range(2):
                pool.submit(client.tag, b"x")
            poll_until(lambda number=number: len(server.requests) == number)
        server.go.set()
    assert server.times[:2] == [0, 0]
    assert all(seconds >= 60 for seconds in server.times[2:])


@pytest.mark.usefixtures("clock")
def test_the_seconds_of_a_response_exclude_the_wait_for_the_rate(server: ScriptedServer) -> None:
    client = server.client(TAGS, rate="1/minute")
    server.delay = 5
    client.tag(b"x")
    assert client.rate_wait == 0
    client.tag(b"x")
    assert client.last_response is not None
    assert client.last_response.seconds == 5
    assert client.rate_wait == 55
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: client.rate_wait).result() == 0


# Long-running operations


def test_an_operation_is_polled_until_it_ends(server: ScriptedServer) -> None:
    result = {"status": "Succeeded", "recognitionResult": {}}
    statuses: list[str] = []
    client = server.client(server.operation(), RUNNING, RUNNING, RUNNING, (200, {}, result))
    read = client.recognize_text(b"x", handwriting=False, on_status=statuses.append)
    assert read == result
    assert statuses == ["Running"] * 3 + ["Succeeded"]
    paths = [request.path for request in server.requests]
    assert paths[0] == "/vision/v1.0/recognizeText?handwriting=false"
    assert paths[1:] == ["/vision/v1.0/textOperations/1"] * 4


def test_an_exception_of_on_status_ends_the_polling(server: ScriptedServer) -> None:
    def stop(status: str) -> None:
        raise InterruptedError(status)

    with pytest.raises(InterruptedError, match="Running"):
        server.client(server.operation(), RUNNING).recognize_text(b"x", on_status=stop)
    assert len(server.requests) == 2


def test_polls_are_frequent_at_first_and_slow_down(
    server: ScriptedServer, clock: FakeClock
) -> None:
    client = server.client(server.operation(), RUNNING)
    with pytest.raises(OperationTimeoutError):
        client.recognize_text(b"x", timeout=30)
    expected = [min(0.03 * 1.1**number, 1.0) for number in range(len(clock.sleeps))]
    assert clock.sleeps[:-1] == pytest.approx(expected[:-1])
    assert len(clock.sleeps) > 40
    assert clock.monotonic() == pytest.approx(30 - 0.25), "a last poll has a quarter of a second"


def test_a_failed_operation_is_raised_with_its_result(server: ScriptedServer) -> None:
    client = server.client(server.operation(), (200, {}, {"status": "Failed", "why": "?"}))
    with pytest.raises(OperationFailedError, match="Failed") as caught:
        client.recognize_text(b"x")
    assert caught.value.result == {"status": "Failed", "why": "?"}


@pytest.mark.parametrize(
    "poll",
    [
        RUNNING,
        (429, {}, {}),
        (503, {"Retry-After": "60"}, {}),
        (200, {"Retry-After": "60"}, {"status": "Running"}),
    ],
)
def test_an_operation_that_does_not_end_times_out(
    server: ScriptedServer, clock: FakeClock, poll: Step
) -> None:
    client = server.client(server.operation(), poll)
    with pytest.raises(OperationTimeoutError, match=r"20 seconds") as caught:
        client.recognize_text(b"x", timeout=20)
    assert clock.monotonic() <= 20
    assert caught.value.seconds == 20
    assert caught.value.location.endswith("/textOperations/1")


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("poll", [HANG, DRIP, DRIP_HEADERS])
def test_an_operation_whose_polls_get_no_response_times_out(
    server: ScriptedServer, poll: Step
) -> None:
    server.delay = 599.7  # a poll has 0.3 seconds of real time
    client = server.client(server.operation(), poll, timeout=600)
    with pytest.raises(OperationTimeoutError, match=r"600 seconds; status none"):
        client.recognize_text(b"x", timeout=600)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "poll",
    [
        (429, {"Retry-After": "60"}, {}),
        (503, {"Retry-After": "60"}, {}),
        (200, {"Retry-After": "60"}, {"status": "Running"}),
    ],
)
def test_polls_are_not_repeated_before_retry_after(server: ScriptedServer, poll: Step) -> None:
    client = server.client(server.operation(), poll)
    with pytest.raises(OperationTimeoutError):
        client.recognize_text(b"x", timeout=20)
    assert len(server.requests) <= 3  # the start, a poll, and perhaps one at the end


@pytest.mark.parametrize("step", [(429, {"Retry-After": "60"}, {}), (503, {}, {})])
def test_an_operation_that_does_not_start_times_out(
    server: ScriptedServer, clock: FakeClock, step: Step
) -> None:
    client = server.client(step, retries=100)
    with pytest.raises(VisionError):
        client.recognize_text(b"x", timeout=20)
    assert clock.monotonic() <= 20


@pytest.mark.parametrize("step", [HANG, DRIP])
def test_an_operation_whose_start_gets_no_response_times_out(
    server: ScriptedServer, step: Step
) -> None:
    client = server.client(step, timeout=600)
    with pytest.raises(TransportError, match=r"no data within 0\.\d+ seconds"):
        client.recognize_text(b"x", timeout=0.4)


def test_the_timeout_of_an_operation_includes_the_wait_for_the_rate(
    server: ScriptedServer, clock: FakeClock
) -> None:
    client = server.client(server.operation(), RUNNING, rate="2/minute")
    with pytest.raises(OperationTimeoutError):
        client.recognize_text(b"x", timeout=20)
    assert len(server.requests) == 2
    assert clock.monotonic() <= 20


def test_an_operation_ends_at_the_deadline_or_at_its_own_timeout(
    server: ScriptedServer, clock: FakeClock
) -> None:
    client = server.client(server.operation(), RUNNING, deadline=30)
    with pytest.raises(OperationTimeoutError):
        client.recognize_text(b"x")
    assert 29 < clock.monotonic() <= 30
    server.steps, server.delay = [server.operation(), *[RUNNING] * 3, SUCCEEDED], 15
    assert client.recognize_text(b"x", timeout=300)["status"] == "Succeeded"


@pytest.mark.parametrize("timeout", [0, -1])
def test_an_invalid_timeout_of_an_operation_is_named(
    server: ScriptedServer, timeout: float
) -> None:
    with pytest.raises(ValueError, match=f"Invalid timeout {timeout}:"):
        server.client().recognize_text(b"x", timeout=timeout)
    assert server.requests == []


@pytest.mark.usefixtures("clock")
def test_polls_wait_for_retry_after(server: ScriptedServer) -> None:
    client = server.client(
        server.operation(),
        (429, {"Retry-After": "7"}, {}),
        (200, {"Retry-After": "5"}, {"status": "Running"}),
        SUCCEEDED,
    )
    client.recognize_text(b"x")
    assert server.times == pytest.approx([0, 0.03, 7.03, 12.03])


@pytest.mark.usefixtures("clock")
def test_polls_are_a_second_apart_after_a_429(server: ScriptedServer) -> None:
    client = server.client(
        (429, {}, {}), TAGS, server.operation(), RUNNING, RUNNING, RUNNING, RUNNING, SUCCEEDED
    )
    client.tag(b"x")
    client.recognize_text(b"x")
    pauses = [later - earlier for earlier, later in pairwise(server.times)]
    assert pauses == [0.25, 0, 1, 1.5, 2.25, 3.375, 5]


def test_polls_in_real_time(server: ScriptedServer) -> None:
    client = server.client(server.operation(), RUNNING, RUNNING, SUCCEEDED)
    client.recognize_text(b"x")
    pauses = [later - earlier for earlier, later in pairwise(server.times)]
    assert all(pause >= 0.03 for pause in pauses)


@pytest.mark.parametrize("failure", [CUT, CUT_SHORT, (500, {}, {})])
def test_polls_continue_after_a_transient_failure(server: ScriptedServer, failure: Step) -> None:
    client = server.client(server.operation(), failure, SUCCEEDED)
    assert client.recognize_text(b"x") == {"status": "Succeeded"}


def test_an_error_response_to_a_poll_is_raised(server: ScriptedServer) -> None:
    client = server.client(server.operation(), (404, {}, {"message": "Unknown operation."}))
    with pytest.raises(ServiceError, match="Unknown operation"):
        client.recognize_text(b"x")


def test_an_operation_at_another_host_is_not_polled(
    server: ScriptedServer, other_server: ScriptedServer
) -> None:
    elsewhere = {"Operation-Location": f"{other_server.url}/vision/v1.0/textOperations/1"}
    for headers in (elsewhere, {}):
        with pytest.raises(ServiceError, match="Operation-Location"):
            server.client((202, headers, "")).recognize_text(b"x")
    assert other_server.requests == []


# Responses


def test_an_error_response_is_raised_with_its_fields(server: ScriptedServer) -> None:
    body = {"code": "InvalidImageSize", "message": "Too large.", "requestId": "id-1"}
    with pytest.raises(ServiceError, match=r"InvalidImageSize \(400\): Too large") as caught:
        server.client((400, {}, body)).tag(b"x")
    error = caught.value
    assert (error.status, error.code, error.message) == (400, "InvalidImageSize", "Too large.")
    assert error.request_id == "id-1"
    assert len(server.requests) == 1


def test_an_error_response_without_a_request_id_has_that_of_its_headers(
    server: ScriptedServer,
) -> None:
    with pytest.raises(ServiceError) as caught:
        server.client((400, {"apim-request-id": "id-2"}, {"code": "c"})).tag(b"x")
    assert caught.value.request_id == "id-2"


def test_an_error_response_has_the_hint_of_its_headers(server: ScriptedServer) -> None:
    with pytest.raises(ServiceError, match=r"^c \(400\): No\. Send JPEG\.$") as caught:
        server.client((400, {"X-Error-Hint": "Send JPEG."}, {"code": "c", "message": "No."})).tag(
            b"x"
        )
    assert (caught.value.message, caught.value.hint) == ("No.", "Send JPEG.")


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (
            b'{"code": "InvalidImageUrl", "requestId": "1", "message": "m"}',
            ("InvalidImageUrl", "m", "1"),
        ),
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
        (b"", (None, "", None)),
        (b"\xff\xff", (None, "\N{REPLACEMENT CHARACTER}" * 2, None)),
    ],
)
def test_an_error_body_is_parsed_in_every_form(body: bytes, parsed: tuple[str | None, ...]) -> None:
    assert parse_error(body) == parsed


def test_the_message_of_a_long_error_body_is_cut() -> None:
    assert len(parse_error(b"x" * 10_000)[1]) == 200


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1, 2]", b"\xff\xfe", b""])
def test_a_response_that_is_not_a_json_object_is_an_error(
    server: ScriptedServer, body: bytes
) -> None:
    with pytest.raises(ServiceError, match=r"\(text/html\) is not a JSON object"):
        server.client((200, {"Content-Type": "text/html"}, body)).tag(b"x")


def test_a_redirect_is_not_followed(server: ScriptedServer, other_server: ScriptedServer) -> None:
    with pytest.raises(ServiceError, match="redirects"):
        server.client((307, {"Location": other_server.url}, {})).tag(b"x")
    assert other_server.requests == []


def test_the_last_response_has_status_headers_and_seconds(server: ScriptedServer) -> None:
    client = server.client((200, {"apim-request-id": "7"}, {"tags": []}))
    assert client.last_response is None
    client.tag(b"x")
    assert client.last_response is not None
    assert client.last_response.status == 200
    assert client.last_response.headers["APIM-Request-Id"] == "7"
    assert 0 < client.last_response.seconds < 5


def test_each_thread_has_its_own_last_response_and_model_version(server: ScriptedServer) -> None:
    steps: list[Step] = [
        (200, {"apim-request-id": str(n)}, {"number": n, "modelVersion": f"v{n}"}) for n in range(6)
    ]
    client, together = server.client(*steps), Barrier(6)
    server.delay = 0.2

    def call() -> tuple[object, ...]:
        together.wait(20)
        result: Mapping[str, Any] = client.tag(b"x")
        together.wait(20)
        response = client.last_response
        assert response is not None
        assert set(result) == {"number"}
        n = result["number"]
        return response.headers["apim-request-id"] == f"{n}", response.model_version == f"v{n}"

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(call) for _ in range(6)]
        assert {future.result() for future in futures} == {(True, True)}
    assert client.last_response is None


def test_the_connection_is_kept(server: ScriptedServer) -> None:
    client = server.client(TAGS)
    for _ in range(3):
        client.tag(b"x")
    assert len({request.port for request in server.requests}) == 1


def test_only_a_service_on_this_machine_gets_the_process_id(server: ScriptedServer) -> None:
    server.client(TAGS).tag(b"x")
    session = requests.Session()
    session.proxies = {"http": server.url}
    VisionClient("http://vision.example.org", KEY, session=session).tag(b"x")
    local, remote = server.requests
    assert local.headers["X-Client-Id"] == str(os.getpid())
    assert remote.path.startswith("http://vision.example.org/")
    assert "X-Client-Id" not in remote.headers


# Connections that fail


def unresolvable(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@contextmanager
def failing(reason: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[VisionClient]:
    """Give a client whose requests fail for a reason."""
    session = requests.Session()
    session.trust_env = False
    url, step = f"http://127.0.0.1:{unused_port()}", TAGS
    with scripted_server(tls=reason == "tls") as server:
        if reason == "proxy":
            session.proxies, url = {"http": url, "https": url}, "https://vision.example.org"
        elif reason == "dns":
            monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
            url = "http://vision.example.org"
        elif reason != "refused":
            url = server.url
            step = {"timeout": HANG, "cut off": CUT}.get(reason, TAGS)
        server.steps = [step]
        timeout = 0.3 if reason == "timeout" else 10  # TLS takes its time on a busy machine
        yield VisionClient(url, KEY, timeout=timeout, retries=0, session=session)


REASONS = {
    "dns": "host name cannot be resolved",
    "refused": "the connection was refused",
    "tls": "TLS failed; check the certificate",
    "proxy": "the proxy failed; check HTTPS_PROXY",
    "timeout": r"no data within 0\.3 seconds",
    "cut off": "the connection was cut off",
}


@pytest.mark.parametrize("reason", REASONS)
def test_each_failure_of_the_connection_has_its_message_and_its_cause(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(reason, monkeypatch) as client, pytest.raises(TransportError) as caught:
        client.tag(b"x")
    error = caught.value
    assert error.reason == reason
    assert error.__cause__ is not None
    found = [each for each, message in REASONS.items() if error_matches(error, message)]
    assert found == [reason]


def error_matches(error: Exception, message: str) -> bool:
    try:
        with pytest.raises(type(error), match=message):
            raise error
    except AssertionError:
        return False
    return True


def test_a_tls_error_names_what_is_wrong_with_the_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with failing("tls", monkeypatch) as client, pytest.raises(TransportError, match="self-signed"):
        client.tag(b"x")


def test_https_at_a_port_of_http_is_a_tls_error(server: ScriptedServer) -> None:
    client = VisionClient(server.url.replace("http:", "https:"), KEY, retries=0)
    with pytest.raises(TransportError, match="https or http") as caught:
        client.tag(b"x")
    assert caught.value.reason == "tls"
    assert isinstance(caught.value.__cause__, requests.exceptions.SSLError)


def test_a_proxy_of_the_environment_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused_port()}")
    client = VisionClient("https://vision.example.org", KEY, retries=0)
    with pytest.raises(TransportError, match="HTTPS_PROXY") as caught:
        client.tag(b"x")
    assert caught.value.reason == "proxy"


# The key


def texts(value: object, seen: dict[int, object]) -> Iterator[str]:
    """Yield every text that a value contains, in its attributes and tracebacks too."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    inner: list[object] = []
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes | bytearray):
        yield value.decode("latin-1")
    elif isinstance(value, Mapping):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    elif isinstance(value, BaseException):
        yield repr(value)
        frames = [frame.f_locals for frame, _ in traceback.walk_tb(value.__traceback__)]
        inner = [value.args, vars(value), value.__cause__, value.__context__, *frames]
    elif type(value).__module__.partition(".")[0] in ("requests", "urllib3", "http"):
        inner = [getattr(value, "__dict__", None)]
    for each in inner:
        yield from texts(each, seen)


@pytest.mark.parametrize("reason", REASONS)
def test_the_cause_of_an_error_does_not_contain_the_key(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(reason, monkeypatch) as client, pytest.raises(TransportError) as caught:
        client.tag(b"x")
    error = caught.value
    found = list(texts((error.__cause__, error.__context__, error.args, vars(error)), {}))
    assert len(found) > 3
    assert not [text for text in found if KEY in text]
    causes = [error.__cause__, error.__context__]
    assert all(getattr(cause, "request", None) is None for cause in causes)


@pytest.mark.parametrize("reason", REASONS)
def test_a_traceback_with_local_variables_does_not_contain_the_key(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(reason, monkeypatch) as client, pytest.raises(TransportError) as caught:
        client.tag(b"x")
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(report.format())


def test_the_key_is_printed_nowhere(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = server.client((400, {}, {"message": f"No such key as {KEY}"}), HANG, timeout=0.3)
    printed = [repr(client), str(client), repr(client.headers), str(client.headers)]
    refused = VisionClient(f"http://127.0.0.1:{unused_port()}", KEY)
    for each in (client, client, refused):
        with pytest.raises((ServiceError, TransportError)) as caught:
            each.tag(b"x")
        printed += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
    printed += [repr(vars(record)) for record in caplog.records] + [repr(client.last_response)]
    assert all(printed)
    assert KEY not in "".join(printed)


def test_a_response_that_contains_the_key_is_redacted(server: ScriptedServer) -> None:
    body = {"code": KEY, "message": f"No such key as {KEY}", "requestId": KEY}
    elsewhere = 202, {"Operation-Location": f"http://elsewhere/?{KEY}", "X-Key": KEY}, ""
    for step in ((401, {"apim-request-id": KEY}, body), (400, {}, {"code": 3}), elsewhere):
        client = server.client(step)
        with pytest.raises(ServiceError) as caught:
            client.recognize_text(b"x")
        assert KEY not in repr((caught.value.args, vars(caught.value), client.last_response))
    assert client.last_response is not None
    assert client.last_response.headers["x-key"] == "(the key)"


def test_the_key_in_an_error_of_the_session_is_redacted(server: ScriptedServer) -> None:
    class Quoting(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            quoted = "".join(request.headers[KEY_HEADER])
            raise requests.RequestException(f"Not sent with {quoted}")

    session = requests.Session()
    session.mount("http://", Quoting())
    client = VisionClient(server.url, KEY, session=session)
    with pytest.raises(TransportError, match=r"Not sent with \(the key\)") as raised:
        client.tag(b"x")
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(("key", "redacted"), [("a", False), ("k" * 15, False), ("k" * 16, True)])
def test_only_a_key_of_16_characters_is_redacted(
    server: ScriptedServer, key: str, redacted: bool
) -> None:
    client = server.client((200, {"Content-Type": "application/json", "X-Key": key}, {}), key=key)
    client.tag(b"x")
    assert client.last_response is not None
    assert client.last_response.headers["Content-Type"] == "application/json"
    assert client.last_response.headers["X-Key"] == ("(the key)" if redacted else key)


def test_the_headers_contain_the_key_and_their_repr_hides_it(server: ScriptedServer) -> None:
    headers = server.client(TAGS).headers
    assert dict(headers) == {"Ocp-Apim-Subscription-Key": KEY}
    assert repr(headers) == str(headers) == "{'Ocp-Apim-Subscription-Key': '…'}"


# Logging


def levels(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    records = [record for record in caplog.records if record.name == "visionhelpers"]
    return [(record.levelname, record.getMessage()) for record in records]


def test_requests_are_logged_at_debug_and_retries_at_info(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "visionhelpers")
    server.client(UNAVAILABLE, TAGS).tag(b"x")
    (first, retry, second) = levels(caplog)
    assert first[0] == second[0] == "DEBUG"
    assert "POST" in first[1]
    assert "/vision/v1.0/tag" in first[1]
    assert "503" in first[1]
    assert "200" in second[1]
    assert retry[0] == "INFO"
    assert "Busy" in retry[1]


def test_a_lost_connection_is_logged(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "visionhelpers")
    server.client(CUT, TAGS).tag(b"x")
    ((level, message),) = levels(caplog)
    assert level == "INFO"
    assert "cut off" in message


def test_the_upload_of_an_image_instead_of_its_url_is_logged_as_a_warning(
    server: ScriptedServer, other_server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    other_server.steps = [(200, {}, b"image")]
    url = f"{other_server.url}/a.jpg"
    assert server.client(BAD_URL, TAGS).tag(url) == {"tags": []}
    assert [json.loads(server.requests[0].body), server.requests[1].body] == [
        {"url": url},
        b"image",
    ]
    ((level, message),) = levels(caplog)
    assert level == "WARNING"
    assert url in message


def test_nothing_is_printed_without_a_handler(
    server: ScriptedServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.client(UNAVAILABLE, TAGS).tag(b"x")
    assert capfd.readouterr() == ("", "")


def test_a_certificate_bundle_that_does_not_exist_is_named_and_not_retried(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(TransportError, match=r"/no/such/bundle\.pem") as caught:
        VisionClient("https://vision.example.org", KEY).tag(b"x")
    assert caught.value.reason == ""
    assert clock.sleeps == []


@pytest.mark.usefixtures("clock")
def test_looking_for_another_service_ends_at_the_deadline(server: ScriptedServer) -> None:
    server.steps, server.delay, found = [(503, {}, {})], 599.5, Event()
    target = parse_endpoint(server.url), parse_key(KEY)
    transport = Transport(target, deadline=600, reconnect=lambda _: found.wait(600))
    with pytest.raises(ServiceError):
        transport.send("GET", "vision/v1.0/models")
    found.set()


def test_a_slow_credential_ends_at_the_deadline(server: ScriptedServer) -> None:
    ended = Event()
    credential = SimpleNamespace(get_token=lambda _: ended.wait(600))
    client = VisionClient(server.url, credential=credential, deadline=0.4)
    with pytest.raises(ConfigurationError, match="gave no token"):
        client.tag(b"x")
    ended.set()
