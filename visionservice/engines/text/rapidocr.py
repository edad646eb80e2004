"""RapidOCR's two networks (PP-OCRv6): one detects lines of text, the other recognizes them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from ..runtime import cpu_count, import_package
from .layout import Frame, Quads, clockwise_from_top_left
from .word_boxes import word_boxes

MIN_SHORT_SIDE = 736
"""Pixels. The detector misses small letters in images smaller than its training images."""
MAX_DETECTOR_PIXELS = 1_600_000
"""The detector's memory and time: 0.3 GB and 0.3 seconds per million."""
LINE_HEIGHT, MIN_LINE_WIDTH = 48, 320
"""The size in pixels of the recognizer's input, as it was trained; long lines are wider."""
DENSE_LINES, MIN_DENSE_LINE_WIDTH = 100, 96
"""From this number of lines on, short lines are padded less: 480 cells of a table then take a third
of the time, and as many are right."""

_detecting = Lock()
"""RapidOCR changes its own state while it detects; recognizing needs no lock."""


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A word, its frame in the line, and its confidence from 0 to 1."""

    text: str
    frame: Frame
    confidence: float


@dataclass(frozen=True, slots=True)
class LineResult:
    """The words of a line, with a confidence from 0 to 1; no words if it cannot be read."""

    words: tuple[WordSpan, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def frame(self) -> Frame:
        """The frame around all words."""
        lefts, tops, rights, bottoms = zip(*(word.frame for word in self.words), strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


def load() -> None:
    """Load the networks; EngineUnavailable if their package is not installed."""
    with _detecting:
        _model()


def detect_lines(image: RGBImage) -> Quads:
    """Return the lines of text of an image, in its pixels."""
    height, width = image.shape[:2]
    enlarged = max(1.0, MIN_SHORT_SIDE / min(height, width))
    scale = min(enlarged, (MAX_DETECTOR_PIXELS / (height * width)) ** 0.5)
    size = max(32, round(width * scale)), max(32, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.cvtColor(cv2.resize(image, size, interpolation=method), cv2.COLOR_RGB2BGR)
    with _detecting:
        boxes = _model()(scaled, use_det=True, use_rec=False).boxes
    if boxes is None:
        return np.empty((0, 4, 2))
    quads = np.asarray(boxes, np.float64) * (width / size[0], height / size[1])
    return clockwise_from_top_left(quads)


def crop(image: RGBImage, quad: NDArray[np.float64]) -> RGBImage:
    """Return the part of an image inside four corners, as a rectangle."""
    above, right, below, left = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    width, height = max(1, round(max(above, below))), max(1, round(max(left, right)))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    flat = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def recognize_lines(strips: Sequence[RGBImage]) -> list[LineResult]:
    """Return the text of the cropped images of lines, in the same order."""
    if not strips:
        return []
    recognizer = copy(_model().text_rec)
    width = MIN_DENSE_LINE_WIDTH if len(strips) >= DENSE_LINES else MIN_LINE_WIDTH
    recognizer.rec_image_shape = [3, LINE_HEIGHT, width]
    images = [_recognizer_input(strip) for strip in strips]
    request = import_package("rapidocr").ch_ppocr_rec.TextRecInput(images, return_word_box=True)
    result = recognizer(request)
    rows = zip(strips, result.txts, result.scores, result.word_results, strict=True)
    return [_line_result(*row) for row in rows]


def _recognizer_input(strip: RGBImage) -> Any:
    """Return a strip in BGR, scaled down smoothly to the recognizer's height if it is taller."""
    height, width = strip.shape[:2]
    if height > LINE_HEIGHT:
        size = max(1, round(width * LINE_HEIGHT / height)), LINE_HEIGHT
        strip = np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.cvtColor(strip, cv2.COLOR_RGB2BGR)


def _line_result(strip: RGBImage, text: str, score: float, info: Any) -> LineResult:
    """Split a line at its spaces; `info` has the column of the network for each letter."""
    words = text.split()
    if not words:
        return LineResult((), 0.0)
    columns = [column for part in info.word_cols for column in part]
    letters = [c for c, letter in zip(info.confs, text, strict=True) if not letter.isspace()]
    ends = np.cumsum([len(word) for word in words])[:-1]
    centers = np.split((np.array(columns) + 0.5) / info.line_txt_len, ends)
    frames = word_boxes(strip, [(of_word[0], of_word[-1]) for of_word in centers])
    confidences = [float(np.mean(of_word)) for of_word in np.split(letters, ends)]
    return LineResult(tuple(map(WordSpan, words, frames, confidences)), float(score))


@cache
def _model() -> Any:
    params = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Global.use_preprocess_img": False,
        "Global.use_vertical_padding": False,
        "Global.return_word_box": True,
        "Rec.rec_batch_num": 1,  # the result of a line has its width times 18,710 numbers
        "Det.score_mode": "slow",  # a tilted line fills little of its upright bounding box
        "Det.box_thresh": 0.4,
        "Det.limit_type": "max",
        "Det.limit_side_len": MAX_DETECTOR_PIXELS,  # no resizing after that of `detect_lines`
        "EngineConfig.onnxruntime.intra_op_num_threads": min(4, cpu_count()),
    }
    model = import_package("rapidocr").RapidOCR(params=params)
    model.recognize_txt([np.zeros((LINE_HEIGHT, LINE_HEIGHT, 3), np.uint8)])  # loads the network
    return model
