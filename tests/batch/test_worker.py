from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.images import number
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
    client: VisionClient, service: LocalService, image: str
) -> None:
    worker = Worker(client, "analyze", COLOR)
    elsewhere = in_another_process(worker)
    for each in (worker, elsewhere, in_another_process(elsewhere)):
        result = each("0", image)
        assert (result.image, number(result.result or {})) == ("0", 0)
        assert result.seconds > 0
        assert service.key not in repr(each)


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [
        pytest.param("1/minute", 60, id="the client waits"),
        pytest.param("1/hour", 3600, id="the wait exceeds the deadline of the client"),
    ],
)
def test_workers_with_the_same_client_share_its_rate_and_do_not_count_the_wait(
    service: LocalService, image: str, clock: FakeClock, rate: str, seconds: int
) -> None:
    client = VisionClient(service.url, service.key, rate=rate, deadline=61)
    workers = [in_another_process(Worker(client, "analyze", COLOR)) for _ in range(2)]
    first, second = [worker("0", image) for worker in workers]
    assert first.result
    assert second.result
    assert clock.monotonic() == seconds
    assert second.seconds == 0


def test_a_local_client_uses_the_service_of_the_machine_it_is_on(
    state_folder: Path, image: str
) -> None:
    worker = Worker(LocalClient(), "analyze", COLOR)
    assert (state_folder / "service.json").exists()
    assert b"http" not in pickle.dumps(worker)
    assert in_another_process(worker)("0", image).result


def test_an_error_in_loading_the_client_is_part_of_the_result(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = in_another_process(Worker(LocalClient(retries=1), "tag", {}))
    monkeypatch.setenv("VISION_STATE_DIR", str(state_folder / "service.json"))
    assert "Cannot write the service's state" in worker("0", b"").error


def test_an_error_is_part_of_the_result(client: VisionClient) -> None:
    missing = Worker(client, "tag", {})("a", "none.png")
    assert "Cannot read 'none.png'" in missing.error
    assert missing == BatchResult("a", error=missing.error, seconds=missing.seconds)
    empty = Worker(client, "tag", {})("b", b"")
    assert empty.error.startswith("BadArgument (400): ")
    assert (empty.status, empty.code) == (400, "BadArgument")
    assert Worker(client, "nothing", {})("c", b"").error.startswith("AttributeError: ")


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
