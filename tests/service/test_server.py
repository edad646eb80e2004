from __future__ import annotations

import logging
import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
import requests

import visionservice
from tests.support.clock import FakeClock
from tests.support.http_client import KEY, PLACES, READ, post, post_sample
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService, fetch, server
from visionservice.gallery.gallery import Gallery
from visionservice.middleware import IdleTimer
from visionservice.server import default_gallery

CUP = sample_path("coffee_cup.jpg")
COLOR = "v1.0/analyze?visualFeatures=Color"
MODELS = "/vision/v1.0/models"


def status(service: LocalService, path: str = "/health", **headers: str) -> int:
    return requests.get(service.url + path, headers=headers, timeout=10).status_code


def post_url(service: LocalService, path: str, url: str) -> requests.Response:
    headers = {KEY: service.key}
    return requests.post(f"{service.url}/{path}", headers=headers, json={"url": url}, timeout=60)


def images(folder: Path) -> int:
    return len([*folder.glob("*.jpg")])


def test_the_service_responds_inside_the_block_only(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service:
        assert service.url.startswith("http://127.0.0.1:")
        assert service.running
        assert status(service) == 200
        with pytest.raises(RuntimeError, match="before"):
            service.start()
    assert not service.running
    with pytest.raises(requests.ConnectionError):
        status(service)


def test_two_services_have_different_ports_and_keys(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as one, LocalService(gallery=tmp_path) as other:
        assert one.url != other.url
        assert len(one.key) == 32
        assert status(one, MODELS, **{KEY: one.key}) == 200
        assert status(other, MODELS, **{KEY: one.key}) == 401
        port = int(one.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            LocalService(port=port, gallery=tmp_path).start()
    with LocalService(port=port, key="mine", gallery=tmp_path) as service:
        assert service.url == one.url
        assert status(service, MODELS, **{KEY: "mine"}) == 200


def test_the_default_gallery_is_temporary_and_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, temporary = tmp_path / "mine", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("VISION_GALLERY", str(mine))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    Gallery(mine).landmarks.add("Cup", CUP.read_bytes())
    with LocalService() as service:
        assert post_sample(service, PLACES, CUP.name).json()["result"] == {"landmarks": []}
        url = f"{service.url}/samples/{CUP.name}"
        assert post_url(service, "gallery/landmarks/Mug", url).status_code == 201
        (folder,) = temporary.rglob("Mug")
        assert images(folder) == 1
    assert list(temporary.iterdir()) == []
    assert not (mine / "landmarks" / "Mug").exists()


def test_a_temporary_gallery_that_cannot_be_deleted_does_not_fail_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rmdir(*_: object, **__: object) -> None:
        raise OSError(39, "Directory not empty")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    service = LocalService().start()
    monkeypatch.setattr(os, "rmdir", rmdir)
    service.stop()
    assert not service.running


class SlowEngine:
    """An engine whose model is loaded, or fails to, when the test permits it."""

    name, thread_safe = "slow", True

    def __init__(self, *, fails: bool = False) -> None:
        self.begun, self.permitted, self.fails = Event(), Event(), fails

    def load(self) -> None:
        self.begun.set()
        assert self.permitted.wait(30)
        if self.fails:
            raise FileNotFoundError(2, "No such file", "slow.onnx")

    def score(self, _: object) -> float:
        return 0.01


def is_ready(service: LocalService) -> bool:
    health = requests.get(f"{service.url}/health", timeout=10).json()
    assert health["engines"]["adult"] == "slow"
    return {"listening": False, "ready": True}[health["status"]]


@pytest.mark.parametrize(("fails", "expected"), [(False, 200), (True, 501)])
def test_models_are_loaded_while_the_service_responds(fails: bool, expected: int) -> None:
    engine, data = SlowEngine(fails=fails), CUP.read_bytes()
    with LocalService(engines={"adult": engine}) as service:
        assert not is_ready(service)
        assert post(service, COLOR, data).ok  # needs no model
        engine.permitted.set()
        poll_until(lambda: is_ready(service), pause=0.05)
        assert post(service, "v1.0/analyze?visualFeatures=Adult", data).status_code == expected
        assert post(service, COLOR, data).ok


def test_a_warm_start_takes_until_the_models_are_loaded() -> None:
    engine = SlowEngine()
    service = LocalService(engines={"adult": engine}, warm=True)
    fetch.tls_context.cache_clear()
    with ThreadPoolExecutor(1) as threads:
        started = threads.submit(service.start)
        with suppress(FutureTimeout):
            started.result(0.5)
            pytest.fail("started without its models")
        engine.permitted.set()
        assert started.result(60) is service
    assert is_ready(service)
    assert fetch.tls_context.cache_info().currsize == 1
    service.stop()


def test_a_service_without_certificates_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def tls_context() -> None:
        raise FileNotFoundError(2, "No such file", "cacert.pem")

    monkeypatch.setattr(fetch, "tls_context", tls_context)
    with LocalService(warm=True) as service:
        assert status(service) == 200


def test_neither_a_start_that_takes_too_long_nor_a_stop_waits_for_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = SlowEngine()
    service = LocalService(engines={"adult": engine}).start()
    assert engine.begun.wait(60)
    service.stop()
    assert not service.running
    assert service.working
    monkeypatch.setattr(server, "START_SECONDS", 0.1)
    late = LocalService(engines={"adult": engine}, warm=True)
    with pytest.raises(RuntimeError, match=r"did not start at http://127\.0\.0\.1:\d+\.$"):
        late.start()
    assert not late.running
    engine.permitted.set()


def test_an_idle_service_stops_despite_health_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    monkeypatch.setattr("visionservice.app.IdleTimer", partial(IdleTimer, clock.monotonic))
    service = LocalService(gallery=tmp_path, idle=600, key="mine")
    clock.advance(700)  # the time before the start does not count
    with service:
        for _ in range(3):
            clock.advance(400)
            assert status(service, MODELS, **{KEY: "mine"}) == 200
            assert not service.wait(0.3)
        clock.advance(400)
        assert not service.wait(0.3)
        status(service)
        status(service, MODELS)
        clock.advance(201)
        assert service.wait(60)


def test_a_stop_does_not_wait_for_open_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", 600)
    with requests.Session() as session:
        service = LocalService(gallery=tmp_path).start()
        session.get(f"{service.url}/health", timeout=10)
        service.stop()
        assert not service.running


def test_a_service_stops_while_the_clock_is_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, now = monotonic(), time.time()
    monkeypatch.setattr(time, "monotonic", lambda: begun)  # as freezegun does
    monkeypatch.setattr(time, "time", lambda: now)
    service = LocalService(gallery=tmp_path, key="mine", idle=600).start()
    assert status(service, MODELS, **{KEY: "mine"}) == 200
    service.stop()
    assert not service.running


def test_only_the_public_interface_of_uvicorn_is_used() -> None:
    files = Path(visionservice.__file__).parent.rglob("*.py")
    source = "".join(file.read_text("utf-8") for file in files)
    used = {"uvicorn", "uvicorn.Config", "uvicorn.Server"}
    assert {*re.findall(r"\buvicorn[.\w]*", source)} == used
    assert "callback_notify" not in source


def test_a_public_service_accepts_its_names_and_downloads_from_no_private_address(
    tmp_path: Path,
) -> None:
    all_addresses = {"host": "0.0.0.0", "allow_hosts": ["Lab.example", "other.example"]}  # noqa: S104
    with (
        LocalService(gallery=tmp_path) as private,
        LocalService(gallery=tmp_path, **all_addresses) as public,
    ):
        hosts = {"lab.EXAMPLE:80": 200, "other.example": 200, "evil.example": 400}
        assert {host: status(public, Host=host) for host in hosts} == hosts
        own, foreign = (f"{each.url}/samples/{CUP.name}" for each in (public, private))
        path = f"vision/{PLACES}"
        for url in (foreign, "http://169.254.169.254/latest/"):
            rejected = post_url(public, path, url)
            assert (rejected.status_code, rejected.json()["code"]) == (400, "InvalidImageUrl")
            assert "private network" in rejected.headers["X-Error-Hint"]
        assert post_url(public, path, own).status_code == 200
        assert post_url(private, path, own).status_code == 200  # over loopback


def test_the_environment_sets_the_folder_of_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISION_GALLERY", raising=False)
    monkeypatch.delenv("VISION_STATE_DIR", raising=False)
    assert default_gallery().parts[-2:] == ("visionhelpers", "gallery")
    monkeypatch.setenv("VISION_STATE_DIR", "/state")
    assert default_gallery() == Path("/state/gallery")
    monkeypatch.setenv("VISION_GALLERY", "/images")
    assert default_gallery() == Path("/images")


def test_expired_operations_are_removed_without_a_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalService(gallery=tmp_path) as service:
        assert post_sample(service, READ, "handwritten_note.jpg").status_code == 202
        operations = service._service.operations._operations
        assert len(operations) == 1
        monkeypatch.setattr("visionservice.operations.KEEP_TIME", timedelta(0))
        poll_until(lambda: not operations)


def connected(service: LocalService) -> socket.socket:
    port = int(service.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=30)


@contextmanager
def half_sent(service: LocalService) -> Iterator[Callable[[], bytes]]:
    """Send half a request, and return a function that reads until the service hangs up."""
    head = f"POST /vision/{COLOR} HTTP/1.1\r\nHost: localhost\r\n{KEY}: {service.key}\r\n"
    with connected(service) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\nhalf".encode())
        poll_until(lambda: service._service.idle_timer.idle == 0)  # the request has begun
        yield lambda: b"".join(iter(partial(connection.recv, 1 << 16), b""))


def test_half_a_body_and_a_client_that_leaves_do_no_harm(
    service: LocalService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("visionservice.image_source.BODY_SECONDS", 2.0)
    with half_sent(service):
        pass
    with half_sent(service) as response:
        assert post(service, COLOR, CUP.read_bytes()).ok
        found = response()
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 2 seconds" in found
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_half_a_body_does_not_delay_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", 1)
    with LocalService(gallery=tmp_path) as service, half_sent(service) as response:
        service.stop()
        assert not service.running
        found = response()
    assert found.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in found


def test_more_connections_than_the_limit_get_503_until_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 200)
    with LocalService(gallery=tmp_path) as service, ExitStack() as stack:
        for _ in range(198):
            stack.enter_context(connected(service)).sendall(b"POST /vision/v1.0/tag HTT")
        assert status(service) == 200
        for _ in range(2):
            stack.enter_context(connected(service))
        poll_until(lambda: status(service) == 503)
        stack.close()
        poll_until(lambda: status(service) == 200)
