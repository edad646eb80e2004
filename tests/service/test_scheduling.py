"""Scheduling over HTTP: documents beside images, and the end of a service at work."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from tests.support.blocking_gallery import Slow, serving
from tests.support.http_client import (
    KEY,
    PLACES,
    READ,
    WORKERS,
    png,
    post,
    status,
    until,
    waiting,
    with_pages,
)
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService, scheduler
from visionservice.imaging import document_process
from visionservice.scheduler import Job, Scheduler, Step

PHOTO = sample_path("coffee_cup.jpg").read_bytes()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """A service that stops with the test, even at work and with results that nobody has read."""
    monkeypatch.setattr("visionservice.scheduler.DRAIN_SECONDS", 0.1)
    monkeypatch.setattr("visionservice.operations.READ_TIME", timedelta())
    with LocalService(gallery=tmp_path) as service:
        yield service


def test_long_documents_delay_neither_images_nor_short_documents(
    own: LocalService,
) -> None:
    long = [post(own, READ, with_pages(2000)) for _ in range(WORKERS + 1)]
    for accepted in long:
        until(own, accepted, "running")
    assert post(own, "v1.0/analyze?visualFeatures=Color", PHOTO).status_code == 200
    until(own, post(own, READ, sample_path("handwritten_note.jpg").read_bytes()), "succeeded")
    until(own, post(own, READ, with_pages(1)), "succeeded")
    assert [status(own, accepted) for accepted in long] == ["running"] * len(long)


@pytest.mark.parametrize("pages", [1, 2])
def test_a_result_waits_for_other_jobs_once_for_each_page(
    own: LocalService, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    counts, submit = [], Scheduler.submit

    def count(self: Scheduler, client: object, weight: int, *steps: Step, **options: Any) -> Job:
        counts.append(len(steps))
        return submit(self, client, weight, *steps, **options)

    monkeypatch.setattr(Scheduler, "submit", count)
    until(own, post(own, READ, with_pages(pages)), "succeeded")
    assert counts[-1] == pages
    assert set(counts[:-1]) == {1}


HANGING = """
import os, sys, time
from pathlib import Path
sys.stdin.buffer.read(int(sys.argv[2]))
for question in sys.stdin:
    if question.startswith({question!r}):
        Path({go!r} + f" {{os.getpid()}}").touch()
    while question.startswith({question!r}) and not Path({go!r}).exists():
        time.sleep(0.05)
    print("ok 1 100 100", flush=True)
"""


@pytest.mark.parametrize("question", ["size", "draw"])
def test_pdfs_that_hang_delay_no_image(
    own: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    until(own, post(own, READ, png(60)), "succeeded")  # loads the models
    program, go = tmp_path / "hang.py", tmp_path / "go"
    program.write_text(HANGING.format(question=question, go=str(go)))
    monkeypatch.setattr(document_process, "_COMMAND", [sys.executable, program])
    with ThreadPoolExecutor(WORKERS) as threads:
        hanging = [threads.submit(post, own, READ, with_pages(1)) for _ in range(WORKERS)]
        hung = 2 if question == "size" else 1  # the workers for opening and reading
        poll_until(lambda: len(list(tmp_path.glob("go *"))) == hung)
        assert post(own, "v1.0/analyze?visualFeatures=Color", PHOTO).status_code == 200
        until(own, post(own, READ, png(60)), "succeeded")
        if question == "draw":
            assert "running" in [status(own, future.result()) for future in hanging]
        else:
            assert not any(future.done() for future in hanging)
        go.touch()


class Stopping:
    """A service whose workers are busy while other requests wait."""

    def __init__(self, folder: Path) -> None:
        self.gallery = Slow(folder)
        self.service = serving(self.gallery).start()
        self.threads = ThreadPoolExecutor(20)
        self.running = [self.send() for _ in range(WORKERS)]
        poll_until(lambda: len(self.gallery.seen) == WORKERS)
        self.waiting = [self.send() for _ in range(3)]
        poll_until(lambda: waiting(self.service) == 3)
        self.stopping = Thread(target=self.service.stop)

    def send(self) -> Future[requests.Response]:
        return self.threads.submit(post, self.service, PLACES, png(60))


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Stopping]:
    busy = Stopping(tmp_path)
    yield busy
    busy.gallery.go.set()
    busy.service.stop()


def assert_rejected(response: requests.Response) -> None:
    assert (response.status_code, response.json()["error"]["code"]) == (503, "503"), response.text
    assert "shutting down" in response.json()["error"]["message"]
    assert response.headers["Retry-After"] == "1"


def test_running_requests_are_finished_and_others_rejected(busy: Stopping) -> None:
    busy.stopping.start()
    for future in busy.waiting:
        assert_rejected(future.result(10))
    assert_rejected(busy.send().result(10))
    assert requests.get(f"{busy.service.url}/health", timeout=10).ok
    assert busy.service.running
    busy.gallery.go.set()
    assert [future.result(10).status_code for future in busy.running] == [200] * WORKERS
    busy.stopping.join(10)
    assert not busy.service.running
    assert busy.gallery.seen == [60] * WORKERS
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{busy.service.url}/health", timeout=10)


def test_requests_that_take_too_long_are_rejected(
    busy: Stopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.5)
    busy.stopping.start()
    for future in busy.waiting + busy.running:
        assert_rejected(future.result(60))
    busy.stopping.join(60)
    assert not busy.service.running


def test_an_operation_is_finished_and_its_result_read(
    service: LocalService,  # loads the models
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until(service, post(service, READ, with_pages(1)), "succeeded")
    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 120.0)
    own = LocalService(gallery=tmp_path).start()
    accepted = post(own, READ, with_pages(3))
    until(own, accepted, "running")
    stopping = Thread(target=own.stop)
    stopping.start()
    until(own, accepted, "succeeded")
    stopping.join(20)
    assert not own.running


def test_an_incomplete_body_does_not_delay_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.server.CLOSE_SECONDS", 1)
    with LocalService(gallery=tmp_path) as service:
        port = int(service.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            head = f"POST /vision/v1.0/tag HTTP/1.1\r\nHost: localhost\r\n{KEY}: {service.key}\r\n"
            connection.sendall(f"{head}Content-Length: 9\r\n\r\nhalf".encode())
            poll_until(lambda: service._service.idle_timer.idle == 0)  # the request has begun
            service.stop()
            assert not service.running
            response = b"".join(iter(lambda: connection.recv(4096), b""))
    assert response.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in response
    assert b"shutting down" in response
