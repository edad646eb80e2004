from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
import requests

import visionservice
from tests.support.clock import FakeClock
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService, fetch
from visionservice.gallery.gallery import Gallery
from visionservice.middleware import IdleTimer
from visionservice.server import default_gallery
from visionservice.settings import ServiceSettings


def status(service: LocalService, path: str = "/health", **headers: str) -> int:
    return requests.get(service.url + path, headers=headers, timeout=10).status_code


def test_the_service_responds_inside_the_block_only(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service:
        assert service.url.startswith("http://127.0.0.1:")
        assert service.running
        assert status(service) == 200
    assert not service.running
    with pytest.raises(requests.ConnectionError):
        status(service)


def test_two_services_have_different_ports_and_keys(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as one, LocalService(gallery=tmp_path) as other:
        assert one.url != other.url
        assert one.key != other.key
        assert len(one.key) == 32
        key = {"Ocp-Apim-Subscription-Key": one.key}
        assert status(one, "/vision/v1.0/models", **key) == 200
        assert status(other, "/vision/v1.0/models", **key) == 401


def test_the_given_key_and_port_are_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with LocalService(port=port, key="mine", gallery=tmp_path) as service:
        assert service.url == f"http://127.0.0.1:{port}"
        assert status(service, "/vision/v1.0/models?Subscription-Key=mine") == 200


@pytest.mark.parametrize("key", ["", " mine", "mi ne", "m\nine", "clé"])
def test_a_key_that_no_header_can_contain_is_an_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="Invalid key: use ASCII letters"):
        LocalService(key=key, gallery=tmp_path)


@pytest.mark.parametrize("idle", [0, -1.0, float("nan")])
def test_an_invalid_idle_time_is_an_error(tmp_path: Path, idle: float) -> None:
    with pytest.raises(ValueError, match=r"Invalid idle .* a number of seconds above 0"):
        LocalService(idle=idle, gallery=tmp_path)


@pytest.mark.parametrize(
    ("argument", "value", "kind", "message"),
    [
        ("rate", 20, TypeError, "Invalid rate 20: use for example 20/minute"),
        ("rate", "fast", ValueError, "Invalid rate 'fast': use for example 20/minute"),
        ("port", 70000, ValueError, "Invalid port 70000: use 0 to 65535"),
        ("port", "80", TypeError, "Invalid port '80': use 0 to 65535"),
        ("latency", "slow", TypeError, "Invalid latency 'slow': use 0 to 86400 seconds"),
        ("latency", None, TypeError, "Invalid latency None: use 0 to 86400 seconds"),
        ("operation_delay", -1, ValueError, "Invalid operation_delay -1: use 0 to 86400 s"),
        ("fail_operations", "no", TypeError, "Invalid fail_operations 'no': use True or False"),
        ("idle", "1", TypeError, "Invalid idle '1': use a number of seconds"),
        ("cache_size", 1.5, TypeError, "Invalid cache_size 1.5: use 0 to 100000 images"),
        ("cache_size", True, TypeError, "Invalid cache_size True: use 0 to 100000 images"),
        ("host", 127, TypeError, "Invalid host 127: use for example '127.0.0.1'"),
        ("key", 7, TypeError, "Invalid key: use ASCII letters"),
        ("allow_hosts", "lab", TypeError, "Invalid allow_hosts 'lab': use a list of names"),
        ("allow_hosts", 5, TypeError, "Invalid allow_hosts 5: use a list of names"),
        ("allow_hosts", [1], ValueError, "Invalid allow_hosts (1,): use a list of names"),
        ("images", 5, TypeError, "Invalid images 5: use the path of a folder"),
        ("gallery", 5, TypeError, "Invalid gallery 5: use the path of a folder"),
    ],
)
def test_arguments_are_checked_at_construction(
    argument: str, value: object, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        LocalService(**{argument: value})


@pytest.mark.parametrize(
    "name", ["latency", "rate", "fail_operations", "operation_delay", "key", "url", "running"]
)
def test_attributes_cannot_be_set(tmp_path: Path, name: str) -> None:
    service = LocalService(gallery=tmp_path)
    with pytest.raises(AttributeError, match=name):
        setattr(service, name, 5)


def test_folders_can_be_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    shutil.copy(sample_path("coffee_cup.jpg"), tmp_path / "images" / "cup.jpg")
    with LocalService(images="images", gallery="people") as service:
        added = requests.post(
            f"{service.url}/gallery/landmarks/Cup",
            headers={"Ocp-Apim-Subscription-Key": service.key},
            json={"url": "https://nowhere.invalid/cup.jpg"},
            timeout=60,
        )
    assert added.status_code == 201, added.text
    assert len(list((tmp_path / "people" / "landmarks" / "Cup").glob("*.jpg"))) == 1


def test_the_default_gallery_is_temporary_and_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, temporary = tmp_path / "mine", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("VISION_GALLERY", str(mine))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    Gallery(mine).landmarks.add("Cup", sample_path("coffee_cup.jpg").read_bytes())
    with LocalService() as service:
        key = {"Ocp-Apim-Subscription-Key": service.key}
        cup = {"url": f"{service.url}/samples/coffee_cup.jpg"}
        named = requests.post(
            f"{service.url}/vision/v1.0/models/landmarks/analyze",
            headers=key,
            json=cup,
            timeout=60,
        )
        assert named.json()["result"] == {"landmarks": []}
        added = requests.post(
            f"{service.url}/gallery/landmarks/Mug", headers=key, json=cup, timeout=60
        )
        assert added.status_code == 201
        assert len(list(temporary.rglob("Mug/*.jpg"))) == 1
    assert list(temporary.iterdir()) == []
    assert [folder.name for folder in (mine / "landmarks").iterdir() if folder.is_dir()] == ["Cup"]


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


def test_a_built_in_name_can_be_removed(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service:
        url = f"{service.url}/gallery/celebrities/Grace Hopper"
        key = {"Ocp-Apim-Subscription-Key": service.key}
        statuses = [requests.delete(url, headers=key, timeout=10).status_code for _ in range(2)]
    assert statuses == [204, 404]


class SlowEngine:
    """An engine whose model is loaded when the test permits it."""

    name, thread_safe = "slow", True

    def __init__(self) -> None:
        self.begun, self.permitted, self.error = Event(), Event(), False

    def load(self) -> None:
        self.begun.set()
        assert self.permitted.wait(30)
        if self.error:
            raise FileNotFoundError(2, "No such file", "slow.onnx")

    def score(self, _: object) -> float:
        return 0.01


def is_ready(service: LocalService) -> bool:
    health = requests.get(f"{service.url}/health", timeout=10).json()
    assert health["engines"]["adult"] == "slow"
    return {"listening": False, "ready": True}[health["status"]]


def analyze(service: LocalService, feature: str) -> requests.Response:
    url = f"{service.url}/vision/v1.0/analyze?visualFeatures={feature}"
    headers = {"Ocp-Apim-Subscription-Key": service.key}
    data = sample_path("coffee_cup.jpg").read_bytes()
    headers["Content-Type"] = "application/octet-stream"
    return requests.post(url, data=data, headers=headers, timeout=60)


@pytest.mark.parametrize("error", [False, True])
def test_models_are_loaded_while_the_service_responds(error: bool) -> None:
    engine = SlowEngine()
    engine.error = error
    with LocalService(engines={"adult": engine}) as service:
        assert not is_ready(service)
        assert analyze(service, "Color").ok  # needs no model
        engine.permitted.set()
        poll_until(lambda: is_ready(service), pause=0.05)
        assert analyze(service, "Adult").status_code == (501 if error else 200)
        assert analyze(service, "Color").ok


def test_a_warm_start_takes_until_the_models_are_loaded() -> None:
    engine = SlowEngine()
    service = LocalService(engines={"adult": engine}, warm=True)
    with ThreadPoolExecutor(1) as threads:
        started = threads.submit(service.start)
        with suppress(FutureTimeout):
            started.result(0.5)
            pytest.fail("started without its models")
        engine.permitted.set()
        assert started.result(60) is service
    assert is_ready(service)
    service.stop()


def test_a_service_that_is_ready_has_loaded_its_certificates() -> None:
    fetch.tls_context.cache_clear()
    with LocalService(warm=True):
        assert fetch.tls_context.cache_info().currsize == 1


def test_a_service_without_certificates_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def tls_context() -> None:
        raise FileNotFoundError(2, "No such file", "cacert.pem")

    monkeypatch.setattr(fetch, "tls_context", tls_context)
    with LocalService(warm=True) as service:
        assert status(service) == 200


def test_a_stop_does_not_wait_for_models() -> None:
    engine = SlowEngine()
    service = LocalService(engines={"adult": engine}).start()
    assert engine.begun.wait(60)
    service.stop()
    assert not service.running
    assert service.working
    engine.permitted.set()


def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service:
        port = int(service.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            LocalService(port=port, gallery=tmp_path).start()


def test_an_idle_service_stops_despite_health_checks(tmp_path: Path) -> None:
    begun = monotonic()
    service = LocalService(gallery=tmp_path, idle=1.0).start()

    def stopped() -> bool:
        with suppress(requests.ConnectionError):
            status(service)
            status(service, "/vision/v1.0/models")
        return not service.running

    poll_until(stopped, pause=0.1)
    assert monotonic() - begun > 1


@pytest.fixture
def idle_clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock of the idle timers of new services."""
    clock = FakeClock()
    monkeypatch.setattr("visionservice.app.IdleTimer", partial(IdleTimer, clock.monotonic))
    return clock


def test_the_time_before_the_start_does_not_count_as_idle(
    tmp_path: Path, idle_clock: FakeClock
) -> None:
    service = LocalService(gallery=tmp_path, idle=600)
    idle_clock.advance(700)
    with service:
        assert not service.wait(0.5)
        idle_clock.advance(601)
        assert service.wait(60)


def test_requests_with_the_key_reset_the_idle_time(tmp_path: Path, idle_clock: FakeClock) -> None:
    with LocalService(gallery=tmp_path, idle=600, key="mine") as service:
        for _ in range(3):
            idle_clock.advance(400)
            assert status(service, "/vision/v1.0/models?subscription-key=mine") == 200
        assert not service.wait(0.5)


@pytest.mark.parametrize("path", ["/health", "/samples/dahlia.jpg", "/vision/v1.0/models"])
def test_requests_without_the_key_do_not_reset_the_idle_time(
    tmp_path: Path, idle_clock: FakeClock, path: str
) -> None:
    with LocalService(gallery=tmp_path, idle=600) as service:
        idle_clock.advance(400)
        status(service, path)
        idle_clock.advance(201)
        assert service.wait(60)


def test_a_stop_does_not_wait_for_open_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.server.CLOSE_SECONDS", 600)
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
    assert status(service, "/vision/v1.0/models?subscription-key=mine") == 200
    service.stop()
    assert not service.running


def test_only_the_public_interface_of_uvicorn_is_used() -> None:
    sources = [
        path.read_text("utf-8") for path in Path(visionservice.__file__).parent.rglob("*.py")
    ]
    used = {name for source in sources for name in re.findall(r"\buvicorn[.\w]*", source)}
    assert used == {"uvicorn", "uvicorn.Config", "uvicorn.Server"}
    assert not [source for source in sources if "callback_notify" in source]


def test_a_second_start_is_an_error(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service, pytest.raises(RuntimeError, match="before"):
        service.start()


def test_a_public_service_accepts_its_names_and_downloads_from_no_private_address(
    tmp_path: Path,
) -> None:
    with (
        LocalService(gallery=tmp_path) as private,
        LocalService(host="0.0.0.0", gallery=tmp_path, allow_hosts=["Lab.example"]) as public,  # noqa: S104
    ):
        assert status(public, Host="lab.EXAMPLE:80") == 200
        assert status(public, Host="evil.example") == 400
        tag = f"{public.url}/vision/v1.0/models/landmarks/analyze"
        key = {"Ocp-Apim-Subscription-Key": public.key}
        for url in (f"{private.url}/samples/coffee_cup.jpg", "http://169.254.169.254/latest/"):
            rejected = requests.post(tag, headers=key, json={"url": url}, timeout=30)
            assert (rejected.status_code, rejected.json()["code"]) == (400, "InvalidImageUrl")
            assert rejected.json()["message"] == "The provided image url is not accessible."
            assert "private network" in rejected.headers["X-Error-Hint"]
        own = {"url": f"{public.url}/samples/coffee_cup.jpg"}
        assert requests.post(tag, headers=key, json=own, timeout=60).status_code == 200


@pytest.mark.parametrize("options", [{"allow_hosts": ["vision.example.org"]}, {"host": "0.0.0.0"}])  # noqa: S104
def test_a_service_that_others_can_reach_downloads_from_no_private_address(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    with (
        LocalService(gallery=tmp_path) as private,
        LocalService(gallery=tmp_path, key="mine", **options) as public,
    ):
        hosts = f"{private.url}/samples/coffee_cup.jpg", "http://169.254.169.254/latest/"
        for url in hosts:
            response = requests.post(
                f"{public.url}/vision/v1.0/generateThumbnail?width=9&height=9",
                headers={"Ocp-Apim-Subscription-Key": "mine"},
                json={"url": url},
                timeout=30,
            )
            assert (response.status_code, response.json()["code"]) == (400, "InvalidImageUrl")


def test_a_service_downloads_from_another_over_loopback(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as one, LocalService(gallery=tmp_path) as other:
        response = requests.post(
            f"{one.url}/vision/v1.0/generateThumbnail?width=20&height=10",
            headers={"Ocp-Apim-Subscription-Key": one.key},
            json={"url": f"{other.url}/samples/coffee_cup.jpg"},
            timeout=60,
        )
        assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
        sample_bytes = requests.get(f"{other.url}/samples/coffee_cup.jpg", timeout=10).content
        assert sample_bytes == sample_path("coffee_cup.jpg").read_bytes()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.5", False),
        ("lab.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert ServiceSettings(host=host).public is not loopback


def test_the_environment_sets_the_folder_of_the_gallery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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
        accepted = requests.post(
            f"{service.url}/vision/v3.2/read/analyze",
            headers={"Ocp-Apim-Subscription-Key": service.key},
            json={"url": f"{service.url}/samples/handwritten_note.jpg"},
            timeout=60,
        )
        assert accepted.status_code == 202
        operations = service._service.operations._operations
        assert len(operations) == 1
        monkeypatch.setattr("visionservice.operations.KEEP_TIME", timedelta(0))
        poll_until(lambda: not operations)
