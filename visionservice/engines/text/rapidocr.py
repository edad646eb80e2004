"""The two networks of RapidOCR: one finds the lines of a picture, the other reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import EngineUnavailable
from ..runtime import cpu_count
from . import layout, word_boxes

if TYPE_CHECKING:
    from rapidocr import RapidOCR
    from rapidocr.ch_ppocr_rec.typings import WordInfo

Image: TypeAlias = NDArray[np.uint8]
Quads: TypeAlias = NDArray[np.float64]
"""N x 4 x 2 corners in pixels, each line's clockwise from its top left."""

SHORT_SIDE = 736  # the detector misses small letters in pictures smaller than it was trained on
AREA = 1_600_000  # pixels; its memory and time grow with them: 0.3 GB and 0.3 s a million
LINE_HEIGHT = 48  # the recogniser's input

_lock = Lock()


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A word of a line and where it stands in it, with a confidence from 0 to 1."""

    text: str
    frame: word_boxes.Frame
    confidence: float


@dataclass(frozen=True, slots=True)
class LineResult:
    """What one line says, with a confidence from 0 to 1."""

    text: str
    confidence: float
    pieces: tuple[WordSpan, ...]


def detect_lines(image: Image) -> Quads:
    """Return where the lines of text are in an RGB picture, in its pixels.

    Raises:
        Unavailable: The package with the models, or its runtime, is not installed.
    """
    height, width = image.shape[:2]
    scale = min(max(1.0, SHORT_SIDE / min(height, width)), (AREA / (height * width)) ** 0.5)
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
    above, right, below, left = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    width, height = max(1, round(max(above, below))), max(1, round(max(left, right)))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    flat = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def recognize_lines(strips: Sequence[Image]) -> list[LineResult]:
    """Return what straightened RGB pictures of one line each say, in the same order."""
    if not strips:
        return []
    small = [cv2.cvtColor(_shrunk(strip), cv2.COLOR_RGB2BGR) for strip in strips]
    with _lock:
        answer = _model().recognize_txt(small)
    words = cast("tuple[WordInfo, ...]", answer.word_results)
    rows = zip(strips, answer.txts or (), answer.scores or (), words, strict=True)
    return [_reading(*row) for row in rows]


def _shrunk(strip: Image) -> Image:
    """Return a tall strip at the recogniser's own height, without the aliasing of its resizing."""
    height, width = strip.shape[:2]
    if height <= LINE_HEIGHT:
        return strip
    size = max(1, round(width * LINE_HEIGHT / height)), LINE_HEIGHT
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)


def _reading(strip: Image, text: str, score: float, info: WordInfo) -> LineResult:
    """Cut a line at its blanks; the network says in which of its columns it saw each letter."""
    words = text.split()
    columns = [column for part in info.word_cols for column in part]
    seen = [c for c, letter in zip(info.confs, text, strict=False) if not letter.isspace()]
    if not words or len(columns) != sum(map(len, words)):
        return LineResult("", 0.0, ())
    centres = (np.array(columns) + 0.5) / info.line_txt_len
    ends = np.cumsum([len(word) for word in words])
    begins = ends - [len(word) for word in words]
    spans = [(float(centres[a]), float(centres[b - 1])) for a, b in zip(begins, ends, strict=True)]
    certain = [float(np.mean(seen[a:b])) for a, b in zip(begins, ends, strict=True)]
    pieces = map(WordSpan, words, word_boxes.word_boxes(strip, spans), certain)
    return LineResult(" ".join(words), float(score), tuple(pieces))


@cache
def _model() -> RapidOCR:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise EngineUnavailable(
            "Text needs the package rapidocr: pip install rapidocr onnxruntime"
        ) from error
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Global.return_word_box": True,
            "Rec.rec_batch_num": 1,  # each line's answer is its width times 18,710 letters
            "Det.score_mode": "slow",  # a tilted line fills little of the rectangle around it
            "Det.box_thresh": 0.4,
            "Det.limit_type": "max",
            "Det.limit_side_len": AREA,  # as `find` sized it
            "EngineConfig.onnxruntime.intra_op_num_threads": min(4, cpu_count()),
        }
    )
