"""What is measured: characters, lines, boxes, and where a thumbnail was cut."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from itertools import combinations, product

import cv2
import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels, from the image's top left."""


def distance(one: str, other: str) -> int:
    """Return how many characters must be changed, put in or left out (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, letter in enumerate(other, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (character != letter)),
            )
    return row[-1]


def pairs(cost: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Match rows with columns one to one, the cheapest pairs first; rows in their order."""
    rows: dict[int, int] = {}
    for row, column in sorted(cost, key=lambda pair: cost[pair]):
        if row not in rows and column not in rows.values():
            rows[row] = column
    return sorted(rows.items())


def match_lines(truth: Sequence[str], found: Sequence[str]) -> list[tuple[int, int]]:
    """Match lines one to one by their characters, whatever their order."""
    return pairs(
        {
            (i, j): distance(truth[i], found[j]) / max(len(truth[i]), len(found[j]), 1)
            for i, j in product(range(len(truth)), range(len(found)))
        }
    )


def character_errors(truth: Sequence[str], found: Sequence[str]) -> int:
    """Count wrong characters, those of lines lost and of lines too many among them."""
    matched = match_lines(truth, found)
    lost = set(range(len(truth))) - {i for i, _ in matched}
    extra = set(range(len(found))) - {j for _, j in matched}
    return (
        sum(distance(truth[i], found[j]) for i, j in matched)
        + sum(len(truth[i]) for i in lost)
        + sum(len(found[j]) for j in extra)
    )


def in_order(truth: Sequence[str], found: Sequence[str]) -> tuple[int, int]:
    """Count the pairs of matched lines that come in the truth's order, and all pairs."""
    places = [place for _, place in match_lines(truth, found)]
    kept = [first < second for first, second in combinations(places, 2)]
    return sum(kept), len(kept)


def area(box: Box) -> float:
    """Return the area of a box, 0 where it is empty."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(one: Box, other: Box) -> Box:
    """Return what two boxes have in common, which may be empty."""
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def iou(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over their union."""
    both = area(shared(one, other))
    return both / (area(one) + area(other) - both)


def match_boxes(truth: Sequence[Box], found: Sequence[Box]) -> list[tuple[int, int]]:
    """Match boxes one to one, those that overlap best first, by an IoU of 0.5 at least."""
    overlaps = {
        (i, j): -iou(truth[i], found[j]) for i, j in product(range(len(truth)), range(len(found)))
    }
    return pairs({pair: cost for pair, cost in overlaps.items() if cost <= -0.5})


def windows(picture: tuple[int, int], shape: tuple[int, int]) -> list[Box]:
    """Return every place of the largest window of a shape in an image, to the pixel."""
    scale = min(picture[0] / shape[0], picture[1] / shape[1])
    width, height = (
        min(round(side * scale), limit) for side, limit in zip(shape, picture, strict=True)
    )
    return [
        (left, top, left + width, top + height)
        for left in range(picture[0] - width + 1)
        for top in range(picture[1] - height + 1)
    ]


def find_cut(picture: Image.Image, thumbnail: Image.Image) -> Box:
    """Return the window, the largest of its shape, that looks most like a thumbnail of it."""
    scale = min(picture.width / thumbnail.width, picture.height / thumbnail.height)
    width, height = (
        max(round(side / scale), least)
        for side, least in zip(picture.size, thumbnail.size, strict=True)
    )
    small = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
    unlike = cv2.matchTemplate(small, np.asarray(thumbnail), cv2.TM_SQDIFF)
    top, left = np.unravel_index(int(unlike.argmin()), unlike.shape)
    edges = left, top, left + thumbnail.width, top + thumbnail.height
    box = [float(edge * scale) for edge in edges]
    return box[0], box[1], box[2], box[3]


def tesseract(picture: bytes, mode: int = 1) -> str | None:
    """Return what Tesseract prints, None where it is not installed.

    Args:
        picture: The bytes of a file.
        mode: Of page segmentation: 1 reads any page in any orientation, 0 only tells the latter.
    """
    command = shutil.which("tesseract")
    if command is None:
        return None
    arguments = [command, "stdin", "stdout", "--psm", str(mode)]
    return subprocess.run(arguments, input=picture, capture_output=True).stdout.decode()
