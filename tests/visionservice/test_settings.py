from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from visionhelpers import VisionClient
from visionhelpers.errors import VisionError
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.errors import too_many_requests
from visionservice.middleware import RateLimiter
from visionservice.settings import Rate, ServiceSettings

UNREADABLE = Path("/proc/self/mem")
"""Its first byte is nobody's to read, not even root's."""


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/minute", Rate(20, 60)),
        (" 10/Second ", Rate(10, 1)),
        ("5/hours", Rate(5, 3600)),
        ("20/3 seconds", Rate(20, 3)),
    ],
)
def test_a_rate_is_written_as_it_is_spoken(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "0/minute", "20/day", "-1/second", "20/0 seconds", "٣/minute"]
)
def test_what_is_no_rate_is_refused_with_what_it_says(text: str) -> None:
    with pytest.raises(ValueError, match="20/minute") as refusal:
        Rate.parse(text)
    assert repr(text) in str(refusal.value)


def test_conditions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Invalid latency -1\.0: use a number of seconds"):
        ServiceSettings(latency=-1.0)
    with pytest.raises(ValueError, match="Invalid operation_delay nan: use a number of seconds"):
        ServiceSettings(operation_delay=float("nan"))
    with pytest.raises(ValueError, match="use a folder that exists"):
        ServiceSettings(images=tmp_path / "none")


def test_the_window_slides_and_tells_how_long_to_wait() -> None:
    now = [0.0]
    limiter = RateLimiter(Rate(2, 10), clock=lambda: now[0])
    assert [limiter.acquire(), limiter.acquire(), limiter.acquire()] == [0, 0, 10]
    now[0] = 9.5
    assert limiter.acquire() == 1
    now[0] = 10.0
    assert [limiter.acquire(), limiter.acquire(), limiter.acquire()] == [0, 0, 10]


def test_beyond_the_rate_requests_are_refused_until_there_is_room() -> None:
    with LocalService(rate="3/5 seconds") as service:
        headers = {"Ocp-Apim-Subscription-Key": service.key}
        url = f"{service.url}/vision/v3.2/models"
        answers = [requests.get(url, headers=headers, timeout=10) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        wait = int(answers[3].headers["Retry-After"])
        assert 2 <= wait <= 5
        assert answers[3].json()["error"] == {
            "code": "429",
            "message": "Requests to the Computer Vision API (v3.2) have exceeded the rate limit of "
            f"this service. Please retry after {wait} seconds.",
        }
        time.sleep(wait + 0.05)
        assert requests.get(url, headers=headers, timeout=10).ok


def test_one_second_is_a_second() -> None:
    assert str(too_many_requests(1, "Enough")) == "Enough. Please retry after 1 second."


def test_health_samples_and_refusals_do_not_count_against_the_rate() -> None:
    with LocalService(rate="1/hour") as service:
        url = f"{service.url}/vision/v3.2/models"
        for _ in range(3):
            assert requests.get(f"{service.url}/health", timeout=10).ok
            assert requests.get(f"{service.url}/samples/dahlia.jpg", timeout=10).ok
            assert requests.get(url, timeout=10).status_code == 401
        key = {"Ocp-Apim-Subscription-Key": service.key}
        assert [requests.get(url, headers=key, timeout=10).status_code for _ in "12"] == [200, 429]


def test_a_loop_of_the_client_stays_under_the_rate_without_being_told() -> None:
    with LocalService(rate="10/second") as service:
        vision = VisionClient(service.url, service.key)
        assert all(vision.domain_models()["models"] for _ in range(30))


def test_every_answer_of_the_api_waits_for_the_latency() -> None:
    with LocalService(latency=0.3) as service:
        vision = VisionClient(service.url, service.key)
        began = time.monotonic()
        vision.domain_models()
        assert 0.3 <= time.monotonic() - began < 10


def test_neither_health_nor_samples_wait_for_it() -> None:
    with LocalService(latency=60) as service:
        for path in ("health", "samples/coffee_cup.jpg"):
            assert requests.get(f"{service.url}/{path}", timeout=10).ok


def test_an_operation_runs_as_long_as_it_is_told_to() -> None:
    with LocalService(operation_delay=1.0) as service:
        vision = VisionClient(service.url, service.key)
        began = time.monotonic()
        answer = vision.recognize_text(sample_path("handwritten_note.jpg"))
        assert time.monotonic() - began >= 1
        assert answer["recognitionResult"]["lines"]


def test_a_failing_operation_says_failed_and_nothing_else() -> None:
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
        while (answer := requests.get(location, headers=headers, timeout=10).json())["status"] in (
            "NotStarted",
            "Running",
        ):
            time.sleep(0.05)
        assert answer == {"status": "Failed"}


def test_an_address_that_ends_like_a_file_in_the_folder_means_that_file(tmp_path: Path) -> None:
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
def test_no_address_leaves_the_folder_or_breaks_the_service(
    tmp_path: Path, name: str, code: str
) -> None:
    folder = tmp_path / "pictures"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.jpg").write_bytes(sample_path("dahlia.jpg").read_bytes())
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "empty.jpg").touch()
    (folder / "large.jpg").write_bytes(bytes(5_000_000))
    with LocalService(images=folder) as service:
        answer = requests.post(
            f"{service.url}/vision/v1.0/analyze?visualFeatures=Color",
            json={"url": f"http://nowhere.invalid/{name}"},
            headers={"Ocp-Apim-Subscription-Key": service.key},
            timeout=30,
        )
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file root cannot read")
def test_a_file_that_cannot_be_read_is_named() -> None:
    with LocalService(images=UNREADABLE.parent) as service:
        vision = VisionClient(service.url, service.key)
        with pytest.raises(VisionError, match=r"'mem'.*cannot be read: Input/output error"):
            vision.tag("https://nowhere.invalid/mem")


def test_every_answer_says_that_it_is_local_and_which_version() -> None:
    with LocalService() as service:
        for path in ("/health", "/vision/v1.0/models", "/nowhere"):
            server = requests.get(service.url + path, timeout=10).headers["Server"]
            assert server.startswith("visionhelpers/")
            assert server.endswith("(local)")
