from __future__ import annotations

import pickle
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import drawn, number
from tests.support.scripted_server import TAGS, scripted_server
from visionhelpers import VisionClient
from visionhelpers.batch.worker import BatchResult, Worker
from visionhelpers.connect import LocalClient
from visionservice import LocalService

COLOR = {"features": "Color"}


def in_another_process(worker: Worker) -> Worker:
    """The worker as another process receives it."""
    received: Worker = pickle.loads(pickle.dumps(worker))  # noqa: S301
    return received


def test_it_sends_with_its_client_and_elsewhere_with_a_copy(
    service: LocalService, tmp_path: Path
) -> None:
    client = VisionClient(service.url, service.key, version="v3.2", rate="100/second")
    (image,) = drawn(tmp_path, 1)
    worker = Worker(client, "analyze", COLOR)
    for each in (worker, in_another_process(worker), in_another_process(worker)):
        result = each("0", str(image))
        assert result.image == "0"
        assert number(result.result or {}) == 0
        assert result.seconds > 0


def test_workers_with_the_same_client_share_a_copy_and_its_rate(
    service: LocalService, tmp_path: Path, clock: FakeClock
) -> None:
    (image,) = drawn(tmp_path, 1)
    client = VisionClient(service.url, service.key, rate="1/minute")
    for _ in range(2):
        worker = in_another_process(Worker(client, "analyze", COLOR))
        assert worker("0", str(image)).result
    assert clock.sleeps == [60]


def test_seconds_do_not_include_the_wait_for_the_rate(
    service: LocalService, tmp_path: Path, clock: FakeClock
) -> None:
    (image,) = drawn(tmp_path, 1)
    worker = Worker(VisionClient(service.url, service.key, rate="1/minute"), "analyze", COLOR)
    worker("0", str(image))
    assert worker("0", str(image)).seconds == 0
    assert clock.sleeps == [60]


def test_a_local_client_uses_the_service_of_the_machine_it_is_on(
    state_folder: Path, tmp_path: Path
) -> None:
    worker = Worker(LocalClient(), "analyze", COLOR)
    assert (state_folder / "service.json").exists()
    assert b"http" not in pickle.dumps(worker)
    (image,) = drawn(tmp_path, 1)
    assert in_another_process(worker)("0", str(image)).result


def test_its_repr_has_no_key(service: LocalService) -> None:
    worker = Worker(VisionClient(service.url, service.key), "tag", {})
    for each in (worker, in_another_process(worker)):
        assert service.key not in repr(each)


def test_an_error_is_part_of_the_result(service: LocalService) -> None:
    client = VisionClient(service.url, service.key)
    tag = Worker(client, "tag", {})
    missing = tag("a", "none.png")
    assert "Cannot read 'none.png'" in missing.error
    assert missing == BatchResult("a", error=missing.error, seconds=missing.seconds)
    empty = tag("b", b"")
    assert empty.error.startswith("BadArgument (400): ")
    assert (empty.image, empty.status, empty.code) == ("b", 400, "BadArgument")
    assert Worker(client, "nothing", {})("c", b"").error.startswith("AttributeError: ")
    refused = Worker(VisionClient("http://127.0.0.1:9", "k", retries=0), "tag", {})
    assert "the connection was refused" in refused("d", b"").error


def test_an_error_in_loading_the_client_is_part_of_the_result(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = in_another_process(Worker(LocalClient(retries=1), "tag", {}))
    monkeypatch.setenv("VISION_STATE_DIR", str(state_folder / "service.json"))
    assert "Cannot write the service's state" in worker("0", b"").error


def test_a_thumbnail_is_the_file_that_the_service_sends(
    service: LocalService, tmp_path: Path
) -> None:
    (image,) = drawn(tmp_path, 1)
    client = VisionClient(service.url, service.key)
    size = {"width": 20, "height": 10}
    result = Worker(client, "thumbnail", size)("0", str(image)).result
    assert result == {
        **size, "format": "JPEG", "data": client.thumbnail_bytes(str(image), **size)
    }  # fmt: skip
    assert Image.open(BytesIO(result["data"])).size == (20, 10)


def test_an_image_is_sent_again_after_the_client_has_given_up_on_429(clock: FakeClock) -> None:
    with scripted_server() as server:
        client = server.client(*[(429, {"Retry-After": "7"}, {})] * 3, TAGS, retries=0)
        server.delay = 2
        result = Worker(client, "tag", {})("0", b"x")
    assert result.result == {"tags": []}
    assert [seconds for seconds in clock.sleeps if seconds != server.delay] == [7, 7, 7]
    assert result.seconds == 2, "the duration of the last attempt"


def test_after_ten_minutes_a_429_is_the_result(clock: FakeClock) -> None:
    with scripted_server() as server:
        client = server.client((429, {"Retry-After": "100"}, {}), retries=0)
        assert Worker(client, "tag", {})("0", b"x").status == 429
    assert clock.sleeps == [100] * 5


def test_an_image_waits_for_the_rate_of_its_client_beyond_the_deadline(
    service: LocalService, tmp_path: Path, clock: FakeClock
) -> None:
    (image,) = drawn(tmp_path, 1)
    client = VisionClient(service.url, service.key, rate="1/hour", deadline=59.9)
    worker = Worker(client, "analyze", COLOR)
    assert all(worker("0", str(image)).result for _ in range(2))
    assert clock.monotonic() == 3600
