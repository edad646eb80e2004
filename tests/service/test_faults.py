"""Network faults: clients that hang up, stall or send half a body, over real sockets."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest
import requests

from tests.support.blocking_gallery import Slow, Trouble, serving
from tests.support.http_client import KEY, PLACES, WORKERS, png, post, waiting
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService

PHOTO = sample_path("coffee_cup.jpg").read_bytes()
COLOR = "v1.0/analyze?visualFeatures=Color"


def connected(service: LocalService) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=30)


def head(service: LocalService, path: str, length: int) -> bytes:
    lines = f"POST /vision/{path} HTTP/1.1", "Host: localhost", f"{KEY}: {service.key}"
    more = "Content-Type: application/octet-stream", f"Content-Length: {length}", "", ""
    return "\r\n".join(lines + more).encode()


def everything(connection: socket.socket) -> bytes:
    """Read until the service closes the connection."""
    data = b""
    try:
        while piece := connection.recv(1 << 16):
            data += piece
    except ConnectionError:
        pass
    return data


def assert_works(service: LocalService) -> None:
    response = post(service, COLOR, PHOTO)
    assert (response.status_code, response.json()["metadata"]["width"]) == (200, 600)


@contextmanager
def occupied(gallery: Slow) -> Iterator[tuple[LocalService, ThreadPoolExecutor]]:
    """Run a service whose workers are all busy until the gallery releases them."""
    with serving(gallery) as service, ThreadPoolExecutor(20) as threads:
        for _ in range(WORKERS):
            threads.submit(post, service, PLACES, png(60))
        poll_until(lambda: len(gallery.seen) == WORKERS)
        try:
            yield service, threads
        finally:
            gallery.go.set()


def test_a_waiting_image_is_dropped_when_its_client_hangs_up(tmp_path: Path) -> None:
    gallery, data = Slow(tmp_path), png(70)
    with occupied(gallery) as (service, threads):
        with connected(service) as connection:
            connection.sendall(head(service, PLACES, len(data)) + data)
            poll_until(lambda: waiting(service) == 1)
        poll_until(lambda: waiting(service) == 0)
        last = threads.submit(post, service, PLACES, png(80))
        poll_until(lambda: waiting(service) == 1)
        gallery.go.set()
        assert last.result().status_code == 200
    assert gallery.seen == [60] * WORKERS + [80]


def test_half_a_body_and_a_client_that_leaves_do_no_harm(
    service: LocalService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("visionservice.image_source.BODY_SECONDS", 3.0)
    monkeypatch.setattr("visionservice.middleware.UNREAD_SECONDS", 3.0)
    with connected(service) as left:
        left.sendall(head(service, COLOR, len(PHOTO)) + PHOTO[:1000])
    with connected(service) as stays:
        stays.sendall(head(service, COLOR, len(PHOTO)) + PHOTO[:1000])
        assert_works(service)
        response = everything(stays)
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 3 seconds" in response
    assert_works(service)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_two_hundred_open_connections_do_not_keep_others_out(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service, ExitStack() as stack:
        crowd = [stack.enter_context(connected(service)) for _ in range(200)]
        for connection in crowd[::2]:
            connection.sendall(b"POST /vision/v1.0/tag HTT")
        assert_works(service)


def test_more_connections_than_the_limit_get_503_until_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.server.MAX_CONNECTIONS", 20)
    with LocalService(gallery=tmp_path) as service, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connected(service))
        poll_until(lambda: requests.get(f"{service.url}/health", timeout=60).status_code == 503)
        stack.close()
        poll_until(lambda: requests.get(f"{service.url}/health", timeout=60).ok)
        assert_works(service)


def test_an_image_that_takes_seconds_delays_no_other(tmp_path: Path) -> None:
    gallery = Slow(tmp_path)
    with serving(gallery) as service, ThreadPoolExecutor(1) as threads:
        slow = threads.submit(post, service, PLACES, png(60))
        assert gallery.begun.wait(60)
        for _ in range(5):
            assert_works(service)
            assert requests.get(f"{service.url}/health", timeout=60).ok
        assert not slow.done()
        gallery.go.set()
        response = slow.result()
    assert (response.status_code, response.json()["metadata"]["width"]) == (200, 60)


@pytest.mark.parametrize("trouble", [RuntimeError("inner"), MemoryError(), SystemExit(3)])
def test_an_engine_that_fails_affects_its_own_request_only(
    tmp_path: Path, trouble: BaseException
) -> None:
    codes = {"v1.0": "InternalServerError", "v3.2": "InternalServerError"}
    with serving(Trouble(tmp_path, trouble)) as service:
        for _ in range(WORKERS + 1):
            for version, code in codes.items():
                response = post(service, f"{version}/models/landmarks/analyze", PHOTO)
                said = response.json().get("error", response.json())
                assert (response.status_code, said["code"]) == (500, code)
                assert "inner" not in response.text.replace("innererror", "")
        assert_works(service)


def test_many_clients_at_once_get_the_results_of_their_own_images(
    service: LocalService,
) -> None:
    go = Event()

    def ask(number: int) -> tuple[int, list[int]]:
        go.wait(20)
        widths = []
        for turn in range(3):
            response = post(service, COLOR, png(100 + number + 50 * turn))
            assert response.status_code == 200, response.text
            widths.append(response.json()["metadata"]["width"])
        return number, widths

    with ThreadPoolExecutor(50) as threads:
        asking = [threads.submit(ask, number) for number in range(50)]
        go.set()
        for future in asking:
            number, widths = future.result()
            assert widths == [100 + number, 150 + number, 200 + number]
