"""A cluster of processes, of which some die: every picture has exactly one answer."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client

from tests.drawn import drawn, number
from tests.workers import two_workers
from visionhelpers import VisionClient, connect, run_batch
from visionhelpers.service import LocalService

COLOUR = {"features": ["Color"]}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="it kills with a signal")


@pytest.fixture
def cluster(state_folder: Path) -> Iterator[Client]:
    """Two workers, which know the state folder of the test."""
    assert str(state_folder) == os.environ["VISION_STATE_DIR"]
    with two_workers() as client:
        yield client


def pids(cluster: Client) -> list[int]:
    return list(cluster.run(os.getpid).values())


def test_a_killed_worker_costs_no_answer_and_gives_none_twice(
    cluster: Client, tmp_path: Path
) -> None:
    pictures, results = drawn(tmp_path / "pictures", 60), tmp_path / "out.jsonl"
    with LocalService(latency=0.05) as service:
        client = VisionClient(service.url, service.key)
        run = run_batch(
            client, "analyze", pictures, results=results, executor=cluster.get_executor(), **COLOUR
        )
        found = []
        for result in run:
            found.append(result.picture)
            if len(found) == 10:
                os.kill(pids(cluster)[0], signal.SIGKILL)
    names = [str(picture) for picture in pictures]
    assert sorted(found) == names
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(line["picture"] for line in lines) == names
    for line in lines:
        assert number(line["answer"]) == int(Path(line["picture"]).stem)


def test_all_workers_of_a_machine_share_one_local_service(
    cluster: Client, state_folder: Path, tmp_path: Path
) -> None:
    pictures = drawn(tmp_path / "pictures", 12)
    several = [*pictures[:6], *(picture.read_bytes() for picture in pictures[6:])]
    executor = cluster.get_executor()
    table = run_batch(connect(), "analyze", several, executor=executor, **COLOUR).to_frame()
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
    executor = cluster.get_executor()
    pictures = drawn(tmp_path / "pictures", 4)
    run = run_batch(vision, "analyze", pictures, executor=executor, **COLOUR)
    assert [result.error for result in run] == [""] * 4
    assert json.loads((state_folder / "service.json").read_text())["pid"] != first


def test_a_run_that_is_dropped_takes_no_other_with_it(cluster: Client, tmp_path: Path) -> None:
    """A scheduler takes equal calls for one, and cancels it for both."""
    pictures, executor = drawn(tmp_path / "pictures", 20), cluster.get_executor()
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        runs = [
            iter(run_batch(client, "analyze", pictures, executor=executor, **COLOUR))
            for _ in range(2)
        ]
        kept = [next(run) for run in runs][1:]
        del runs[0]
        kept += runs[0]
    assert [result.error for result in kept] == [""] * 20
