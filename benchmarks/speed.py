"""Measure speed and memory: `make bench`.

Every row sets two things measured in the same run against each other, in turns, so that a busy
machine disturbs both alike; the figure is the median. Images are the samples, and the
evaluation set in ../shared/eval where it lies beside the project.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
import requests
from own_service import own_service, own_state, process

import visionhelpers
from visionhelpers.images import load_image, sample_path
from visionservice.engines.text.reader import RapidOcrReader

EVALUATION = Path(__file__).parents[2] / "shared" / "eval"
HANDWRITING = "handwriting.jpg"
PHOTOGRAPH, CUP = "chelsea_the_cat.jpg", "coffee_cup.jpg"
FEATURES = ("Categories", "Tags", "Description", "Faces", "ImageType", "Color", "Adult")


def seconds(call: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(*calls: Callable[[], object], rounds: int = 5) -> list[float]:
    """Return the median seconds of each call, called in turns after one round to warm up."""
    times = [[seconds(call) for call in calls] for _ in range(rounds + 1)]
    return [median(column) for column in zip(*times[1:], strict=True)]


def report(measure: str, figure: str, goal: str, *, holds: bool | None = None) -> None:
    """Print one row of the table."""
    verdict = "" if holds is None else ("holds" if holds else "MISSED")
    print(f"{measure:<58} {figure:<34} {goal:<20} {verdict}", flush=True)


def quickstart_loop(vision: visionhelpers.VisionClient, picture: bytes) -> None:
    """Read handwriting as the quickstart did: poll once a second until there is a result."""
    response = requests.post(
        vision.base_url + "RecognizeText",
        headers=vision.headers | {"Content-Type": "application/octet-stream"},
        params={"handwriting": "true"},
        data=picture,
        timeout=60,
    )
    result: dict[str, object] = {}
    while "recognitionResult" not in result:
        location = response.headers["Operation-Location"]
        result = requests.get(location, headers=vision.headers, timeout=60).json()
        time.sleep(1)


def measure_polling(vision: visionhelpers.VisionClient) -> None:
    """Compare the client's polling with the quickstart's, and with the engine alone."""
    picture = sample_path(HANDWRITING).read_bytes()
    array = np.asarray(load_image(picture))
    ours, theirs, engine = in_turns(
        lambda: vision.recognize_text(picture),
        lambda: quickstart_loop(vision, picture),
        lambda: RapidOcrReader().read(array, detect_orientation=False),
    )
    report(
        "recognize_text against the quickstart's loop",
        f"{theirs / ours:.1f} times faster ({ours:.2f} s)",
        "at least 2.5",
        holds=theirs / ours >= 2.5,
    )
    report(
        "recognize_text above the engine's own time",
        f"{ours - engine:+.3f} s ({ours:.2f} s, {engine:.2f} s)",
        "at most 0.15 s",
        holds=ours - engine <= 0.15,
    )


def measure_client(vision: visionhelpers.VisionClient) -> None:
    """Compare a call of the client with plain requests, on the same image."""
    path = sample_path(CUP)

    def plain() -> object:
        return requests.post(
            vision.base_url + "describe",
            headers=vision.headers | {"Content-Type": "application/octet-stream"},
            params={"maxCandidates": 1, "language": "en"},
            data=path.read_bytes(),
            timeout=60,
        ).json()

    ours, theirs = in_turns(lambda: vision.describe(path), plain, rounds=11)
    report(
        "a call of the client against plain requests",
        f"{ours / theirs:.2f} ({ours * 1000:.1f} ms, {theirs * 1000:.1f} ms)",
        "at most 1.05",
        holds=ours / theirs <= 1.05,
    )


def measure_overhead(vision: visionhelpers.VisionClient) -> None:
    """Compare a request with the same engine called on the same bytes in this process."""
    picture = sample_path(HANDWRITING).read_bytes()
    service, engine = in_turns(
        lambda: vision.ocr(picture, detect_orientation=False),
        lambda: RapidOcrReader().read(np.asarray(load_image(picture)), detect_orientation=False),
        rounds=11,
    )
    extra = (service - engine) * 1000
    report(
        "ocr through the service against the engine",
        f"{service / engine:.2f}, {extra:+.0f} ms ({engine * 1000:.0f} ms)",
        "at most 1.05 or 10 ms",
        holds=service / engine <= 1.05 or extra <= 10,
    )


def measure_threads(vision: visionhelpers.VisionClient) -> None:
    """Compare 50 requests from 8 threads with 50 in a row."""
    picture = sample_path(PHOTOGRAPH).read_bytes()

    def ask(_: int) -> object:
        return vision.analyze(picture, features=("Faces", "Color", "ImageType"))

    def in_a_row() -> None:
        for number in range(50):
            ask(number)

    def from_threads() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(50)))

    row, threads = in_turns(in_a_row, from_threads, rounds=3)
    report(
        "50 requests from 8 threads against 50 in a row",
        f"{row / threads:.2f} times faster ({50 / threads:.0f} a second)",
        "",
    )


def measure_import() -> None:
    """Compare importing the package with importing what it cannot do without."""

    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    ours, theirs = in_turns(
        python("import visionhelpers"), python("import requests, PIL.Image"), rounds=11
    )
    report(
        "import visionhelpers against import requests, PIL.Image",
        f"{ours / theirs:.2f} ({ours:.2f} s, {theirs:.2f} s)",
        "at most 1.5",
        holds=ours / theirs <= 1.5,
    )


def measure_first_caption() -> None:
    """Time everything from an empty state folder to the first caption."""
    code = (
        "import visionhelpers as v; "
        f"v.connect().describe(v.sample_path({PHOTOGRAPH!r}))['description']['captions'][0]['text']"
    )
    with own_state():
        quiet = subprocess.DEVNULL
        took = seconds(
            lambda: subprocess.run([sys.executable, "-c", code], check=True, stdout=quiet)
        )
    report("from nothing to the first caption", f"{took:.1f} s", "")


def pictures() -> list[Path]:
    """Return every evaluation image, or the samples where there are none."""
    folder = EVALUATION if EVALUATION.is_dir() else Path(visionhelpers.__file__).parent / "samples"
    return sorted(p for p in folder.rglob("*") if p.suffix in (".jpg", ".png"))


def ask_everything(vision: visionhelpers.VisionClient, picture: Path | bytes) -> None:
    """Send one image through every operation, so that every model is loaded."""
    vision.analyze(picture, features=FEATURES, details=("Celebrities", "Landmarks"))
    vision.thumbnail(picture, width=100, height=100)
    vision.ocr(picture)
    vision.recognize_text(picture)


def ten_megapixels() -> bytes:
    """Return a JPEG of 3160 by 3160 pixels, the largest that OCR takes."""
    image = load_image(sample_path(PHOTOGRAPH)).resize((3160, 3160))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def measure_memory(vision: visionhelpers.VisionClient, folder: Path) -> None:
    """Measure the service's memory after many images, and after a large one."""
    files = pictures()
    for file in files:
        ask_everything(vision, file)
    time.sleep(1)  # the service releases memory after a response
    used = process(folder).memory_info().rss / 1e9
    report(f"memory after {len(files)} images", f"{used:.2f} GB", "under 0.9 GB", holds=used < 0.9)
    ask_everything(vision, ten_megapixels())
    time.sleep(1)
    used = process(folder).memory_info().rss / 1e9
    report("memory after 10 megapixels", f"{used:.2f} GB", "under 1.2 GB", holds=used < 1.2)


def main() -> None:
    """Print the table."""
    measure_import()
    measure_first_caption()
    with own_service() as folder:
        vision = visionhelpers.connect()
        measure_client(vision)
        measure_polling(vision)
        measure_overhead(vision)
        measure_threads(vision)
    with own_service() as folder:
        measure_memory(visionhelpers.connect(), folder)


if __name__ == "__main__":
    main()
