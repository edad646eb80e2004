"""How well places are named, and whether any is named that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import permutations

import numpy as np
from PIL import Image

from benchmarks.naming import false_names, named
from benchmarks.rows import Figures, Row
from benchmarks.truth import Known, Truth
from benchmarks.variants import Variant, middle, quarter_turns, tilted, upright
from visionhelpers import VisionClient
from visionhelpers.images import load_image
from visionservice.engines.landmarks import describe, inliers
from visionservice.gallery.gallery import MIN_INLIERS


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the rows about places, and the agreement that the threshold was chosen from."""

    def names(picture: bytes) -> set[str]:
        found = vision.landmarks(picture)["result"]["landmarks"]
        return {place["name"] for place in found}

    def place(known: Known) -> set[str]:
        return {known.landmark} if known.landmark else set()

    with _taught(vision, truth):
        if places := [known for known in truth.images if known.landmark]:
            yield from named("places", names, places, _variants, place)
        others = [*truth.images, *truth.probes, *truth.gallery]
        yield from false_names("places", names, others, place)
    yield _agreement(places, [known for known in others if known not in places])


def _variants(image: Image.Image) -> Iterator[Variant]:
    for kind in (upright, tilted, quarter_turns):
        yield from kind(image)
    yield middle(image)


def _agreement(places: Iterable[Known], others: Iterable[Known]) -> Figures:
    """Compare places with their own variants, and with every other image both ways."""
    fewest: dict[str, int] = {}
    sought = [(known, describe(np.asarray(known.image))) for known in places]
    for known, features in sought:
        for variant in _variants(known.image):
            count = inliers(describe(np.asarray(load_image(variant.data))), features)
            fewest[variant.name] = min(fewest.get(variant.name, count), count)
    unlike = [describe(np.asarray(known.image)) for known in others]
    false = [
        inliers(*pair)
        for _, place in sought
        for other in unlike
        for pair in permutations((place, other))
    ]
    lines = [(f"the same place, {name}, at least", str(count)) for name, count in fewest.items()]
    lines.append((f"{len(false)} pairs of others, at most", str(max(false, default=0))))
    title = f"Features that agree on a place; {MIN_INLIERS} name it"
    return Figures(title, ("pictures", "features"), lines)


@contextmanager
def _taught(vision: VisionClient, truth: Truth) -> Iterator[None]:
    """Teach the gallery a folder's places, and forget them afterwards."""
    for name, known in truth.places.items():
        vision.add_landmark(name, known.path)
    try:
        yield
    finally:
        for name in truth.places:
            vision.remove_landmark(name)
