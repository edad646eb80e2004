"""Scheduling over HTTP: documents beside images, processors, and the end of a service at work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import requests

from tests.support.api import content
from tests.support.blocking_gallery import Slow, serving
from tests.support.child import in_child
from tests.support.http_client import (
    PLACES,
    READ,
    WORKERS,
    png,
    post,
    post_sample,
    read_sample,
    status,
    until,
    waiting,
    with_pages,
)
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService, scheduler
from visionservice.engines.runtime import cpu_count
from visionservice.imaging import document_process

COLOR = "v1.0/analyze?visualFeatures=Color"
PHOTO = sample_path("coffee_cup.jpg").read_bytes()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """A service that stops with the test, even at work and with results that nobody has read."""
    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.1)
    monkeypatch.setattr("visionservice.operations.READ_TIME", timedelta())
    with LocalService(gallery=tmp_path) as service:
        yield service


def test_long_documents_delay_neither_images_nor_short_documents(own: LocalService) -> None:
    long = [post(own, READ, with_pages(2000)) for _ in range(WORKERS + 1)]
    for accepted in long:
        until(own, accepted, "running")
    assert post(own, COLOR, PHOTO).status_code == 200
    until(own, post(own, READ, sample_path("handwritten_note.jpg").read_bytes()), "succeeded")
    until(own, post(own, READ, with_pages(1)), "succeeded")
    assert [status(own, accepted) for accepted in long] == ["running"] * len(long)


HANGING = """
import os, sys, time
from pathlib import Path
go = Path(__file__).with_name("go")
go.with_name(f"opening {os.getpid()}").touch()
while not go.exists():
    time.sleep(0.05)
"""


def test_pdfs_that_hang_while_they_are_opened_delay_no_image(
    own: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "hang.py"
    program.write_text(HANGING)
    monkeypatch.setattr(document_process, "_COMMAND", [sys.executable, program])
    with ThreadPoolExecutor(WORKERS) as threads:
        hanging = [threads.submit(post, own, READ, with_pages(1)) for _ in range(WORKERS)]
        poll_until(lambda: len(list(tmp_path.glob("opening *"))) == 2)
        assert post(own, COLOR, PHOTO).status_code == 200
        until(own, post(own, READ, png(60)), "succeeded")
        assert not any(future.done() for future in hanging)
        (tmp_path / "go").touch()


@contextmanager
def processors(count: int) -> Iterator[None]:
    """Let this thread, and the processes that it starts, use so many processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def served(folder: Path) -> tuple[int, int, list[object]]:
    """Run a service in this process; return its processors, running images and results."""
    gallery = Slow(folder)
    with serving(gallery) as service, ThreadPoolExecutor(6) as threads:
        blocked = [threads.submit(post, service, PLACES, png(60)) for _ in range(6)]
        poll_until(lambda: len(gallery.seen) == WORKERS and waiting(service) == 6 - WORKERS)
        running = len(gallery.seen)
        gallery.go.set()
        assert [future.result().status_code for future in blocked] == [200] * 6
        path = "v1.0/analyze?visualFeatures=Categories,Tags,Description,Faces,Color,Adult"
        analyzed = threads.submit(post_sample, service, path, "grace_hopper.jpg")
        read = read_sample(service, READ, "handwritten_note.jpg")["analyzeResult"]
        return cpu_count(), running, [content(analyzed.result()), read]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux has affinities")
@pytest.mark.timeout(240)
def test_a_service_on_one_processor_has_the_results_of_one_on_two_and_runs_fewer_images(
    tmp_path: Path,
) -> None:
    if cpu_count() < 2:
        pytest.skip("this machine has one processor")
    with processors(1):
        one = in_child(served, tmp_path / "one")
    with processors(2):
        two = in_child(served, tmp_path / "two")
    assert one[:2] == (1, 2)  # one image more than processors: it may wait for another's network
    assert two[:2] == (2, 3)
    assert one[2] == two[2]


def test_a_stop_finishes_running_requests_and_rejects_others(tmp_path: Path) -> None:
    gallery = Slow(tmp_path)
    service = serving(gallery).start()
    with ThreadPoolExecutor(20) as threads:

        def send() -> requests.Response:
            return post(service, PLACES, png(60))

        running = [threads.submit(send) for _ in range(WORKERS)]
        poll_until(lambda: len(gallery.seen) == WORKERS)
        rejected = [threads.submit(send) for _ in range(3)]
        poll_until(lambda: waiting(service) == 3)
        stopping = threads.submit(service.stop)
        for response in [*(future.result(10) for future in rejected), send()]:
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (503, "503"), response.text
            assert "shutting down" in error["message"]
            assert response.headers["Retry-After"] == "1"
        assert requests.get(f"{service.url}/health", timeout=10).ok
        assert service.running
        gallery.go.set()
        assert [future.result(10).status_code for future in running] == [200] * WORKERS
        stopping.result(10)
    assert not service.running
    assert gallery.seen == [60] * WORKERS
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service.url}/health", timeout=10)


def test_a_stop_finishes_an_operation_and_waits_until_its_result_is_read(
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
