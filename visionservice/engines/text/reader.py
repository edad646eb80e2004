"""The text reader: words, lines and regions in reading order, printed or handwritten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..base import Line, OcrResult, Region, RGBImage, Word
from ..geometry import Polygon
from . import language, layout, rapidocr
from .deskew import DeskewedImage
from .orientation import (
    UPRIGHT_CONFIDENCE,
    find_rotation,
    mean_confidence,
    orientation_and_angle,
)
from .rapidocr import DENSE_LINES, LineResult

MAX_TILT = 15.0
"""Degrees. Lines that are tilted less are detected as well as level ones."""
MIN_COLUMN_GAP = 1.2
"""The least gap between the lines of two columns, in heights of a line."""


class RapidOcrReader:
    """Reads text with RapidOCR and identifies its language; all instances share the models."""

    name = "rapidocr"
    thread_safe = True

    def load(self) -> None:
        """Load the models; EngineUnavailable if their package is not installed."""
        rapidocr.load()

    def read(self, image: RGBImage, *, detect_orientation: bool = True) -> OcrResult:
        """Return the text of an image, with all corners in its coordinates.

        Args:
            image: Height x width x 3, uint8, RGB.
            detect_orientation: Whether to find the orientation; otherwise the image is upright.
        """
        page, quads, tilt = _deskewed(image)
        results = _recognize(page, quads)
        turns = find_rotation(page.image, quads, results) if detect_orientation else 0
        if turns:
            page = page.rotated(turns)
            quads = rapidocr.detect_lines(page.image)
            results = _recognize(page, quads)
        confident = mean_confidence(results)[1] >= UPRIGHT_CONFIDENCE
        in_table = confident and len(results) >= DENSE_LINES
        found = [
            (quad, part)
            for quad, result in zip(quads, results, strict=True)
            if _is_text(result, in_table)
            for part in _split_at_gaps(quad, result)
        ]
        if not found:
            return OcrResult((), (), "NotDetected", 0.0, language.UNKNOWN)
        outlines = np.array([layout.sub_quad(quad, _frame(line)) for quad, line in found])
        slope = layout.slope(outlines)
        lines = [_line(quad, line, page) for quad, line in found]
        groups = layout.group_into_regions(outlines, slope)
        regions = tuple(Region(tuple(lines[i] for i in group)) for group in groups)
        ordered = tuple(line for region in regions for line in region.lines)
        code = language.detect("\n".join(line.text for line in ordered))
        orientation, angle = orientation_and_angle(tilt + slope, turns)
        result = OcrResult(ordered, regions, orientation, angle, code)
        return replace(result, rows=_rows(result))


def _deskewed(image: RGBImage) -> tuple[DeskewedImage, layout.Quads, float]:
    """Return the image without its tilt, its lines, and the degrees of the tilt."""
    page = DeskewedImage.of(image)
    quads = rapidocr.detect_lines(image)
    tilt = layout.tilt(quads)
    if abs(tilt) < MAX_TILT:
        return page, quads, 0.0
    page = page.deskewed(tilt)
    return page, rapidocr.detect_lines(page.image), tilt


def _recognize(page: DeskewedImage, quads: layout.Quads) -> list[LineResult]:
    return rapidocr.recognize_lines([rapidocr.crop(page.image, quad) for quad in quads])


def _is_text(result: LineResult, in_table: bool) -> bool:
    """Return False for a texture; strings of few different letters need more confidence."""
    letters = len({letter for letter in result.text if letter.isalnum()})
    least = 0.6 if letters >= 6 or in_table else 0.9 if letters >= 3 else 0.97
    return letters > 0 and result.confidence >= least


def _split_at_gaps(quad: NDArray[np.float64], result: LineResult) -> list[LineResult]:
    """Split a line at wide gaps: the detector joins the lines of adjacent columns."""
    width, height = layout.sizes(quad[None])[0]
    parts = [[result.words[0]]]
    for word in result.words[1:]:
        if word.frame[0] - parts[-1][-1].frame[2] > MIN_COLUMN_GAP * height / width:
            parts.append([])
        parts[-1].append(word)
    if len(parts) == 1:
        return [result]
    lines = []
    for words in parts:
        lengths = [len(word.text) for word in words]
        confidence = float(np.average([word.confidence for word in words], weights=lengths))
        lines.append(LineResult(" ".join(word.text for word in words), confidence, tuple(words)))
    return lines


def _frame(line: LineResult) -> layout.Frame:
    """Return the frame around all words of a line."""
    lefts, tops, rights, bottoms = zip(*(word.frame for word in line.words), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _line(quad: NDArray[np.float64], line: LineResult, page: DeskewedImage) -> Line:
    """Return a line with its corners in the original image."""

    def polygon(frame: layout.Frame) -> Polygon:
        a, b, c, d = page.to_image(layout.sub_quad(quad, frame)).tolist()
        return tuple(a), tuple(b), tuple(c), tuple(d)

    words = tuple(Word(w.text, polygon(w.frame), w.confidence) for w in line.words)
    return Line(line.text, polygon(_frame(line)), words, line.confidence)


def _rows(result: OcrResult) -> tuple[Line, ...]:
    """Return the lines from top to bottom, those of one row from left to right."""
    quads = np.array([line.polygon for line in result.lines])
    rotated = layout.rotated(quads, -result.clockwise)
    return tuple(result.lines[i] for i in layout.by_rows(rotated))
