"""A call of the client against what it replaces: plain requests, a loop that polls, the engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import requests

from benchmarks.performance.goals import at_least, at_most
from benchmarks.performance.timing import Service, in_turns
from benchmarks.rows import Row, say
from visionhelpers import VisionClient
from visionhelpers.images import load_image, sample_path
from visionservice.engines.registry import default

GROUP = "client"
HANDWRITING, PHOTOGRAPH, CUP = "handwriting.jpg", "chelsea_the_cat.jpg", "coffee_cup.jpg"
OCTETS = {"Content-Type": "application/octet-stream"}


def measure(service: Service) -> Iterator[Row]:
    """Give the rows about a call, polling, the service's overhead and threads."""
    for rows in (_call, _polling, _overhead, _threads):
        say(GROUP, rows.__name__.lstrip("_"))
        yield from rows(service.vision)


def _call(vision: VisionClient) -> Iterator[Row]:
    """Compare a call of the client with plain requests, on the same image."""
    path = sample_path(CUP)

    def plain() -> object:
        return requests.post(
            vision.base_url + "describe",
            headers=vision.headers | OCTETS,
            params={"maxCandidates": "1", "language": "en"},
            data=path.read_bytes(),
            timeout=60,
        ).json()

    ours, theirs = in_turns(lambda: vision.describe(path), plain, rounds=11)
    figure, other = (
        f"{ours / theirs:.2f} ({ours * 1000:.1f} ms)",
        f"{theirs * 1000:.1f} ms requests",
    )
    yield Row(GROUP, "a call of the client", figure, other, *at_most(ours / theirs, 1.05))


def _quickstart_loop(vision: VisionClient, image: bytes) -> None:
    """Read handwriting as the quickstart did: poll once a second until there is a result."""
    response = requests.post(
        vision.base_url + "RecognizeText",
        headers=vision.headers | OCTETS,
        params={"handwriting": "true"},
        data=image,
        timeout=60,
    )
    result: dict[str, object] = {}
    while "recognitionResult" not in result:
        location = response.headers["Operation-Location"]
        result = requests.get(location, headers=vision.headers, timeout=60).json()
        time.sleep(1)


def _polling(vision: VisionClient) -> Iterator[Row]:
    """Compare the client's polling with the quickstart's, and with the engine alone."""
    image = sample_path(HANDWRITING).read_bytes()
    array = np.asarray(load_image(image))
    ours, theirs, engine = in_turns(
        lambda: vision.recognize_text(image),
        lambda: _quickstart_loop(vision, image),
        lambda: default().text.read(array, detect_orientation=False),
    )
    times, other = theirs / ours, f"{theirs:.2f} s quickstart's loop"
    figure = f"{times:.1f} times faster ({ours:.2f} s)"
    yield Row(GROUP, "recognize_text", figure, other, *at_least(times, 2.5, " times"))
    extra, other = ours - engine, f"{engine:.2f} s engine alone"
    goal = at_most(extra, 0.15, " s")
    yield Row(GROUP, "recognize_text above the engine", f"{extra:+.3f} s", other, *goal)


def _overhead(vision: VisionClient) -> Iterator[Row]:
    """Compare a request with the same engine called on the same bytes in this process."""
    image = sample_path(HANDWRITING).read_bytes()
    service, engine = in_turns(
        lambda: vision.ocr(image, detect_orientation=False),
        lambda: default().text.read(np.asarray(load_image(image)), detect_orientation=False),
        rounds=11,
    )
    ratio, extra = service / engine, (service - engine) * 1000
    figure, other = f"{ratio:.2f}, {extra:+.0f} ms", f"{engine * 1000:.0f} ms engine alone"
    holds = ratio <= 1.05 or extra <= 10
    yield Row(GROUP, "ocr through the service", figure, other, "at most 1.05 or 10 ms", holds)


def _threads(vision: VisionClient) -> Iterator[Row]:
    """Compare 50 requests from 8 threads with 50 in a row."""
    image = sample_path(PHOTOGRAPH).read_bytes()

    def ask(_: int) -> object:
        return vision.analyze(image, features=("Faces", "Color", "ImageType"))

    def in_a_row() -> None:
        for number in range(50):
            ask(number)

    def from_threads() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(50)))

    row, threads = in_turns(in_a_row, from_threads, rounds=3)
    figure = f"{row / threads:.2f} times faster ({50 / threads:.0f} a second)"
    yield Row(GROUP, "50 requests from 8 threads", figure, f"{50 / row:.0f} a second in a row")
