"""The memory of the service: after everything, and while the largest page is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.performance.cost import FEATURES
from benchmarks.performance.goals import at_most
from benchmarks.performance.images import files, large_page, large_photograph
from benchmarks.performance.timing import Service
from benchmarks.resident_memory import ResidentMemory
from benchmarks.rows import NONE, Row, say
from visionhelpers.images import ImageInput

PAUSE = 2.0
"""Seconds after a request in which the service gives memory back to the system."""


def measure(service: Service) -> Iterator[Row]:
    """Give the memory after every image and every group so far, and the peaks of large images."""
    images = files()
    say("memory", f"{len(images)} images through every operation")
    for image in images:
        _send_everywhere(service, image)
    yield _after(service, f"after {len(images)} images and the groups above")
    say("memory", "a page of 10 megapixels")
    with ResidentMemory(service.process.pid) as memory:
        service.vision.ocr(large_page())
        service.vision.recognize_text(large_page())
    used = memory.peak / 1e6
    goal = at_most(used, 1100, " MB")
    yield Row("memory", "peak, a page of 10 megapixels is read", f"{used:.0f} MB", "-", *goal)
    say("memory", "a photograph of 10 megapixels")
    with ResidentMemory(service.process.pid) as memory:
        _send_everywhere(service, large_photograph())
    used = memory.peak / 1e6
    yield Row("memory", "peak, a photograph of 10 megapixels", f"{used:.0f} MB")
    yield replace(_after(service, "after both"), goal=NONE, holds=None)


def _send_everywhere(service: Service, image: ImageInput) -> None:
    """Send one image through every operation, so that every model is loaded."""
    vision = service.vision
    vision.analyze(image, features=FEATURES, details=("Celebrities", "Landmarks"))
    vision.thumbnail(image, width=100, height=100)
    vision.ocr(image)
    vision.recognize_text(image)


def _after(service: Service, what: str) -> Row:
    time.sleep(PAUSE)
    used = service.process.memory_info().rss / 1e6
    return Row("memory", what, f"{used:.0f} MB", "-", *at_most(used, 700, " MB"))
