"""A cluster of processes, of which some are killed: every image has exactly one result."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import psutil
import pytest
from distributed import Client

from tests.support.dask_cluster import two_workers
from tests.support.images import drawn, number
from visionhelpers import VisionClient, connect, run_batch
from visionservice import LocalService

COLOR = {"features": ["Color"]}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="it kills with a signal")


@pytest.fixture(scope="module")
def workers() -> Iterator[Client]:
    """Two workers for the tests that kill no worker and start no service."""
    with two_workers() as workers:
        yield workers


@pytest.fixture(params=[True, False])
def executor(workers: Client, request: pytest.FixtureRequest) -> Executor:
    """Dask returns the result of an equal pure call, where it still has it, without a call."""
    return workers.get_executor(pure=request.param)


@pytest.fixture
def slow() -> Iterator[VisionClient]:
    with LocalService(latency=0.1) as service:
        yield VisionClient(service.url, service.key)


def test_a_killed_worker_loses_no_result_and_repeats_none(
    slow: VisionClient, tmp_path: Path, results: Path
) -> None:
    names = [str(image) for image in drawn(tmp_path, 60)]
    found = []
    with two_workers() as workers:
        executor = workers.get_executor(pure=False)
        run = run_batch(slow, "analyze", names, results=results, executor=executor, **COLOR)
        for result in run:
            found.append(result.image)
            if len(found) == 10:
                os.kill(next(iter(workers.run(os.getpid).values())), signal.SIGKILL)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(found) == sorted(line["image"] for line in lines) == names
    for line in lines:
        assert number(line["result"]) == int(Path(line["image"]).stem)


def test_the_workers_of_a_machine_start_one_local_service_and_share_it(
    state_folder: Path, tmp_path: Path
) -> None:
    vision, state = connect(), state_folder / "service.json"
    service = psutil.Process(json.loads(state.read_text())["pid"])
    service.kill()
    service.wait(10)
    images = drawn(tmp_path, 12)
    images[6:] = [image.read_bytes() for image in images[6:]]
    with two_workers() as workers:
        executor = workers.get_executor(pure=False)
        run = run_batch(vision, "analyze", images, executor=executor, **COLOR)
        assert [result.error for result in run] == [""] * 12
    processes = psutil.process_iter(["cmdline"])
    services = [each for each in processes if str(state) in (each.info["cmdline"] or [])]
    assert [each.pid for each in services] == [json.loads(state.read_text())["pid"]]
    assert services != [service]


def test_a_run_that_is_closed_cancels_no_image_of_another(
    slow: VisionClient, executor: Executor, tmp_path: Path
) -> None:
    images, options = drawn(tmp_path, 20), {"executor": executor, **COLOR}
    closed, other = (run_batch(slow, "analyze", images, **options) for _ in range(2))
    next(closed)
    found = [next(other)]
    closed.close()
    assert [result.error for result in [*found, *other]] == [""] * 20


def test_an_image_that_failed_or_was_not_sent_is_sent_again(
    slow: VisionClient, executor: Executor, tmp_path: Path, results: Path
) -> None:
    images = drawn(tmp_path, 6)
    late = images[3].rename(tmp_path / "late.png")
    options = {"results": results, "executor": executor}
    failed = run_batch(slow, "analyze", images, **options, **COLOR)
    assert [result.image for result in failed if result.error] == [str(images[3])]
    late.rename(images[3])
    again = run_batch(slow, "analyze", images, **options, **COLOR)
    assert [result.image for result in again if not result.error] == [str(images[3])]
    broken_off = run_batch(slow, "landmarks", images, **options)
    next(broken_off)
    broken_off.close()
    resumed = run_batch(slow, "landmarks", images, **options)
    assert not [result for result in resumed if result.error]
    assert len(resumed.to_dataframe()) == 6
