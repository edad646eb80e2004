"""How well people are named, and whether anybody is named who is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from benchmarks.rows import Figures, Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import Variant, Variants, all_but_turns, mirrored, quarter_turns, unchanged
from visionhelpers import VisionClient
from visionservice.engines.registry import default
from visionservice.gallery.gallery import MAX_FACE_DISTANCE

Names = Callable[[bytes], set[str]]
"""Ask whom or what an image shows."""
Expected = Callable[[Known], set[str]]
ENOUGH = 0.95


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the rows about people."""

    def names(picture: bytes) -> set[str]:
        found = vision.celebrities(picture)["result"]["celebrities"]
        return {person["name"] for person in found}

    def who(known: Known) -> set[str]:
        return known.names

    probes = [*truth.probes, *(known for known in truth.images if known.names)]
    with _taught(vision, truth):
        if probes:
            yield from named("people", names, probes, all_but_turns, who)
            right, every, _ = count("people", names, probes, quarter_turns, who)
            yield Row("people", "named over the quarter turns", share(right, every))
        yield from false_names("people", names, [*truth.strangers, *truth.images], who)
    if truth.gallery:
        yield distances(truth)


def distances(truth: Truth) -> Figures:
    """Measure how far faces are from the gallery's, by the engine itself: the API tells no number.

    A probe of one person is compared with each gallery image: the same person over the variants
    but the turns, somebody else as it is. Every face of the strangers is somebody else.
    """
    known = [(each.names, numbers) for each in truth.gallery for numbers in _embedded(each.image)]
    same, others = [], []
    for probe in [*(probe for probe in truth.probes if len(probe.names) == 1), *truth.strangers]:
        for variant in all_but_turns(probe.image) if probe.names else [unchanged(probe.image)]:
            say("people", f"distances of {probe.path.name}, {variant.name}")
            for numbers in _embedded(variant.image):
                for names, theirs in known:
                    apart = float(np.linalg.norm(numbers - theirs))
                    (same if names & probe.names else others).append(apart)
    lines = [
        (whose, str(len(some)), *(f"{np.percentile(some, share):.2f}" for share in (0, 5, 95, 100)))
        for whose, some in (("the same person", same), ("somebody else", others))
        if some
    ]
    head = ("compared with", "faces", "smallest", "5 %", "95 %", "largest")
    return Figures(
        f"Distances of faces; up to {MAX_FACE_DISTANCE} they are one person's", head, lines
    )


def _embedded(image: Image.Image) -> list[np.ndarray]:
    engines, pixels = default(), np.asarray(image)
    return [engines.embeddings.embed(pixels, face) for face in engines.faces.detect(pixels)]


@contextmanager
def _taught(vision: VisionClient, truth: Truth) -> Iterator[None]:
    """Teach the gallery a folder's people, and forget them afterwards."""
    for known in truth.gallery:
        vision.add_face(known.path.parent.name, known.path)
    try:
        yield
    finally:
        for name in {known.path.parent.name for known in truth.gallery}:
            vision.remove_face(name)


def count(
    engine: str, names: Names, pictures: Iterable[Known], variants: Variants, expected: Expected
) -> tuple[int, int, int]:
    """Return how many names are right, how many there are, and how many are false."""
    right, every, false = 0, 0, 0
    for known in pictures:
        for variant in variants(known.image):
            say(engine, f"names on {known.path.name}, {variant.name}")
            found, truth = names(variant.data), expected(known)
            right, every = right + len(found & truth), every + len(truth)
            false += len(found - truth)
    return right, every, false


def named(
    engine: str, names: Names, pictures: Iterable[Known], variants: Variants, expected: Expected
) -> Iterator[Row]:
    """Give the rows about images of whom or what the gallery knows."""
    right, every, false = count(engine, names, pictures, variants, expected)
    holds = right >= ENOUGH * every
    yield Row(engine, "named over variants", share(right, every), goal="at least 95%", holds=holds)
    yield Row(engine, "false names among those", str(false), goal="0", holds=false == 0)


def false_names(
    engine: str, names: Names, pictures: Iterable[Known], expected: Expected
) -> Iterator[Row]:
    """Give the row about images of nothing that the gallery knows."""

    def all_but_tilted(image: Image.Image) -> Iterator[Variant]:
        yield unchanged(image)
        yield mirrored(image)

    others = list({known.path: known for known in pictures if not expected(known)}.values())
    _, _, false = count(engine, names, others, all_but_tilted, expected)
    measure = f"false names on {len(others)} other images, mirrored too"
    yield Row(engine, measure, str(false), goal="0", holds=false == 0)
