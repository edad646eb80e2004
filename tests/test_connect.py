from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import psutil
import pytest
import requests

from tests.service.galleries import Slow
from visionhelpers import ConfigurationError, VisionClient, connect, load_image, sample
from visionhelpers.service import LocalService

LOCAL = "Connected to the local service.\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VISION_ENDPOINT", "VISION_KEY", "VISION_API_VERSION", "VISION_GALLERY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own; the service that is in it at the end ends too."""
    monkeypatch.setenv("VISION_STATE_DIR", str(tmp_path / "state"))
    yield tmp_path / "state"
    kill(tmp_path / "state")


def kill(folder: Path) -> None:
    process = psutil.Process(json.loads((folder / "service.json").read_text())["pid"])
    process.kill()
    psutil.wait_procs([process], timeout=10)


def names(vision: VisionClient) -> set[str]:
    return {model["name"] for model in vision.domain_models()["models"]}


def test_the_environment_names_the_service(
    service: LocalService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0/")
    monkeypatch.setenv("VISION_KEY", service.key)
    vision = connect()
    assert vision.base_url == f"{service.url}/vision/v1.0/"
    assert names(vision) == {"celebrities", "landmarks"}
    said = capsys.readouterr().out
    assert said == "Connected to the vision service that VISION_ENDPOINT names.\n"


def test_without_it_the_local_service_is_shared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = connect(), connect()
    assert first.base_url == second.base_url
    assert first.version == "v1.0"
    assert names(first) == {"celebrities", "landmarks"}
    assert capsys.readouterr().out == LOCAL + LOCAL
    assert (folder / "service.json").exists()


def test_the_local_service_is_had_beside_the_one_that_the_environment_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", "https://mine.cognitiveservices.azure.com/")
    local = connect(local=True)  # though the key is missing
    assert capsys.readouterr().out == LOCAL
    assert local.base_url.startswith("http://127.0.0.1:")
    assert local.key in (folder / "service.json").read_text()
    assert names(local) == {"celebrities", "landmarks"}


@pytest.mark.parametrize(
    ("name", "lacking"), [("VISION_ENDPOINT", "VISION_KEY"), ("VISION_KEY", "VISION_ENDPOINT")]
)
def test_half_an_environment_is_refused(
    name: str, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(ConfigurationError, match=f"{name} is set and {lacking} is not") as caught:
        connect()
    assert "secret" not in str(caught.value)


def test_azure_is_spoken_to_in_its_own_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", "https://mine.cognitiveservices.azure.com/")
    monkeypatch.setenv("VISION_KEY", "secret")
    assert connect().base_url == "https://mine.cognitiveservices.azure.com/vision/v3.2/"
    assert (
        capsys.readouterr().out == "Connected to the vision service that VISION_ENDPOINT names.\n"
    )


def test_a_version_in_the_environment_counts_where_the_endpoint_has_none(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    with pytest.raises(ConfigurationError, match=r"v2\.0"):
        connect()
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0")
    assert names(connect())


@pytest.mark.usefixtures("folder")
def test_the_local_service_is_asked_in_the_version_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VISION_API_VERSION", "v3.2")
    vision = connect()
    assert vision.base_url.endswith("/vision/v3.2/")
    answer = vision.tag(sample("chelsea_the_cat.jpg"))
    assert "modelVersion" not in answer
    assert vision.last_response is not None
    assert vision.last_response.model_version
    monkeypatch.setenv("VISION_API_VERSION", "v2.0")
    with pytest.raises(ConfigurationError, match=r"API v2\.0.*VISION_API_VERSION"):
        connect()


def test_a_client_outlives_the_local_service(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vision = connect()
    before, address = vision.base_url, vision.sample_url("grace_hopper.jpg")
    kill(folder)
    size = vision.analyze(address, features="Color")["metadata"]
    assert (size["width"], size["height"]) > (50, 50)
    assert vision.base_url != before
    assert vision.sample_url("grace_hopper.jpg").startswith(vision.base_url.partition("vision/")[0])
    assert capsys.readouterr().out == LOCAL


def test_a_client_turns_from_a_service_that_is_ending_to_another(
    folder: Path, tmp_path: Path
) -> None:
    gallery, picture = Slow(tmp_path / "gallery"), sample("coffee_cup.jpg")
    ending = LocalService(gallery=gallery).start()
    folder.mkdir(mode=0o700)
    (folder / "service.json").write_text(json.dumps({"url": ending.url, "key": ending.key}))
    vision = connect()
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(connect().landmarks, picture)
        assert gallery.begun.wait(20)
        stopping = threads.submit(ending.stop)
        (folder / "service.json").unlink()
        sleep(2)  # until then it takes what comes
        try:
            assert vision.analyze(picture, features="Color")["metadata"]["format"] == "Jpeg"
            assert not vision.base_url.startswith(ending.url)
            assert not stopping.done()
        finally:
            gallery.go.set()
        assert slow.result()["result"] == {"landmarks": []}


def test_threads_that_lose_the_local_service_find_one_another_together(folder: Path) -> None:
    vision = connect()
    kill(folder)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(vision), range(16)))
    assert found == [{"celebrities", "landmarks"}] * 16
    running = json.loads((folder / "service.json").read_text())
    assert vision.base_url.startswith(running["url"])
    assert vision.key == running["key"]


@pytest.mark.usefixtures("folder")
def test_the_local_service_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.setenv("NO_PROXY", "example.org")
    vision = connect()
    assert names(vision) == {"celebrities", "landmarks"}
    plain = requests.get(vision.base_url + "models", headers=vision.headers, timeout=10)
    assert plain.status_code == 200
    assert load_image(vision.sample_url("coffee_cup.jpg")).size == (600, 400)
