"""Reading against Tesseract: seconds of a page, and wrong characters over the variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from benchmarks import reading
from benchmarks.measures import tesseract
from benchmarks.performance.goals import at_most
from benchmarks.performance.images import PAGES, files, jpeg, page
from benchmarks.performance.timing import Service, in_turns
from benchmarks.rows import Row, say
from benchmarks.truth import ours as known_images

DEFAULT_MODE = 3
"""The page segmentation that Tesseract uses if it is not told another."""


def measure(service: Service) -> Iterator[Row]:
    """Give the rows about time and errors."""
    if tesseract(jpeg(page(1).image)) is None:
        yield Row("tesseract", "seconds and errors", reading.MISSING)
        return
    yield from _seconds(service)
    readings = reading.readings(service.vision, known_images())
    if not readings:
        yield Row("tesseract", "characters wrong", "no ../shared/eval with known text")
        return
    row = reading.errors(f"characters wrong, {len(readings)} variants", readings)
    yield replace(row, engine="tesseract")


def _seconds(service: Service) -> Iterator[Row]:
    pages = {path.name: path.read_bytes() for path in files() if path.name in PAGES}
    pages["a drawn page of 20 lines"] = jpeg(page(20).image)
    ratios = []
    for name, data in pages.items():
        say("tesseract", f"seconds of {name}")
        ours, theirs = in_turns(
            lambda: service.vision.ocr(data),  # noqa: B023  called at once
            lambda: tesseract(data, DEFAULT_MODE),  # noqa: B023
        )
        ratios.append(ours / theirs)
        yield Row(
            "tesseract", f"ocr, {name}", f"{ours / theirs:.2f} ({ours:.2f} s)", f"{theirs:.2f} s"
        )
    figure, measure = f"{median(ratios):.2f}", f"ocr, median of {len(ratios)} pages: seconds"
    yield Row("tesseract", measure, figure, "1 Tesseract", *at_most(median(ratios), 0.8))
