"""Text, printed or handwritten: words, lines and regions in reading order, and how they lie."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..base import Line, OcrResult, Orientation, Region, Word
from . import language, layout, rapidocr, word_boxes
from .deskew import DeskewedImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..geometry import Polygon


ORIENTATIONS: tuple[Orientation, ...] = ("Up", "Right", "Down", "Left")
"""Where the top of the text faces, by how many quarter turns to the left set it upright."""


CERTAIN = 0.88  # lines the right way up score 0.95 and more, upside down 0.5 to 0.8
LIKELY = 0.75  # the least that many letters must score to turn a page
SURE = 0.9  # the least that a few must
ENOUGH = 10  # letters are many
FEW = 3  # fewer letters never turn a page
DOUBT = 0.02  # how much better than the page as it is another way up must be
STEEP = 15.0  # degrees: lines that slope less are found as well as level ones
GUTTER = 1.2  # a gap of so many heights of a line is between two columns
SAMPLE = 6  # lines read to tell which way is up


def read(image: rapidocr.Image, *, detect_orientation: bool = True) -> OcrResult:
    """Read the text of a picture, as the API's OCR and RecognizeText do.

    Args:
        image: Height x width x 3, uint8, RGB.
        detect_orientation: Whether to find out which way is up; otherwise it is taken as it is.

    Returns:
        The text, with all corners in the coordinates of the picture as given: pixels, origin top
        left, x right, y down. A picture without text gives no lines and "NotDetected".

    Raises:
        Unavailable: The package with the models, or its runtime, is not installed.
    """
    page, quads, tilt = _straightened(image)
    readings = _readings(page, quads)
    turns = _find_rotation(page.image, quads, readings) if detect_orientation else 0
    if turns:
        page = page.turned(turns)
        quads = rapidocr.detect_lines(page.image)
        readings = _readings(page, quads)
    seen = [
        part
        for quad, reading in zip(quads, readings, strict=True)
        if _is_text(reading)
        for part in _columns(quad, reading)
    ]
    if not seen:
        return OcrResult((), (), "NotDetected", 0.0, language.UNKNOWN)
    outlines = np.array([layout.sub_quad(quad, _around(reading)) for quad, reading in seen])
    slope = layout.slope(outlines)
    groups = layout.group_into_regions(outlines, slope)
    lines = [_line(q, r, page) for q, r in seen]
    regions = tuple(Region(tuple(lines[i] for i in group)) for group in groups)
    ordered = tuple(line for region in regions for line in region.lines)
    code = language.detect("\n".join(line.text for line in ordered))
    orientation, angle = _orientation_and_angle(tilt + slope, turns)
    result = OcrResult(ordered, regions, orientation, angle, code)
    return replace(result, rows=_rows(result))


def _rows(result: OcrResult) -> tuple[Line, ...]:
    """Return the lines from top to bottom, those of one row from left to right."""
    quads = np.array([line.polygon for line in result.lines])
    turned = layout.rotated(quads, -result.clockwise)
    return tuple(result.lines[i] for i in layout.by_rows(turned))


def _straightened(image: rapidocr.Image) -> tuple[DeskewedImage, rapidocr.Quads, float]:
    """Return the page without its tilt, the lines found there, and how many degrees it was."""
    page = DeskewedImage.of(image)
    quads = rapidocr.detect_lines(image)
    tilt = layout.tilt(quads)
    if abs(tilt) < STEEP:
        return page, quads, 0.0
    page = page.straightened(tilt)
    return page, rapidocr.detect_lines(page.image), tilt


def _readings(page: DeskewedImage, quads: rapidocr.Quads) -> list[rapidocr.LineResult]:
    return rapidocr.recognize_lines([rapidocr.crop(page.image, quad) for quad in quads])


def _orientation_and_angle(slope: float, turns: int) -> tuple[Orientation, float]:
    """Return the orientation and the angle of lines that go down to the right by a slope."""
    quarters = ceil(slope / 90 - 0.5)
    return ORIENTATIONS[(turns + quarters) % 4], 90 * quarters - slope or 0.0


def _is_text(reading: rapidocr.LineResult) -> bool:
    """Tell lettering from a texture: strings of few different letters need more certainty."""
    letters = len({letter for letter in reading.text if letter.isalnum()})
    least = 0.97 if letters < FEW else 0.9 if letters < 6 else 0.6
    return letters > 0 and reading.confidence >= least


def _columns(
    quad: NDArray[np.float64], reading: rapidocr.LineResult
) -> Iterator[tuple[NDArray[np.float64], rapidocr.LineResult]]:
    """Part a line where a gap is too wide for one: the detector joins those of two columns."""
    width, height = layout.sizes(quad[None])[0]
    gutter = GUTTER * height / width
    pieces = [[reading.pieces[0]]]
    for piece in reading.pieces[1:]:
        if piece.frame[0] - pieces[-1][-1].frame[2] > gutter:
            pieces.append([])
        pieces[-1].append(piece)
    for some in pieces if len(pieces) > 1 else ():
        text = " ".join(piece.text for piece in some)
        letters = sum(len(piece.text) * piece.confidence for piece in some)
        yield quad, rapidocr.LineResult(text, letters / sum(len(p.text) for p in some), tuple(some))
    if len(pieces) == 1:
        yield quad, reading


def _find_rotation(
    page: rapidocr.Image, quads: rapidocr.Quads, readings: Sequence[rapidocr.LineResult]
) -> int:
    """Return how many quarter turns to the left set the page upright."""
    letters, certainty = _certainty(readings)
    if letters >= ENOUGH and certainty >= CERTAIN:
        return 0
    sizes = layout.sizes(quads)
    longest = np.argsort(-sizes.max(axis=1, initial=0))[:SAMPLE]
    strips = [rapidocr.crop(page, quads[i]) for i in longest]
    letters, certainty = _certainty([readings[i] for i in longest])
    best, turns = certainty + DOUBT if letters >= FEW else 0.0, 0
    across, down = sizes.sum(axis=0)
    for other in (2, 1, 3) if across >= down else (1, 3, 2):
        turned = [np.ascontiguousarray(np.rot90(strip, other)) for strip in strips]
        letters, certainty = _certainty(rapidocr.recognize_lines(turned))
        if letters >= FEW and certainty > max(best, LIKELY if letters >= ENOUGH else SURE):
            best, turns = certainty, other
        if letters >= ENOUGH and certainty >= CERTAIN:
            break
    return turns


def _certainty(readings: Sequence[rapidocr.LineResult]) -> tuple[int, float]:
    """Return how many letters were read, and how certainly on average."""
    letters = sum(len(reading.text) for reading in readings)
    total = sum(reading.confidence * len(reading.text) for reading in readings)
    return letters, total / letters if letters else 0.0


def _around(reading: rapidocr.LineResult) -> word_boxes.Frame:
    """Return the frame around all words of a line."""
    lefts, tops, rights, bottoms = zip(*(piece.frame for piece in reading.pieces), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _line(quad: NDArray[np.float64], reading: rapidocr.LineResult, page: DeskewedImage) -> Line:
    """Put a reading where it stands in the picture as given."""

    def polygon(frame: word_boxes.Frame) -> Polygon:
        corners = page.in_the_picture(layout.sub_quad(quad, frame)).tolist()
        a, b, c, d = ((x, y) for x, y in corners)
        return a, b, c, d

    words = tuple(Word(p.text, polygon(p.frame), p.confidence) for p in reading.pieces)
    return Line(reading.text, polygon(_around(reading)), words, reading.confidence)
