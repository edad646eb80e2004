"""Text, printed or handwritten: words, lines and regions in reading order, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from . import language, layout, reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .boxes import Polygon

Orientation = Literal["Up", "Down", "Left", "Right", "NotDetected"]

FACING: tuple[Orientation, ...] = ("Up", "Right", "Down", "Left")
"""Where the top of the text faces, by how many quarter turns to the left set it upright."""

CERTAIN = 0.88  # lines the right way up score 0.96 and more, upside down 0.5 to 0.8
SAMPLE = 6  # lines read to tell which way is up


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its corners in the picture's pixels, and a confidence from 0 to 1."""

    text: str
    polygon: Polygon
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its text is its words with a blank between each two."""

    text: str
    polygon: Polygon
    words: tuple[Word, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Region:
    """A column or paragraph: lines from top to bottom."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """All the text of a picture.

    Attributes:
        lines: In reading order.
        regions: The same lines, by column or paragraph, in reading order.
        orientation: Where the top of the text faces once the picture is turned by `angle`.
        angle: Degrees, above -45 and at most 45: turning the picture clockwise about its centre
            by this makes the text horizontal or vertical.
        language: A code of the API's list for OCR; "unk" without text.
    """

    lines: tuple[Line, ...]
    regions: tuple[Region, ...]
    orientation: Orientation
    angle: float
    language: str


def read(image: reader.Image, *, detect_orientation: bool = True) -> Text:
    """Read the text of a picture, as the API's OCR and RecognizeText do.

    Args:
        image: Height x width x 3, uint8, RGB.
        detect_orientation: Whether to find out which way is up; otherwise it is taken as it is.

    Returns:
        The text, with all corners in the coordinates of the picture as given: pixels, origin top
        left, x right, y down. A picture without text gives no lines and "NotDetected".
    """
    quads = reader.find(image)
    turns = _quarter_turns(image, quads) if detect_orientation else 0
    page = np.ascontiguousarray(np.rot90(image, turns))
    if turns:
        quads = reader.find(page)
    readings = reader.recognise([reader.crop(page, quad) for quad in quads])
    kept = [(q, r) for q, r in zip(quads, readings, strict=True) if _is_text(r)]
    if not kept:
        return Text((), (), "NotDetected", 0.0, language.UNKNOWN)
    slope = layout.slope(np.array([quad for quad, _ in kept]))
    groups = layout.regions(np.array([quad for quad, _ in kept]), slope)
    height, width = image.shape[:2]
    lines = [_line(q, r, turns, width, height) for q, r in kept]
    regions = tuple(Region(tuple(lines[i] for i in group)) for group in groups)
    ordered = tuple(line for region in regions for line in region.lines)
    code = language.detect("\n".join(line.text for line in ordered))
    return Text(ordered, regions, FACING[turns], -slope or 0.0, code)


def _is_text(reading: reader.Reading) -> bool:
    """Tell lettering from a texture: short strings need more certainty."""
    letters = sum(letter.isalnum() for letter in reading.text)
    if not letters:
        return False
    return reading.confidence >= (0.95 if letters < 3 else 0.9 if letters < 6 else 0.6)


def _quarter_turns(image: reader.Image, quads: reader.Quads) -> int:
    """Return how many quarter turns to the left set the page upright."""
    sizes = layout.sizes(quads)
    longest = np.argsort(-sizes.max(axis=1, initial=0))[:SAMPLE]
    strips = [reader.crop(image, quads[i]) for i in longest]
    upright, sideways = sizes.sum(axis=0)
    first = (0, 2, 1, 3) if upright >= sideways else (1, 3, 0, 2)
    scores: dict[int, float] = {}
    for turns in first:
        scores[turns] = _certainty(strips, turns)
        if scores[turns] >= CERTAIN:
            return turns
    return max(scores, key=lambda turns: scores[turns]) if len(strips) > 1 else 0


def _certainty(strips: Sequence[reader.Image], turns: int) -> float:
    """Return how sure the recogniser is of strips turned to the left, letter by letter."""
    readings = reader.recognise([np.ascontiguousarray(np.rot90(s, turns)) for s in strips])
    letters = sum(len(reading.text) for reading in readings)
    return sum(r.confidence * len(r.text) for r in readings) / letters if letters else 0.0


def _line(
    quad: NDArray[np.float64], reading: reader.Reading, turns: int, width: int, height: int
) -> Line:
    """Put a reading back where it stands in the picture as given."""

    def polygon(start: float, end: float) -> Polygon:
        top, bottom = quad[1] - quad[0], quad[2] - quad[3]
        corners = (
            quad[0] + start * top,
            quad[0] + end * top,
            quad[3] + end * bottom,
            quad[3] + start * bottom,
        )
        a, b, c, d = (_turned_back(float(x), float(y), turns, width, height) for x, y in corners)
        return a, b, c, d

    words = tuple(Word(p.text, polygon(p.start, p.end), p.confidence) for p in reading.pieces)
    return Line(reading.text, polygon(0, 1), words, reading.confidence)


def _turned_back(x: float, y: float, turns: int, width: int, height: int) -> tuple[float, float]:
    """Return where a point of the page turned to the left lay before, in width x height."""
    return ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turns]
