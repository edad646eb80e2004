from __future__ import annotations

import json
import logging
import os
import pickle
import socket
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from time import time
from types import SimpleNamespace
from unittest.mock import Mock
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from requests.utils import should_bypass_proxies

from tests.support.blocking_gallery import Slow, serving
from tests.support.http_client import post
from tests.support.poll import poll_until
from tests.support.scripted_server import scripted_server
from visionhelpers import (
    ConfigurationError,
    ServiceError,
    TransportError,
    VisionClient,
    connect,
    load_image,
    sample_path,
)
from visionservice import LocalService

LOCAL = "Connected to the local service.\n"
USING = "Using the service in VISION_ENDPOINT.\n"
CUP = "coffee_cup.jpg"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the variables that connect() changes."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


@pytest.fixture
def endpoint(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the service in the environment."""
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0/")
    monkeypatch.setenv("VISION_KEY", service.key)
    return f"{service.url}/vision/v1.0/"


def kill(folder: Path) -> None:
    process = psutil.Process(json.loads((folder / "service.json").read_text())["pid"])
    process.kill()
    psutil.wait_procs([process], timeout=10)


def names(vision: VisionClient) -> set[str]:
    return {model["name"] for model in vision.domain_models()["models"]}


# The service in the environment


def test_the_environment_names_the_service(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    vision = connect()
    assert vision.base_url == endpoint
    assert names(vision) == {"celebrities", "landmarks"}
    assert capsys.readouterr().out == USING


def test_a_service_that_does_not_exist_is_not_called_connected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("VISION_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("VISION_KEY", "secret")
    vision = connect(retries=0)
    assert "Connected" not in capsys.readouterr().out
    with pytest.raises(TransportError, match="refused"):
        vision.domain_models()


@pytest.mark.parametrize(
    ("name", "missing"), [("VISION_ENDPOINT", "VISION_KEY"), ("VISION_KEY", "VISION_ENDPOINT")]
)
def test_one_variable_without_the_other_is_named(
    name: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(ConfigurationError, match=f"{name} is set and {missing} is not") as caught:
        connect()
    assert "secret" not in str(caught.value)


def test_the_version_of_azure_is_v3_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", "https://mine.cognitiveservices.azure.com/")
    monkeypatch.setenv("VISION_KEY", "secret")
    assert connect().base_url == "https://mine.cognitiveservices.azure.com/vision/v3.2/"
    assert capsys.readouterr().out == USING


def test_the_version_of_the_environment_is_used_if_the_endpoint_has_none(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    with pytest.raises(ConfigurationError, match=r"v2\.0"):
        connect()
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0")
    assert names(connect())


@pytest.mark.usefixtures("endpoint")
def test_the_options_are_those_of_the_client() -> None:
    assert connect(rate="20/minute", timeout=5, deadline=9, retries=1).rate == "20/minute"
    with pytest.raises(ValueError, match="Invalid timeout -1"):
        connect(timeout=-1)
    with pytest.raises(TypeError, match="timout"):
        connect(timout=5)


class Credential:
    def get_token(self, *_: str, **__: object) -> SimpleNamespace:
        return SimpleNamespace(token="the-token-of-the-credential", expires_on=time() + 3600)


def test_a_credential_replaces_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_server() as server:
        server.steps = [(200, {}, {"models": []})]
        monkeypatch.setenv("VISION_ENDPOINT", server.url)
        connect(credential=Credential()).domain_models()
        monkeypatch.setenv("VISION_KEY", "secret")
        connect(credential=Credential()).domain_models()
        headers = [request.headers for request in server.requests]
    assert [each["Authorization"] for each in headers] == ["Bearer the-token-of-the-credential"] * 2


@pytest.mark.usefixtures("endpoint")
def test_no_credential_is_no_option() -> None:
    assert names(connect(credential=None)) == {"celebrities", "landmarks"}


# The local service


def test_without_the_environment_the_local_service_is_shared(
    state_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = connect(), connect(rate="20/minute", retries=0)
    assert first.base_url == second.base_url
    assert first.version == "v1.0"
    assert (first.rate, second.rate) == (None, "20/minute")
    assert names(first) == names(second) == {"celebrities", "landmarks"}
    assert capsys.readouterr().out == LOCAL + LOCAL
    assert (state_folder / "service.json").exists()
    with pytest.raises(AttributeError):
        first.timeout = 3  # type: ignore[attr-defined]


def test_the_local_service_can_be_used_beside_the_one_in_the_environment(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", "https://mine.cognitiveservices.azure.com/")
    monkeypatch.setenv("VISION_API_VERSION", "v3.2")
    local = connect(local=True)  # although the key is missing
    assert capsys.readouterr().out == LOCAL
    assert urlsplit(local.base_url).hostname == "127.0.0.1"
    assert local.base_url.endswith("/vision/v3.2/")
    assert local.service == "local/v3.2"
    assert local.key in (state_folder / "service.json").read_text()
    result = local.analyze(sample_path(CUP), features="ImageType")
    assert "modelVersion" not in result
    assert local.last_response is not None
    assert local.last_response.model_version
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    with pytest.raises(ConfigurationError, match=r"API v2\.0.*VISION_API_VERSION"):
        connect(local=True)


@pytest.mark.usefixtures("endpoint", "state_folder")
def test_a_named_gallery_is_seen_by_its_clients_alone() -> None:
    lesson, usual = connect(gallery="lección 教室"), connect(local=True)
    portrait = sample_path("eileen_collins_portrait.jpg")
    assert lesson.add_face("Eileen Collins", portrait) == {"name": "Eileen Collins", "images": 1}
    clients = {"lesson": lesson, "copy": pickle.loads(pickle.dumps(lesson)), "usual": usual}  # noqa: S301
    found = {name: client.celebrities(portrait)["result"] for name, client in clients.items()}
    assert [person["name"] for person in found["lesson"]["celebrities"]] == ["Eileen Collins"]
    assert found["copy"] == found["lesson"]
    assert found["usual"]["celebrities"] == []
    assert not usual.remove_face("Eileen Collins")
    assert lesson.remove_face("Eileen Collins")


@pytest.mark.usefixtures("state_folder")
@pytest.mark.parametrize("name", ["", "../mine", "a" * 101])
def test_a_gallery_with_an_invalid_name_is_rejected(name: str) -> None:
    with pytest.raises(ServiceError, match="Invalid name ") as raised:
        connect(gallery=name).tag(sample_path(CUP))
    assert raised.value.status == 400


def test_a_client_reconnects_at_the_same_url_after_the_local_service_has_ended(
    state_folder: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "visionhelpers")
    vision = connect()
    before, key, url = vision.base_url, vision.key, vision.sample_url(CUP)
    kill(state_folder)
    assert load_image(url).size == (600, 400)
    assert vision.check().startswith("OK: 127.0.0.1 responds")
    assert vision.base_url == before
    assert vision.key != key
    assert load_image(url).size == (600, 400)
    size = vision.analyze(url, features="Color")["metadata"]
    assert (size["width"], size["height"]) == (600, 400)
    assert capsys.readouterr().out == LOCAL
    messages = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert any(message.startswith("Reconnected") for message in messages)
    assert not [text for text in (key, vision.key) if text in repr(list(map(vars, caplog.records)))]


def test_a_client_reconnects_to_a_service_that_another_kernel_has_started(
    state_folder: Path,
) -> None:
    first, second = connect(), connect(retries=0)
    key, url = second.key, second.base_url
    kill(state_folder)
    assert names(first) == {"celebrities", "landmarks"}
    assert first.base_url == url
    assert names(second) == {"celebrities", "landmarks"}  # at its URL, with another key
    assert second.key == first.key != key


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_local_service_that_cannot_be_started_again_is_diagnosed(state_folder: Path) -> None:
    vision = connect()
    kill(state_folder)
    state_folder.chmod(0o777)
    try:
        assert "Other users can write" in vision.check()
    finally:
        state_folder.chmod(0o700)


def test_a_url_of_a_sample_is_valid_after_the_local_service_has_moved(state_folder: Path) -> None:
    vision = connect()
    before, url = vision.base_url, vision.sample_url(CUP)
    kill(state_folder)
    with scripted_server(port=urlsplit(before).port or 0) as server:
        server.steps = [(404, {}, {"message": "Not found"})]
        vision = connect()
        assert vision.base_url != before
        assert vision.analyze(url, features="Color")["metadata"]["width"] == 600
        assert load_image(url).size == (600, 400)


def test_a_client_leaves_a_service_that_is_ending_for_another(
    state_folder: Path, tmp_path: Path
) -> None:
    gallery, image = Slow(tmp_path / "gallery"), sample_path(CUP)
    ending = serving(gallery).start()
    state_folder.mkdir(mode=0o700)
    (state_folder / "service.json").write_text(json.dumps({"url": ending.url, "key": ending.key}))
    vision = connect()
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(connect().landmarks, image)
        assert gallery.begun.wait(20)
        stopping = threads.submit(ending.stop)
        (state_folder / "service.json").unlink()
        color = "v1.0/analyze?visualFeatures=Color"
        poll_until(lambda: post(ending, color, image.read_bytes()).status_code == 503)
        try:
            assert vision.analyze(image, features="Color")["metadata"]["format"] == "Jpeg"
            assert not vision.base_url.startswith(ending.url)
            assert not stopping.done()
        finally:
            gallery.go.set()
        assert slow.result()["result"] == {"landmarks": []}


def test_threads_that_lose_the_local_service_look_for_another_once(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = connect()
    kill(state_folder)
    module = import_module("visionhelpers.connect")  # the package has a function of this name
    look = Mock(wraps=module.find_or_start)
    monkeypatch.setattr(module, "find_or_start", look)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(vision), range(16)))
    assert found == [{"celebrities", "landmarks"}] * 16
    assert look.call_count == 1
    running = json.loads((state_folder / "service.json").read_text())
    assert vision.base_url.startswith(running["url"])
    assert vision.key == running["key"]


def test_a_pickled_client_of_the_local_service_contains_no_url_and_no_key(
    state_folder: Path,
) -> None:
    vision = connect(rate="20/minute", version="v3.2")
    data = pickle.dumps(vision)
    port = str(urlsplit(vision.base_url).port)
    for secret in (vision.key, "127.0.0.1", port):
        assert secret.encode() not in data
    copy = pickle.loads(data)  # noqa: S301
    assert type(copy) is type(vision)
    assert (copy.base_url, copy.key) == (vision.base_url, vision.key)
    assert (copy.rate, copy.version) == ("20/minute", "v3.2")
    kill(state_folder)
    other = pickle.loads(data)  # noqa: S301  (as on another machine, where none runs)
    assert names(other) == {"celebrities", "landmarks"}
    assert other.key != vision.key


@pytest.mark.usefixtures("state_folder")
def test_the_local_service_is_exempt_from_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "example.org")
    vision = connect()
    assert names(vision) == {"celebrities", "landmarks"}
    response = requests.get(vision.base_url + "models", headers=vision.headers, timeout=10)
    assert response.status_code == 200
    assert load_image(vision.sample_url(CUP)).size == (600, 400)
    connect()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "example.org,127.0.0.1"
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    connect()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "*"
    assert should_bypass_proxies("http://example.com", no_proxy=None)
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("NO_PROXY", "example.com")
    connect()
    assert should_bypass_proxies("http://example.com", no_proxy=None)


def test_the_docstring_tells_when_the_local_service_ends() -> None:
    text = " ".join((connect.__doc__ or "").split())
    assert "half an hour after the last request" in text
    assert "minutes" not in text


def test_a_credential_without_an_endpoint_is_refused_before_a_service_starts() -> None:
    with pytest.raises(ConfigurationError, match="set VISION_ENDPOINT"):
        connect(credential=object())
