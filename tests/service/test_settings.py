from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.clock import FakeClock
from tests.support.poll import poll_until
from visionhelpers import VisionClient
from visionhelpers.errors import VisionError
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.errors import too_many_requests
from visionservice.settings import ServiceSettings, parse_rate

UNREADABLE = Path("/proc/self/mem")
"""Its first byte is nobody's to read, not even root's."""


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/minute", (20, 60)),
        (" 10/Second ", (10, 1)),
        ("5/hours", (5, 3600)),
        ("20/3 seconds", (20, 3)),
    ],
)
def test_a_rate_is_parsed(text: str, rate: tuple[int, float]) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "0/minute", "20/day", "-1/second", "20/0 seconds", "٣/minute"]
)
def test_an_invalid_rate_is_an_error_that_quotes_it(text: str) -> None:
    with pytest.raises(ValueError, match="20/minute") as error:
        ServiceSettings(rate=text)
    assert repr(text) in str(error.value)


def test_invalid_settings_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Invalid latency -1\.0: use 0 to 86400 seconds"):
        ServiceSettings(latency=-1.0)
    with pytest.raises(ValueError, match="Invalid operation_delay nan: use 0 to 86400 seconds"):
        ServiceSettings(operation_delay=float("nan"))
    with pytest.raises(ValueError, match="Invalid allow_hosts"):
        ServiceSettings(allow_hosts=(1,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Invalid path '~nosuch/x'"):
        ServiceSettings(images="~nosuch/x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="use a folder that exists"):
        ServiceSettings(images=tmp_path / "none")


@pytest.mark.parametrize("name", ["engines", "engine_options"])
@pytest.mark.parametrize("value", [3, ["captions=template"], None])
def test_engines_and_their_options_are_a_dictionary(name: str, value: object) -> None:
    settings: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=f"^Invalid {name} .*: use a dictionary"):
        ServiceSettings(**settings)


def test_settings_are_shown_without_secrets() -> None:
    settings = ServiceSettings(key="secret", engine_options={"captions.key": "secret"})
    assert "secret" not in repr(settings)


def test_requests_above_the_rate_get_429_until_retry_after(rate_clock: FakeClock) -> None:
    with LocalService(rate="3/minute") as service:
        headers = {"Ocp-Apim-Subscription-Key": service.key}
        url = f"{service.url}/vision/v3.2/models"

        def get() -> requests.Response:
            return requests.get(url, headers=headers, timeout=60)

        assert [get().status_code for _ in range(3)] == [200, 200, 200]
        rate_clock.advance(20)
        response = get()
        assert (response.status_code, response.headers["Retry-After"]) == (429, "40")
        assert response.json()["error"] == {
            "code": "429",
            "message": "Requests to the Computer Vision API (v3.2) have exceeded the rate limit of "
            "this service. Please retry after 40 seconds.",
        }
        rate_clock.advance(40)
        assert get().ok


def test_one_second_is_singular() -> None:
    assert str(too_many_requests(1, "Enough")) == "Enough. Please retry after 1 second."


def test_health_samples_and_errors_do_not_count_against_the_rate() -> None:
    with LocalService(rate="1/hour") as service:
        url = f"{service.url}/vision/v3.2/models"
        for _ in range(3):
            assert requests.get(f"{service.url}/health", timeout=10).ok
            assert requests.get(f"{service.url}/samples/dahlia.jpg", timeout=10).ok
            assert requests.get(url, timeout=10).status_code == 401
        key = {"Ocp-Apim-Subscription-Key": service.key}
        assert [requests.get(url, headers=key, timeout=10).status_code for _ in "12"] == [200, 429]


def test_the_latency_delays_every_response_of_the_api() -> None:
    with LocalService(latency=0.3) as service:
        vision = VisionClient(service.url, service.key)
        began = time.monotonic()
        vision.domain_models()
        assert time.monotonic() - began >= 0.3


def test_the_latency_does_not_delay_health_and_samples() -> None:
    with LocalService(latency=60) as service:
        for path in ("health", "samples/coffee_cup.jpg"):
            assert requests.get(f"{service.url}/{path}", timeout=10).ok


def test_an_operation_takes_at_least_the_operation_delay() -> None:
    with LocalService(operation_delay=1.0) as service:
        vision = VisionClient(service.url, service.key)
        began = time.monotonic()
        response = vision.recognize_text(sample_path("handwritten_note.jpg"))
        assert time.monotonic() - began >= 1
        assert response["recognitionResult"]["lines"]


def test_a_failing_operation_has_a_status_only() -> None:
    with LocalService(fail_operations=True) as service:
        headers = {
            "Ocp-Apim-Subscription-Key": service.key,
            "Content-Type": "application/octet-stream",
        }
        data = sample_path("coffee_cup.jpg").read_bytes()
        url = f"{service.url}/vision/v2.0/recognizeText?mode=Printed"
        location = requests.post(url, data, headers=headers, timeout=10).headers[
            "Operation-Location"
        ]

        def status() -> object:
            response = requests.get(location, headers=headers, timeout=10).json()
            return response["status"] not in ("NotStarted", "Running") and response

        assert poll_until(status) == {"status": "Failed"}


def test_a_url_that_ends_in_the_name_of_a_file_means_that_file(tmp_path: Path) -> None:
    (tmp_path / "Broadway and Times.jpg").write_bytes(
        sample_path("chelsea_the_cat.jpg").read_bytes()
    )
    with LocalService(images=tmp_path) as service:
        vision = VisionClient(service.url, service.key)
        url = "https://upload.example.org/commons/Broadway%20and%20Times.jpg?width=450"
        assert "cat" in [tag["name"] for tag in vision.tag(url)["tags"]]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("link.jpg", "InvalidImageUrl"),
        ("loop.jpg", "InvalidImageUrl"),
        ("folder", "InvalidImageUrl"),
        ("..%2Foutside.jpg", "InvalidImageUrl"),
        ("..%5Coutside.jpg", "InvalidImageUrl"),
        ("..", "InvalidImageUrl"),
        ("%00.jpg", "InvalidImageUrl"),
        ("\ud800.jpg", "InvalidImageUrl"),
        ("a" * 400, "InvalidImageUrl"),
        ("empty.jpg", "InvalidImageFormat"),
        ("large.jpg", "InvalidImageSize"),
    ],
)
def test_a_url_never_leaves_the_folder(tmp_path: Path, name: str, code: str) -> None:
    folder = tmp_path / "images"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.jpg").write_bytes(sample_path("dahlia.jpg").read_bytes())
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "empty.jpg").touch()
    (folder / "large.jpg").write_bytes(bytes(5_000_000))
    with LocalService(images=folder) as service:
        response = requests.post(
            f"{service.url}/vision/v1.0/analyze?visualFeatures=Color",
            json={"url": f"http://nowhere.invalid/{name}"},
            headers={"Ocp-Apim-Subscription-Key": service.key},
            timeout=30,
        )
    assert (response.status_code, response.json()["code"]) == (400, code)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file root cannot read")
def test_a_file_that_cannot_be_read_is_named() -> None:
    with LocalService(images=UNREADABLE.parent) as service:
        vision = VisionClient(service.url, service.key)
        with pytest.raises(VisionError, match=r"'mem'.*cannot be read: Input/output error"):
            vision.tag("https://nowhere.invalid/mem")


def test_every_response_has_the_header_server() -> None:
    with LocalService() as service:
        for path in ("/health", "/vision/v1.0/models", "/nowhere"):
            server = requests.get(service.url + path, timeout=10).headers["Server"]
            assert server.startswith("visionhelpers/")
            assert server.endswith("(local)")
