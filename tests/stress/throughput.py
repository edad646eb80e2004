"""The cost of a batch beside that of the engines alone: `make stress RUN=throughput`.

The engines alone are two threads that give the same files to the same engines in one process,
without HTTP. They, and batches with one thread, two, four, and two Dask workers against the local
service, are timed in turns, each after warming up; the ratio is of the medians. Returns 1 if a
batch on two cores has less than 0.95 of the speed of the engines alone.
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from statistics import median

from distributed import Client

import visionhelpers as vh
from benchmarks.own_service import own_service
from tests.support.dask_cluster import two_workers
from visionservice.analysis import ImageAnalysis
from visionservice.api import analysis_json, limits
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage
from visionservice.imaging.probe import probe

IMAGES, ROUNDS = 100, 3
GOAL = 0.95
ALONE = "the engines alone, 2 threads"


def draw(folder: Path, count: int) -> list[Path]:
    """Draw samples in different sizes: the service analyzes equal files once."""
    folder.mkdir()
    names = sorted(vh.sample_credits())
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        image = vh.load_image(vh.sample_path(names[number % len(names)])).convert("RGB")
        image.thumbnail((240 + number, 240 + number))
        image.save(path)
    return paths


def describe_alone(folder: str) -> None:
    """Warm up, and print the seconds of the engines alone in another process."""
    gallery = Gallery(Path(folder).parent / "gallery")
    files = sorted(Path(folder).iterdir())

    def describe(path: Path) -> None:
        data = path.read_bytes()
        info = probe(data, limits.IMAGE)
        image = LazyImage.from_file(data, info)
        analysis_json.description(ImageAnalysis(image, info.format, gallery), 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(describe, files[:8]))
        begun = time.perf_counter()
        list(pool.map(describe, files))
        print(time.perf_counter() - begun)


def seconds_alone(folder: Path) -> float:
    code = "import sys; from tests.stress.throughput import describe_alone as run; run(sys.argv[1])"
    command = [sys.executable, "-c", code, str(folder)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def seconds_of_batch(
    vision: vh.VisionClient, images: list[Path], executor: Executor | None
) -> float:
    begun = time.perf_counter()
    results = list(vh.run_batch(vision, "describe", images, executor=executor, progress=False))
    assert sorted(result.image for result in results if result.result) == [*map(str, images)]
    return time.perf_counter() - begun


def measure(
    vision: vh.VisionClient, images: list[Path], client: Client, rounds: int
) -> dict[str, float]:
    """Return the median seconds of each way."""
    executors: dict[str, Executor | None] = {
        "1 thread": ThreadPoolExecutor(1),
        "2 threads": ThreadPoolExecutor(2),
        "4 threads, as by default": None,
        "2 Dask workers": client.get_executor(pure=False),
    }
    for executor in executors.values():
        seconds_of_batch(vision, images[:8], executor)
    times: dict[str, list[float]] = {way: [] for way in (ALONE, *executors)}
    for _ in range(rounds):
        times[ALONE].append(seconds_alone(images[0].parent))
        for way, executor in executors.items():
            times[way].append(seconds_of_batch(vision, images, executor))
    return {way: median(each) for way, each in times.items()}


def main(count: int = IMAGES, rounds: int = ROUNDS) -> int:
    with tempfile.TemporaryDirectory() as folder, own_service(), two_workers() as client:
        vision, images = vh.connect(), draw(Path(folder) / "images", count)
        seconds = measure(vision, images, client, rounds)
        ratios = {way: seconds[ALONE] / each for way, each in seconds.items()}
        for way, ratio in ratios.items():
            print(f"{way:<30} {count / seconds[way]:6.2f} images a second  {ratio:5.2f}")
    passed = min(ratio for way, ratio in ratios.items() if way != "1 thread") >= GOAL
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
