"""The two networks of RapidOCR: one finds the lines of a picture, the other reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from . import layout

if TYPE_CHECKING:
    from rapidocr import RapidOCR
    from rapidocr.ch_ppocr_rec.typings import WordInfo

Image: TypeAlias = NDArray[np.uint8]
Quads: TypeAlias = NDArray[np.float64]
"""N x 4 x 2 corners in pixels, each line's clockwise from its top left."""

SHORT_SIDE = 736  # the detector misses small letters in pictures smaller than it was trained on
LONG_SIDE = 1600  # what it takes in grows with the area: this bounds memory and time
LINE_HEIGHT = 48  # the recogniser's input

_lock = Lock()


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a line: where it begins and ends, as a share of the line's length."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line says, with a confidence from 0 to 1."""

    text: str
    confidence: float
    pieces: tuple[Piece, ...]


def find(image: Image) -> Quads:
    """Return where the lines of text are in an RGB picture, in its pixels."""
    height, width = image.shape[:2]
    scale = min(max(1.0, SHORT_SIDE / min(height, width)), LONG_SIDE / max(height, width))
    size = max(32, round(width * scale)), max(32, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.cvtColor(cv2.resize(image, size, interpolation=method), cv2.COLOR_RGB2BGR)
    with _lock:
        answer = _model()(scaled, use_det=True, use_rec=False)
    boxes = getattr(answer, "boxes", None)
    if boxes is None:
        return np.empty((0, 4, 2))
    quads = np.asarray(boxes, np.float64) * (width / size[0], height / size[1])
    return layout.clockwise_from_top_left(quads)


def crop(image: Image, quad: NDArray[np.float64]) -> Image:
    """Return the picture inside four corners, straightened."""
    width = round(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3])))
    height = round(max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1])))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    flat = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def recognise(strips: Sequence[Image]) -> list[Reading]:
    """Return what straightened RGB pictures of one line each say."""
    if not strips:
        return []
    small = [cv2.cvtColor(_shrunk(strip), cv2.COLOR_RGB2BGR) for strip in strips]
    with _lock:
        answer = _model().recognize_txt(small)
    words = cast("tuple[WordInfo, ...]", answer.word_results)
    rows = zip(answer.txts or (), answer.scores or (), words, strict=True)
    return [_reading(*row) for row in rows]


def _shrunk(strip: Image) -> Image:
    """Return a tall strip at the recogniser's own height, without the aliasing of its resizing."""
    height, width = strip.shape[:2]
    if height <= LINE_HEIGHT:
        return strip
    size = max(1, round(width * LINE_HEIGHT / height)), LINE_HEIGHT
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)


def _reading(text: str, score: float, info: WordInfo) -> Reading:
    """Cut a line at its blanks; the network says in which of its columns it saw each letter."""
    words = text.split()
    columns = np.array([column for part in info.word_cols for column in part], float)
    seen = [c for c, letter in zip(info.confs, text, strict=False) if not letter.isspace()]
    if not words or len(columns) != sum(map(len, words)):
        return Reading("", 0.0, ())
    centres = (columns + 0.5) / info.line_txt_len
    ends = np.cumsum([len(word) for word in words])
    half = _letter_width(centres, ends) / 2
    pieces = []
    for word, end in zip(words, ends, strict=True):
        begin = end - len(word)
        start, stop = centres[begin] - half, centres[end - 1] + half
        if begin:
            start = max(start, (centres[begin - 1] + centres[begin]) / 2)
        if end < len(centres):
            stop = min(stop, (centres[end - 1] + centres[end]) / 2)
        pieces.append(Piece(word, max(0.0, start), min(1.0, stop), float(np.mean(seen[begin:end]))))
    return Reading(" ".join(words), float(score), tuple(pieces))


def _letter_width(centres: NDArray[np.float64], ends: NDArray[np.int64]) -> float:
    """Return the mean distance of neighbouring letters, as a share of the line."""
    within = np.delete(np.diff(centres), ends[:-1] - 1)
    return float(within.mean()) if len(within) else 1 / len(centres)


@cache
def _model() -> RapidOCR:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Global.return_word_box": True,
            "Det.limit_type": "max",
            "Det.limit_side_len": LONG_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": min(4, os.cpu_count() or 1),
        }
    )
