"""What a run costs beside the engines alone: `make stress RUN=throughput`.

The bare loop is two threads, one a core, that give the same files to the same engines in one
process, without HTTP. It, and runs with one thread, two, four, and two Dask workers against the
local service, are timed in turns, each after warming up; the ratio is of the medians. At the end a
worker is killed in a run. It ends with 1 if one of the runs on two cores has less than 0.95 of the
bare loop, or if an image does not have exactly one result.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from statistics import median

from distributed import Client

from benchmarks.own_service import own_service
from tests.stress.variants import draw
from tests.support.dask_cluster import two_workers
from visionhelpers import VisionClient, connect, run_batch
from visionservice.analysis import ImageAnalysis
from visionservice.api import analysis_json, limits
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage
from visionservice.imaging.probe import probe

PICTURES, SMALLEST, ROUNDS = 100, 240, 3
GOAL = 0.95
BARE = "the engines in a bare loop, 2 threads"


def bare(folder: str) -> None:
    """Be the bare loop: warm up, and print the seconds that it takes."""
    gallery = Gallery(Path(folder).parent / "gallery")
    files = sorted(Path(folder).iterdir())

    def describe(path: Path) -> None:
        data = path.read_bytes()
        info = probe(data, limits.IMAGE)
        image = LazyImage.from_file(data, info)
        analysis_json.description(ImageAnalysis(image, info.format, gallery), 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(describe, files[:8]))
        began = time.perf_counter()
        list(pool.map(describe, files))
        print(time.perf_counter() - began)


def bare_seconds(folder: Path) -> float:
    code = "import sys; from tests.stress.throughput import bare; bare(sys.argv[1])"
    command = [sys.executable, "-c", code, str(folder)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return float(run.stdout)


def run_seconds(vision: VisionClient, pictures: list[Path], executor: Executor | None) -> float:
    began = time.perf_counter()
    run = run_batch(vision, "describe", pictures, executor=executor, progress=False)
    assert not [result.error for result in run if result.error]
    return time.perf_counter() - began


def survives(vision: VisionClient, pictures: list[Path], client: Client) -> bool:
    """Kill a worker in the middle of a run; return True if each image has one result."""
    found, results = [], pictures[0].parents[1] / "out.jsonl"
    executor = client.get_executor(pure=False)
    run = run_batch(
        vision, "describe", pictures, results=results, executor=executor, progress=False
    )
    for result in run:
        found.append(result.image)
        assert result.result, result.error
        if len(found) == len(pictures) // 3:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    lines = results.read_bytes().count(b"\n")
    print(f"a worker killed: {len(found)} results, {lines} lines, of {len(pictures)} images")
    return sorted(found) == [*map(str, pictures)] and lines == len(pictures)


def measured(
    vision: VisionClient, pictures: list[Path], client: Client, rounds: int
) -> dict[str, float]:
    """Return the median seconds of each way."""
    executors: dict[str, Executor | None] = {
        "1 thread": ThreadPoolExecutor(1),
        "2 threads": ThreadPoolExecutor(2),
        "4 threads, as by default": None,
        "2 Dask workers": client.get_executor(pure=False),
    }
    for executor in executors.values():
        run_seconds(vision, pictures[:8], executor)
    times: dict[str, list[float]] = {way: [] for way in (BARE, *executors)}
    for _ in range(rounds):
        times[BARE].append(bare_seconds(pictures[0].parent))
        for way, executor in executors.items():
            times[way].append(run_seconds(vision, pictures, executor))
    return {way: median(taken) for way, taken in times.items()}


def main(count: int = PICTURES, rounds: int = ROUNDS) -> int:
    with tempfile.TemporaryDirectory() as place, own_service(), two_workers() as client:
        vision, pictures = connect(), draw(Path(place) / "pictures", count, SMALLEST)
        seconds = measured(vision, pictures, client, rounds)
        ratios = {way: seconds[BARE] / taken for way, taken in seconds.items()}
        for way, ratio in ratios.items():
            print(f"{way:<40} {count / seconds[way]:6.2f} images a second  {ratio:5.2f}")
        holds = survives(vision, pictures, client)
        holds &= min(ratio for way, ratio in ratios.items() if way != "1 thread") >= GOAL
    print("holds" if holds else "MISSED")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
