from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
import requests

from tests.visionservice.galleries import Slow
from tests.visionservice.test_bench import KEY, PLACES, READ, WORKERS, png, post, until, with_pages
from visionservice import LocalService, ending


class Ending:
    """A service whose threads are busy, and that is told to end while more is waiting."""

    def __init__(self, folder: Path) -> None:
        self.gallery = Slow(folder)
        self.service = LocalService(gallery=self.gallery).start()
        self.threads = ThreadPoolExecutor(20)
        self.running = [self.ask() for _ in range(WORKERS)]
        while len(self.gallery.seen) < WORKERS:
            sleep(0.02)
        self.waiting = [self.ask() for _ in range(3)]
        sleep(0.5)
        self.stopping = Thread(target=self.service.stop)

    def ask(self) -> Future[requests.Response]:
        return self.threads.submit(post, self.service, PLACES, png(60))


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Ending]:
    busy = Ending(tmp_path)
    yield busy
    busy.gallery.go.set()
    busy.service.stop()


def refused(answer: requests.Response) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "503"), answer.text
    assert "shutting down" in answer.json()["error"]["message"]
    assert answer.headers["Retry-After"] == "1"


def test_what_is_running_is_finished_and_the_rest_refused(busy: Ending) -> None:
    busy.stopping.start()
    for future in busy.waiting:
        refused(future.result(10))
    refused(busy.ask().result(10))
    assert requests.get(f"{busy.service.url}/health", timeout=10).ok
    assert busy.service.running
    busy.gallery.go.set()
    assert [future.result(10).status_code for future in busy.running] == [200] * WORKERS
    busy.stopping.join(10)
    assert not busy.service.running
    assert busy.gallery.seen == [60] * WORKERS
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{busy.service.url}/health", timeout=10)


def test_what_takes_too_long_is_refused_too(busy: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "FINISH_SECONDS", 0.5)
    begun = monotonic()
    busy.stopping.start()
    for future in busy.waiting + busy.running:
        refused(future.result(20))
    busy.stopping.join(20)
    assert not busy.service.running
    assert monotonic() - begun < 12


def test_an_operation_is_finished_and_told(
    service: LocalService,  # so that the models are there
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until(service, post(service, READ, with_pages(1)), "succeeded")
    monkeypatch.setattr(ending, "FINISH_SECONDS", 120.0)
    own = LocalService(gallery=tmp_path).start()
    accepted = post(own, READ, with_pages(5))
    until(own, accepted, "running")
    stopping = Thread(target=own.stop)
    stopping.start()
    until(own, accepted, "succeeded")
    stopping.join(20)
    assert not own.running


def test_half_a_body_does_not_keep_it_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.server.CLOSE_SECONDS", 1)
    with LocalService(gallery=tmp_path) as service:
        port = int(service.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            head = f"POST /vision/v1.0/tag HTTP/1.1\r\nHost: localhost\r\n{KEY}: {service.key}\r\n"
            connection.sendall(f"{head}Content-Length: 9\r\n\r\nhalf".encode())
            sleep(0.3)
            begun = monotonic()
            service.stop()
            assert monotonic() - begun < 15
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in answer
    assert b"shutting down" in answer
