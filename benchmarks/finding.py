"""How well faces are found, and their ages and genders told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import mean
from typing import Any

from benchmarks.measures import Box, match_boxes
from benchmarks.rows import Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import Variants, all_but_turns, quarter_turns
from visionhelpers import VisionClient


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about faces."""
    pictures = [known for known in truth.images if known.faces]
    if pictures:
        yield from _ages(vision, pictures)
        yield _overlaps(vision, pictures, "variants", all_but_turns)
        yield _overlaps(vision, pictures, "quarter turns", quarter_turns)
    empty = [known for known in truth.having("faces") if not known.faces]
    if empty:
        say("people", "images without faces")
        number = sum(len(_found(vision, known.path.read_bytes())) for known in empty)
        yield Row(
            "people",
            f"faces on {len(empty)} images without",
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


def _found(vision: VisionClient, picture: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vision.analyze(picture, features="Faces")["faces"]
    return found


def _box(face: dict[str, Any]) -> Box:
    rectangle = face["faceRectangle"]
    left, top = rectangle["left"], rectangle["top"]
    return left, top, left + rectangle["width"], top + rectangle["height"]
