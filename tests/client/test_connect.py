from __future__ import annotations

import json
import logging
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from requests.utils import should_bypass_proxies

import visionhelpers as vh
from tests.support.blocking_gallery import Slow, serving
from tests.support.http_client import post
from tests.support.poll import poll_until
from tests.support.scripted_server import ScriptedServer, scripted_server
from visionservice import LocalService

LOCAL = "Connected to the local service.\n"
USING = "Using the service in VISION_ENDPOINT.\n"
AZURE = "https://mine.cognitiveservices.azure.com/"
CUP = vh.sample_path("coffee_cup.jpg")
PORTRAIT = vh.sample_path("eileen_collins_portrait.jpg")


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


def state(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "service.json").read_text())


def kill(folder: Path) -> None:
    process = psutil.Process(state(folder)["pid"])
    process.kill()
    psutil.wait_procs([process], timeout=10)


def responds(vision: vh.VisionClient) -> bool:
    models = vision.domain_models()["models"]
    return {model["name"] for model in models} == {"celebrities", "landmarks"}


def width(vision: vh.VisionClient, image: str | Path) -> int:
    return vision.analyze(image, features="Color")["metadata"]["width"]


# The service in the environment


def test_the_environment_names_the_service(
    endpoint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = vh.connect(credential=None)
    assert vision.base_url == endpoint
    assert responds(vision)
    monkeypatch.setenv("VISION_ENDPOINT", AZURE)
    assert vh.connect().base_url == f"{AZURE}vision/v3.2/"
    assert capsys.readouterr().out == USING * 2
    with pytest.raises(ValueError, match="Invalid timeout -1"):
        vh.connect(timeout=-1)


@pytest.mark.parametrize("name", ["VISION_ENDPOINT", "VISION_KEY"])
def test_one_variable_alone_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(vh.ConfigurationError, match=f"^{name} is set and VISION_") as error:
        vh.connect()
    assert "secret" not in str(error.value)


def test_the_version_of_the_environment_is_used_if_the_endpoint_has_none(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    assert vh.connect().base_url == endpoint
    monkeypatch.setenv("VISION_ENDPOINT", endpoint.removesuffix("/vision/v1.0/"))
    with pytest.raises(vh.ConfigurationError, match=r"v2\.0"):
        vh.connect()


def test_a_credential_replaces_the_key_and_needs_an_endpoint(
    server: ScriptedServer, credential: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(vh.ConfigurationError, match="set VISION_ENDPOINT"):
        vh.connect(credential=credential)
    monkeypatch.setenv("VISION_ENDPOINT", server.url)
    vh.connect(credential=credential).domain_models()
    monkeypatch.setenv("VISION_KEY", "secret")
    vh.connect(credential=credential).domain_models()
    assert len(credential.scopes) == len(server.requests) == 2
    assert all("Bearer" in request.headers["Authorization"] for request in server.requests)


# The local service


def test_the_local_service_can_be_used_beside_the_one_in_the_environment(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", AZURE)
    monkeypatch.setenv("VISION_API_VERSION", "v3.2")
    local = vh.connect(local=True)  # although the key is missing
    assert capsys.readouterr().out == LOCAL
    assert local.base_url == f"{state(state_folder)['url']}/vision/v3.2/"
    assert local.key == state(state_folder)["key"]
    assert "modelVersion" not in local.analyze(CUP, features="ImageType")
    assert local.last_response.model_version
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    with pytest.raises(vh.ConfigurationError, match=r"API v2\.0.*VISION_API_VERSION"):
        vh.connect(local=True)


@pytest.mark.usefixtures("endpoint", "state_folder")
def test_a_named_gallery_is_seen_by_its_clients_alone() -> None:
    lesson, usual = vh.connect(gallery="lección 教室"), vh.connect(local=True)
    copy = pickle.loads(pickle.dumps(lesson))  # noqa: S301
    assert lesson.add_face("Eileen Collins", PORTRAIT)["images"] == 1
    for client, expected in ((lesson, ["Eileen Collins"]), (copy, ["Eileen Collins"]), (usual, [])):
        people = client.celebrities(PORTRAIT)["result"]["celebrities"]
        assert [person["name"] for person in people] == expected
    assert not usual.remove_face("Eileen Collins")
    assert lesson.remove_face("Eileen Collins")
    for name in ("", "../mine", "a" * 101):
        with pytest.raises(vh.ServiceError, match=r"400.*Invalid name "):
            vh.connect(gallery=name).tag(CUP)


def test_clients_share_the_local_service_and_reconnect_after_it_has_ended(
    state_folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "visionhelpers")
    vision, other = vh.connect(), vh.connect(rate="20/minute", retries=0)
    assert (vision.rate, other.rate) == (None, "20/minute")
    assert vision.base_url == f"{state(state_folder)['url']}/vision/v1.0/"
    before, key, url = vision.base_url, vision.key, vision.sample_url(CUP.name)
    kill(state_folder)
    assert vh.load_image(url).size == (600, 400)
    assert vision.check().startswith("OK: 127.0.0.1 responds")
    assert responds(other)  # finds the service that another client has started
    assert other.base_url == vision.base_url == before
    assert other.key == vision.key != key
    assert width(vision, url) == 600
    assert capsys.readouterr().out == LOCAL * 2
    messages = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert any(message.startswith("Reconnected") for message in messages)
    assert not [text for text in (key, vision.key) if text in repr(list(map(vars, caplog.records)))]


def test_a_service_that_moves_is_found_or_its_trouble_is_named(state_folder: Path) -> None:
    vision = vh.connect()
    before, url = vision.base_url, vision.sample_url(CUP.name)
    kill(state_folder)
    with scripted_server(port=urlsplit(before).port) as server:
        server.steps = [(404, {}, {"message": "Not found"})]
        vision = vh.connect()
        assert vision.base_url != before
        assert width(vision, url) == 600
    kill(state_folder)
    (state_folder / "service.lock").unlink()
    (state_folder / "service.lock").mkdir()
    assert "Cannot write the service's state" in vision.check()


def test_a_client_leaves_a_service_that_is_ending(state_folder: Path, tmp_path: Path) -> None:
    gallery = Slow(tmp_path / "gallery")
    ending = serving(gallery).start()
    state_folder.mkdir(mode=0o700)
    (state_folder / "service.json").write_text(json.dumps({"url": ending.url, "key": ending.key}))
    vision = vh.connect()
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(vh.connect().landmarks, CUP)
        assert gallery.begun.wait(20)
        stopping = threads.submit(ending.stop)
        (state_folder / "service.json").unlink()
        color = "v1.0/analyze?visualFeatures=Color"
        poll_until(lambda: post(ending, color, CUP.read_bytes()).status_code == 503)
        try:
            assert width(vision, CUP) == 600
            assert not vision.base_url.startswith(ending.url)
            assert not stopping.done()
        finally:
            gallery.go.set()
        assert slow.result()["result"] == {"landmarks": []}


def test_threads_that_lose_the_local_service_look_for_another_once(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = vh.connect()
    kill(state_folder)
    module = import_module("visionhelpers.connect")  # the package has a function of this name
    look = Mock(wraps=module.find_or_start)
    monkeypatch.setattr(module, "find_or_start", look)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: responds(vision), range(16)))
    assert look.call_count == 1
    assert vision.key == state(state_folder)["key"]


def test_a_pickled_client_of_the_local_service_has_no_key(state_folder: Path) -> None:
    vision = vh.connect(rate="20/minute", version="v3.2")
    data = pickle.dumps(vision)
    for secret in (vision.key, "127.0.0.1", str(urlsplit(vision.base_url).port)):
        assert secret.encode() not in data
    copy = pickle.loads(data)  # noqa: S301
    for name in ("__class__", "base_url", "key", "rate", "version"):
        assert getattr(copy, name) == getattr(vision, name)
    kill(state_folder)
    other = pickle.loads(data)  # noqa: S301  (as on another machine, where none runs)
    assert responds(other)
    assert other.key != vision.key


@pytest.mark.usefixtures("state_folder")
def test_the_local_service_is_exempt_from_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for before, after in (("example.org", "example.org,127.0.0.1"), ("*", "*")):
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, before)
        for _ in range(2):
            vision = vh.connect()
        assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == after
        assert requests.get(vision.base_url + "models", headers=vision.headers, timeout=10).ok
        assert vh.load_image(vision.sample_url(CUP.name)).size == (600, 400)
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("NO_PROXY", "example.com")
    vh.connect()
    assert should_bypass_proxies("http://example.com", no_proxy=None)
