"""How well faces are found, and people and places named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import mean
from typing import Any

from measures import Box, match_boxes
from PIL import Image
from rows import Row, say, share
from truth import Known, Truth
from variants import Variant, middle, mirrored, quarter_turns, tilted, unchanged, upright

from visionhelpers import VisionClient

Names = Callable[[bytes], set[str]]
"""Ask whom or what a picture shows."""
Expected = Callable[[Known], set[str]]
Variants = Callable[[Image.Image], Iterator[Variant]]
ENOUGH = 0.95


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about faces, people and places."""
    yield from faces(vision, truth)
    with taught(vision, truth):
        yield from _people(vision, truth)
        yield from _places(vision, truth)


@contextmanager
def taught(vision: VisionClient, truth: Truth) -> Iterator[None]:
    """Teach the gallery a folder's people and places, and forget them afterwards."""
    people = {known.path.parent.name for known in truth.gallery}
    places = truth.places
    for known in truth.gallery:
        vision.add_face(known.path.parent.name, known.path)
    for name, known in places.items():
        vision.add_landmark(name, known.path)
    try:
        yield
    finally:
        for name in people:
            vision.forget_face(name)
        for name in places:
            vision.forget_landmark(name)


def _found(vision: VisionClient, picture: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vision.analyze(picture, "Faces")["faces"]
    return found


def _box(face: dict[str, Any]) -> Box:
    rectangle = face["faceRectangle"]
    left, top = rectangle["left"], rectangle["top"]
    return left, top, left + rectangle["width"], top + rectangle["height"]


def faces(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about faces without names."""
    pictures = [known for known in truth.images if known.faces]
    if pictures:
        yield from _ages(vision, pictures)
        yield _overlaps(vision, pictures, "variants", _all_but_turns)
        yield _overlaps(vision, pictures, "quarter turns", quarter_turns)
    empty = [known for known in truth.having("faces") if not known.faces]
    if empty:
        say("people", "pictures without faces")
        number = sum(len(_found(vision, known.path.read_bytes())) for known in empty)
        yield Row(
            "people",
            f"faces on {len(empty)} pictures without",
            str(number),
            goal="0",
            holds=number == 0,
        )


def _ages(vision: VisionClient, pictures: Sequence[Known]) -> Iterator[Row]:
    """Compare boxes, genders and ages; a face that was not found has neither."""
    couples, every = [], 0
    for known in pictures:
        say("people", f"faces of {known.path.name}")
        found, every = _found(vision, known.path.read_bytes()), every + len(known.faces)
        matched = match_boxes([tuple(f["ltrb"]) for f in known.faces], [*map(_box, found)])
        couples += [(known.faces[i], found[j]) for i, j in matched]
    genders = [ours["gender"] == face["gender"] for face, ours in couples if "gender" in face]
    told = sum("gender" in face for known in pictures for face in known.faces)
    errors = [abs(ours["age"] - face["age"]) for face, ours in couples if "age" in face]
    yield Row(
        "people",
        "faces found, IoU at least 0.5",
        share(len(couples), every),
        goal="all",
        holds=len(couples) == every,
    )
    yield Row(
        "people", "genders right", share(sum(genders), told), goal="all", holds=sum(genders) == told
    )
    if errors:
        error = mean(errors)
        yield Row(
            "people", "mean age error", f"{error:.1f} years", goal="at most 6", holds=error <= 6
        )


def _all_but_turns(image: Image.Image) -> Iterator[Variant]:
    yield from upright(image)
    yield from tilted(image)
    yield mirrored(image)


def _overlaps(
    vision: VisionClient, pictures: Iterable[Known], which: str, variants: Variants
) -> Row:
    right, every = 0, 0
    for known in pictures:
        for variant in variants(known.image):
            say("people", f"faces of {known.path.name}, {variant.name}")
            truth = [variant.box(tuple(face["ltrb"])) for face in known.faces]
            right += len(match_boxes(truth, [*map(_box, _found(vision, variant.data))]))
            every += len(truth)
    return Row("people", f"faces found over {which}", share(right, every))


def _people(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    def names(picture: bytes) -> set[str]:
        answer = vision.celebrities(picture)["result"]["celebrities"]
        return {person["name"] for person in answer}

    probes = [*truth.probes, *(known for known in truth.images if known.names)]
    if probes:
        yield from _named("people", names, probes, _all_but_turns, lambda known: known.names)
        right, every, _ = _count("people", names, probes, quarter_turns, lambda known: known.names)
        yield Row("people", "named over the quarter turns", share(right, every))
    others = [*truth.strangers, *truth.images]
    yield from _false("people", names, others, lambda known: known.names)


def _places(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    def names(picture: bytes) -> set[str]:
        answer = vision.landmarks(picture)["result"]["landmarks"]
        return {place["name"] for place in answer}

    def variants(image: Image.Image) -> Iterator[Variant]:
        for kind in (upright, tilted, quarter_turns):
            yield from kind(image)
        yield middle(image)

    def place(known: Known) -> set[str]:
        return {known.landmark} if known.landmark else set()

    places = [known for known in truth.images if known.landmark]
    if places:
        yield from _named("places", names, places, variants, place)
    yield from _false("places", names, [*truth.images, *truth.probes, *truth.gallery], place)


def _count(
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


def _named(
    engine: str, names: Names, pictures: Iterable[Known], variants: Variants, expected: Expected
) -> Iterator[Row]:
    right, every, false = _count(engine, names, pictures, variants, expected)
    holds = right >= ENOUGH * every
    yield Row(engine, "named over variants", share(right, every), goal="at least 95%", holds=holds)
    yield Row(engine, "false names among those", str(false), goal="0", holds=false == 0)


def _false(
    engine: str, names: Names, pictures: Iterable[Known], expected: Expected
) -> Iterator[Row]:
    def all_but_tilted(image: Image.Image) -> Iterator[Variant]:
        yield unchanged(image)
        yield mirrored(image)

    others = list({known.path: known for known in pictures if not expected(known)}.values())
    _, _, false = _count(engine, names, others, all_but_tilted, expected)
    measure = f"false names on {len(others)} other pictures, mirrored too"
    yield Row(engine, measure, str(false), goal="0", holds=false == 0)
