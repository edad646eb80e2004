"""A cluster of processes, of which some are killed: every image has exactly one result."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client

from tests.support.dask_cluster import two_workers
from tests.support.images import drawn, number
from visionhelpers import VisionClient, connect, run_batch
from visionhelpers.batch import worker
from visionservice import LocalService

COLOR = {"features": ["Color"]}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="it kills with a signal")


@pytest.fixture(scope="module")
def workers() -> Iterator[Client]:
    """Two workers for the tests that kill no worker."""
    with two_workers() as client:
        yield client


@pytest.fixture
def cluster(workers: Client, state_folder: Path) -> Iterator[Client]:
    """The workers with the state folder of the test."""
    (before,) = set(workers.run(os.environ.get, "VISION_STATE_DIR").values())
    workers.run(use_state_folder, str(state_folder))
    yield workers
    workers.run(use_state_folder, before)


def use_state_folder(folder: str) -> None:
    """Let a worker find its service in a folder, and forget the clients of earlier tests."""
    os.environ["VISION_STATE_DIR"] = folder
    worker._load.cache_clear()


def pids(cluster: Client) -> list[int]:
    return list(cluster.run(os.getpid).values())


def test_a_killed_worker_loses_no_result_and_repeats_none(tmp_path: Path) -> None:
    images, results = drawn(tmp_path / "images", 60), tmp_path / "out.jsonl"
    with two_workers() as cluster, LocalService(latency=0.05) as service:
        executor = cluster.get_executor(pure=False)
        client = VisionClient(service.url, service.key)
        run = run_batch(client, "analyze", images, results=results, executor=executor, **COLOR)
        found = []
        for result in run:
            found.append(result.image)
            if len(found) == 10:
                os.kill(pids(cluster)[0], signal.SIGKILL)
    names = [str(image) for image in images]
    assert sorted(found) == names
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(line["image"] for line in lines) == names
    for line in lines:
        assert number(line["result"]) == int(Path(line["image"]).stem)


def test_all_workers_of_a_machine_share_one_local_service(
    cluster: Client, state_folder: Path, tmp_path: Path
) -> None:
    images = drawn(tmp_path / "images", 12)
    several = [*images[:6], *(image.read_bytes() for image in images[6:])]
    executor = cluster.get_executor(pure=False)
    table = run_batch(connect(), "analyze", several, executor=executor, **COLOR).to_dataframe()
    assert len(table) == 12
    assert table["error"].isna().all()
    services = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(state_folder / "service.json") in (process.info["cmdline"] or [])
    ]
    assert len(services) == 1


def test_a_worker_starts_the_service_if_there_is_none(
    cluster: Client, state_folder: Path, tmp_path: Path
) -> None:
    vision = connect()
    first = json.loads((state_folder / "service.json").read_text())["pid"]
    service = psutil.Process(first)
    service.kill()
    service.wait(10)
    executor = cluster.get_executor(pure=False)
    images = drawn(tmp_path / "images", 4)
    run = run_batch(vision, "analyze", images, executor=executor, **COLOR)
    assert [result.error for result in run] == [""] * 4
    assert json.loads((state_folder / "service.json").read_text())["pid"] != first


@pytest.mark.parametrize("pure", [True, False])
def test_a_run_that_is_closed_cancels_no_image_of_another(
    workers: Client, tmp_path: Path, pure: bool
) -> None:
    images, executor = drawn(tmp_path / "images", 20), workers.get_executor(pure=pure)
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        runs = [run_batch(client, "analyze", images, executor=executor, **COLOR) for _ in range(2)]
        found = [next(run) for run in runs][1:]
        runs[0].close()
        found += runs[1]
    assert [result.error for result in found] == [""] * 20


@pytest.mark.parametrize("pure", [True, False])
def test_an_image_that_failed_or_was_not_sent_is_sent_again(
    workers: Client, tmp_path: Path, pure: bool
) -> None:
    """Dask returns the result of an equal call, where it still has it, without a call."""
    images, executor = drawn(tmp_path / "images", 6), workers.get_executor(pure=pure)
    results = tmp_path / "out.jsonl"
    late = images[3].rename(tmp_path / "late.png")
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        failed = run_batch(client, "analyze", images, results=results, executor=executor, **COLOR)
        assert sorted(bool(result.error) for result in failed) == [False] * 5 + [True]
        late.rename(images[3])
        again = run_batch(client, "analyze", images, results=results, executor=executor, **COLOR)
        assert [result.image for result in again if not result.error] == [str(images[3])]
        broken_off = run_batch(client, "landmarks", images, results=results, executor=executor)
        next(broken_off)
        broken_off.close()
        resumed = run_batch(client, "landmarks", images, results=results, executor=executor)
        assert not [result for result in resumed if result.error]
        assert len(resumed.to_dataframe()) == 6
