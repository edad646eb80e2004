"""The text reader: words, lines and regions in reading order, printed or handwritten."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..base import Line, OcrResult, Orientation, Region, RGBImage, Word
from ..geometry import Polygon, rotate
from . import language, layout, rapidocr
from .deskew import DeskewedImage
from .rapidocr import LineResult

MAX_TILT = 15.0
"""Degrees. Lines that are tilted less are detected as well as level ones."""
MIN_COLUMN_GAP = 1.2
"""The least gap between the lines of two columns, in heights of a line."""
ORIENTATIONS: tuple[Orientation, ...] = ("Up", "Right", "Down", "Left")
"""By the number of quarter turns counterclockwise that make the text upright."""
UPRIGHT_CONFIDENCE = 0.88
"""Upright lines have a mean of 0.95 and more, those upside down 0.5 to 0.8."""
MANY_LETTERS, FEW_LETTERS = 10, 3
"""The letters that measure a confidence well, and the least for which an image is rotated."""
MIN_MANY_LETTERS_CONFIDENCE, MIN_FEW_LETTERS_CONFIDENCE = 0.75, 0.9
"""The least confidence of a rotation, for `MANY_LETTERS` and for fewer."""
MIN_GAIN = 0.02
"""The least gain in confidence by which another rotation is better than none."""
SAMPLE_LINES = 6
"""The number of lines, the longest, that are recognized in each rotation."""


class RapidOcrReader:
    """Reads text with RapidOCR and identifies its language; all instances share the models."""

    name = "rapidocr"
    thread_safe = True

    def load(self) -> None:
        """Load the models; EngineUnavailable if their package is not installed."""
        rapidocr.load()

    def read(
        self,
        image: RGBImage,
        *,
        detect_orientation: bool = True,
        max_words: int | None = None,  # noqa: ARG002
    ) -> OcrResult:
        """Return the text; without `detect_orientation` the image counts as upright."""
        page, tilt = DeskewedImage(image), 0.0
        quads = rapidocr.detect_lines(image)
        degrees = layout.tilt(quads)
        if abs(degrees) >= MAX_TILT:
            page, tilt = page.deskewed(degrees), degrees
            quads = rapidocr.detect_lines(page.image)
        results = _recognize(page, quads)
        turns = _find_rotation(page.image, quads, results) if detect_orientation else 0
        if turns:
            page = page.rotated(turns)
            quads = rapidocr.detect_lines(page.image)
            results = _recognize(page, quads)
        confident = _mean_confidence(results)[1] >= UPRIGHT_CONFIDENCE
        in_table = confident and len(results) >= rapidocr.DENSE_LINES
        found = [
            (quad, part)
            for quad, result in zip(quads, results, strict=True)
            if _is_text(result, in_table)
            for part in _split_at_gaps(quad, result)
        ]
        if not found:
            return OcrResult((), (), "NotDetected", 0.0, language.UNKNOWN)
        outlines = np.array([layout.sub_quad(quad, line.frame) for quad, line in found])
        slope = layout.slope(outlines)
        lines = [_line(page, quad, line) for quad, line in found]
        groups = layout.group_into_regions(outlines, slope)
        ordered = tuple(lines[i] for group in groups for i in group)
        quarters = ceil((tilt + slope) / 90 - 0.5)
        return OcrResult(
            lines=ordered,
            regions=tuple(Region(tuple(lines[i] for i in group)) for group in groups),
            orientation=ORIENTATIONS[(turns + quarters) % 4],
            angle=90 * quarters - (tilt + slope) or 0.0,
            language=language.detect("\n".join(line.text for line in ordered)),
            rows=tuple(lines[i] for i in layout.by_rows(outlines, slope)),
        )


def _recognize(page: DeskewedImage, quads: layout.Quads) -> list[LineResult]:
    return rapidocr.recognize_lines([rapidocr.crop(page.image, quad) for quad in quads])


def _find_rotation(image: RGBImage, quads: layout.Quads, lines: Sequence[LineResult]) -> int:
    """Return how many quarter turns counterclockwise make the lines of an image upright."""
    letters, confidence = _mean_confidence(lines)
    if letters >= MANY_LETTERS and confidence >= UPRIGHT_CONFIDENCE:
        return 0
    sizes = layout.sizes(quads)
    longest = np.argsort(-sizes.max(axis=1))[:SAMPLE_LINES]
    strips = [rapidocr.crop(image, quads[i]) for i in longest]
    letters, confidence = _mean_confidence([lines[i] for i in longest])
    best, turns = confidence + MIN_GAIN if letters >= FEW_LETTERS else 0.0, 0
    across, down = sizes.sum(axis=0)
    for other in (2, 1, 3) if across >= down else (1, 3, 2):
        rotated = [rotate(strip, -other) for strip in strips]
        letters, confidence = _mean_confidence(rapidocr.recognize_lines(rotated))
        many = letters >= MANY_LETTERS
        least = MIN_MANY_LETTERS_CONFIDENCE if many else MIN_FEW_LETTERS_CONFIDENCE
        if letters >= FEW_LETTERS and confidence > max(best, least):
            best, turns = confidence, other
        if many and confidence >= UPRIGHT_CONFIDENCE:
            break
    return turns


def _mean_confidence(lines: Sequence[LineResult]) -> tuple[int, float]:
    """Return the number of letters of lines and their mean confidence."""
    letters = sum(len(line.text) for line in lines)
    total = sum(line.confidence * len(line.text) for line in lines)
    return letters, total / letters if letters else 0.0


def _is_text(result: LineResult, in_table: bool) -> bool:
    """Return False for a texture; strings of few different letters need more confidence."""
    letters = len({letter for letter in result.text if letter.isalnum()})
    least = 0.6 if letters >= 6 or in_table else 0.9 if letters >= 3 else 0.97
    return letters > 0 and result.confidence >= least


def _split_at_gaps(quad: NDArray[np.float64], result: LineResult) -> list[LineResult]:
    """Split a line at wide gaps: the detector joins the lines of adjacent columns."""
    width, height = layout.sizes(quad[None])[0]
    gaps = [right.frame[0] - left.frame[2] for left, right in pairwise(result.words)]
    cuts = [i for i, gap in enumerate(gaps, 1) if gap > MIN_COLUMN_GAP * height / width]
    if not cuts:
        return [result]
    lines = []
    for start, end in pairwise([0, *cuts, len(result.words)]):
        words = result.words[start:end]
        lengths = [len(word.text) for word in words]
        confidence = np.average([word.confidence for word in words], weights=lengths)
        lines.append(LineResult(words, float(confidence)))
    return lines


def _line(page: DeskewedImage, quad: NDArray[np.float64], line: LineResult) -> Line:
    """Return a line with its corners in the original image."""

    def polygon(frame: layout.Frame) -> Polygon:
        a, b, c, d = page.to_original(layout.sub_quad(quad, frame)).tolist()
        return tuple(a), tuple(b), tuple(c), tuple(d)

    words = tuple(Word(w.text, polygon(w.frame), w.confidence) for w in line.words)
    return Line(line.text, polygon(line.frame), words, line.confidence)
