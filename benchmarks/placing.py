"""How well places are named, and whether any is named that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from naming import false_names, named
from PIL import Image
from rows import Row
from truth import Known, Truth
from variants import Variant, middle, quarter_turns, tilted, upright

from visionhelpers import VisionClient


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about places."""

    def names(picture: bytes) -> set[str]:
        answer = vision.landmarks(picture)["result"]["landmarks"]
        return {place["name"] for place in answer}

    def variants(image: Image.Image) -> Iterator[Variant]:
        for kind in (upright, tilted, quarter_turns):
            yield from kind(image)
        yield middle(image)

    def place(known: Known) -> set[str]:
        return {known.landmark} if known.landmark else set()

    with _taught(vision, truth):
        if places := [known for known in truth.images if known.landmark]:
            yield from named("places", names, places, variants, place)
        others = [*truth.images, *truth.probes, *truth.gallery]
        yield from false_names("places", names, others, place)


@contextmanager
def _taught(vision: VisionClient, truth: Truth) -> Iterator[None]:
    """Teach the gallery a folder's places, and forget them afterwards."""
    for name, known in truth.places.items():
        vision.add_landmark(name, known.path)
    try:
        yield
    finally:
        for name in truth.places:
            vision.forget_landmark(name)
