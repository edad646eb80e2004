"""CPU time of an image: each operation over the same files, with stock RapidOCR as 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.performance.goals import at_most
from benchmarks.performance.images import files
from benchmarks.performance.stock_rapidocr import stock_rapidocr
from benchmarks.performance.timing import Service
from benchmarks.rows import NONE, Row, say
from visionhelpers import VisionClient

ROUNDS = 3
FEATURES = ("Categories", "Tags", "Description", "Faces", "ImageType", "Color", "Adult")
OPERATIONS: dict[str, tuple[Callable[[VisionClient, Path], object], float]] = {
    "describe": (lambda vision, image: vision.describe(image), 0.40),
    "tag": (lambda vision, image: vision.tag(image), 0.40),
    "analyze, 7 features": (lambda vision, image: vision.analyze(image, features=FEATURES), 0.50),
    "ocr": (lambda vision, image: vision.ocr(image), 0.45),
    "smart thumbnail": (lambda vision, image: vision.thumbnail(image, width=100, height=100), 0.10),
}
"""Calls of the client, and what each may cost."""


def measure(service: Service) -> Iterator[Row]:
    """Give a row for each operation: its CPU time of an image, divided by stock RapidOCR's."""
    images = files()
    with stock_rapidocr(images) as stock:
        costs: dict[str, list[float]] = {name: [] for name in OPERATIONS}
        stocks: list[float] = []
        for number in range(ROUNDS + 1):
            say("cost", f"round {number} of {ROUNDS} over {len(images)} images")
            stocks.append(stock.cpu() if stock else 0.0)
            for name, (ask, _) in OPERATIONS.items():
                begun = service.cpu()
                for image in images:
                    ask(service.vision, image)
                costs[name].append((service.cpu() - begun) / len(images))
    theirs = median(stocks[1:])  # the first round warms up
    for name, (_, limit) in OPERATIONS.items():
        ours, measure = median(costs[name][1:]), f"{name}: CPU of {len(images)} images"
        if theirs:
            figure = f"{ours / theirs:.2f} ({ours * 1000:.0f} ms an image)"
            other = f"1 ({theirs * 1000:.0f} ms) stock RapidOCR"
            yield Row("cost", measure, figure, other, *at_most(ours / theirs, limit))
        else:
            yield Row("cost", measure, f"{ours * 1000:.0f} ms an image", "not installed", NONE)
