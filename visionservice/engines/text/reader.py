"""The text reader: words, lines and regions in reading order, printed or handwritten."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import Line, OcrResult, Orientation, RGBImage, Word
from ..geometry import Polygon, rotate
from . import detection, language, layout, recognition
from .detection import detect_lines
from .recognition import LineResult, crop, recognize_lines

MAX_TILT = 15.0  # degrees; lines that are tilted less are detected as well as level ones
MIN_COLUMN_GAP = 1.2  # between the lines of two columns, in heights of a line
ORIENTATIONS: tuple[Orientation, ...] = ("Up", "Right", "Down", "Left")
"""By the number of quarter turns counterclockwise that make the text upright."""
UPRIGHT_CONFIDENCE = 0.88  # the mean of upright lines is 0.95, of those upside down 0.5 to 0.8
MANY_LETTERS, FEW_LETTERS = 10, 3  # that measure a confidence well; that may rotate an image
MIN_MANY_LETTERS_CONFIDENCE, MIN_FEW_LETTERS_CONFIDENCE = 0.75, 0.9  # of a rotation
MIN_GAIN = 0.02  # in confidence, by which another rotation is better than none
SAMPLE_LINES = 6  # the longest lines, which are recognized in each rotation
MIN_LINE_RATIO = 2.0  # of the sides of lines that are read along the longer one only
DENSE_LINES = 100  # of a large table
MIN_COVERAGE, MAX_QUICK_LINES = 0.02, 8
"""Where a part of the text is enough: the share of the image that lines cover whose orientation is
detected, and the lines that are recognized."""


@dataclass(frozen=True, slots=True)
class DeskewedImage:
    """An image rotated about its center, and large enough to contain all of the original.

    `inverse` is the 3 x 3 matrix from points of the image to points of the original.
    """

    image: RGBImage
    inverse: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def rotated(self, quarters: int) -> "DeskewedImage":
        """Return the image rotated counterclockwise by quarter turns, which is lossless."""
        image, inverse = self.image, self.inverse
        for _ in range(quarters % 4):
            inverse = inverse @ np.array([(0, -1, image.shape[1]), (1, 0, 0), (0, 0, 1)])
            image = np.rot90(image)
        return DeskewedImage(np.ascontiguousarray(image), inverse)

    def deskewed(self, degrees: float) -> "DeskewedImage":
        """Return the image rotated counterclockwise; the color of its edges fills the corners."""
        height, width = self.image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        size = np.ceil(np.abs(matrix[:, :2]) @ (width, height)).astype(int)
        matrix[:, 2] += (size - (width, height)) / 2
        pixels = matrix.copy()  # cv2 counts from the center of a pixel, this module from its edge
        pixels[:, 2] = matrix @ (0.5, 0.5, 1.0) - 0.5
        edges = self.image[0], self.image[-1], self.image[:, 0], self.image[:, -1]
        color = np.median(np.concatenate(edges), axis=0).tolist()
        image = cv2.warpAffine(
            self.image, pixels, size.tolist(), flags=cv2.INTER_CUBIC, borderValue=color
        )
        inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
        return DeskewedImage(np.asarray(image, np.uint8), self.inverse @ inverse)

    def to_original(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points, N x 2, in the coordinates of the original image."""
        return np.asarray(points @ self.inverse[:2, :2].T + self.inverse[:2, 2], np.float64)


class RapidOcrReader:
    """Reads text with RapidOCR and identifies its language; all instances share the models."""

    name = "rapidocr"
    thread_safe = True

    def load(self) -> None:
        """Load the models; EngineUnavailable if their package is not installed."""
        detection.network().load(1, 3, *detection.QUICK_SHAPES[0])
        recognition.network().load(1, 3, recognition.LINE_HEIGHT, recognition.MIN_LINE_WIDTH)

    def read(
        self, image: RGBImage, *, detect_orientation: bool = True, max_words: int | None = None
    ) -> OcrResult:
        """Return the text; without `detect_orientation` the image counts as upright.

        With `max_words` the detector runs on a smaller image, the first lines are recognized up to
        this number of words, and the language is not identified. The orientation is detected only
        if the lines cover `MIN_COVERAGE` of the image.
        """
        quick, page, tilt = max_words is not None, DeskewedImage(image), 0.0
        quads = detect_lines(image, quick=quick)
        if quick:
            quads = quads[~_fills(image, quads)]
        if quick and layout.sizes(quads).prod(axis=1).sum() < MIN_COVERAGE * image[..., 0].size:
            detect_orientation = False
        degrees = layout.tilt(quads) if detect_orientation or not quick else 0.0
        if abs(degrees) >= MAX_TILT:
            page, tilt = page.deskewed(degrees), degrees
            quads = detect_lines(page.image, quick=quick)
        lines = _PageLines(page.image, quads, quick)
        turns = _find_rotation(lines, lines.first(max_words)) if detect_orientation else 0
        if turns:
            page = page.rotated(turns)
            lines = _PageLines(page.image, detect_lines(page.image, quick=quick), quick)
        chosen = list(range(len(lines.quads))) if max_words is None else lines.first(max_words)
        results = lines.recognize(chosen)
        in_table = lines.dense and _mean_confidence(results)[1] >= UPRIGHT_CONFIDENCE
        is_text = [_is_text(result, in_table) for result in results]
        kept = [result for result, keep in zip(results, is_text, strict=True) if keep]
        pairs = zip(lines.quads[chosen][is_text], kept, strict=True)
        found = [(quad, part) for quad, result in pairs for part in _split_at_gaps(quad, result)]
        if not found:
            return OcrResult((), (), "NotDetected", 0.0, language.UNKNOWN)
        outlines = np.array([layout.sub_quad(quad, line.frame) for quad, line in found])
        # Where not all is recognized, the other lines are as tight as those that are.
        areas = layout.sizes(lines.quads).prod(axis=1)
        read, text = areas[chosen].sum(), areas[chosen][is_text].sum()
        covered = layout.sizes(outlines).prod(axis=1).sum() / text * (areas.sum() - read + text)
        slope = layout.slope(outlines)
        texts = [_line(page, quad, line) for quad, line in found]
        groups = layout.group_into_regions(outlines, slope)
        ordered = tuple(texts[i] for group in groups for i in group)
        quarters = ceil((tilt + slope) / 90 - 0.5)
        return OcrResult(
            lines=ordered,
            regions=tuple(tuple(texts[i] for i in group) for group in groups),
            orientation=ORIENTATIONS[(turns + quarters) % 4],
            angle=90 * quarters - (tilt + slope) or 0.0,
            language=language.detect("" if quick else "\n".join(line.text for line in ordered)),
            rows=tuple(texts[i] for i in layout.by_rows(outlines, slope)),
            coverage=min(1.0, float(covered) / image[..., 0].size),
        )


class _PageLines:
    """The detected lines of an image, each cropped and recognized once."""

    def __init__(self, image: RGBImage, quads: layout.Quads, quick: bool) -> None:
        self.quads = quads
        self.dense = len(quads) >= DENSE_LINES
        narrow = self.dense or quick
        self.min_width = recognition.MIN_DENSE_LINE_WIDTH if narrow else recognition.MIN_LINE_WIDTH
        self._image, self._fills = image, _fills(image, quads)
        self._results: dict[int, LineResult] = {}

    def crop(self, indices: Sequence[int]) -> list[RGBImage]:
        """Return the image of each line."""
        return [crop(self._image, self.quads[i]) for i in indices]

    def recognize(self, indices: Sequence[int]) -> list[LineResult]:
        """Return the text of lines."""
        new = [i for i in indices if i not in self._results]
        self._results.update(zip(new, recognize_lines(self.crop(new), self.min_width), strict=True))
        return [self._results[i] for i in indices]

    def first(self, max_words: int | None) -> list[int]:
        """Return the first lines with this number of words, or the longest lines of all."""
        if max_words is None:
            longest = np.argsort(-layout.sizes(self.quads).max(axis=1))
            return [int(i) for i in longest if not self._fills[i]][:SAMPLE_LINES]
        indices: list[int] = []
        groups = layout.group_into_regions(self.quads, layout.slope(self.quads))
        for i in [i for group in groups for i in group][:MAX_QUICK_LINES]:
            if sum(len(line.words) for line in self.recognize(indices)) >= max_words:
                break
            indices.append(i)
        return indices


def _fills(image: RGBImage, quads: layout.Quads) -> NDArray[np.bool_]:
    """Return which lines fill an image as one letter would: most are a face or a thing."""
    width, height = layout.sizes(quads).T
    large = width * height > 0.5 * image[..., 0].size
    return np.asarray(large & (width < MIN_LINE_RATIO * height), np.bool_)


def _find_rotation(lines: _PageLines, sample: Sequence[int]) -> int:
    """Return how many quarter turns counterclockwise make the lines of an image upright."""
    letters, confidence = _mean_confidence(lines.recognize(sample))
    if not sample or (letters >= MANY_LETTERS and confidence >= UPRIGHT_CONFIDENCE):
        return 0
    best, turns = confidence + MIN_GAIN if letters >= FEW_LETTERS else 0.0, 0
    strips = lines.crop(sample)
    across, down = layout.sizes(lines.quads).sum(axis=0)
    likely, others = ((2,), (1, 3)) if across >= down else ((1, 3), (2,))
    long = max(across, down) >= MIN_LINE_RATIO * min(across, down)
    for other in likely if long else likely + others:
        rotated = [rotate(strip, -other) for strip in strips]
        letters, confidence = _mean_confidence(recognize_lines(rotated, lines.min_width))
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
