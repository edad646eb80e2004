"""PP-OCRv6's recognizer: it reads the words of a line."""

import mmap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from ..runtime import Network, cpu_count, model_file
from .detection import letterbox
from .layout import Frame
from .word_boxes import word_boxes

MODEL = "rapidocr", "PP-OCRv6_rec_small.onnx"
LINE_HEIGHT, MIN_LINE_WIDTH = 48, 160
"""The least size in pixels of the recognizer's input. It was trained with 320: with 160 it reads
as well in less time, with 80 it finds a word where there is none."""
MIN_DENSE_LINE_WIDTH = 80  # in a table, and where a part of the text is enough
WIDTH_STEP, FINE_WIDTH = 80, 320
"""Pixels. Each width takes 40 ms more when it is first used, and 6 MB: from `FINE_WIDTH` on, and
again from each doubling, the steps are twice as long."""
_threads = ThreadPoolExecutor(cpu_count(), "text recognition")


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


@cache
def network() -> Network:
    """Return the recognizer; EngineUnavailable if its package is not installed."""
    return Network(*MODEL, free_axes=(3,), streams=cpu_count(), bfloat16=True, read=_read)


def _read(core: Any, file: Path) -> Any:
    """Return the recognizer with the best of the 18,710 classes of each column as its outputs."""
    model, topk = core.read_model(file), import_module("openvino.opset1").topk
    best = topk(model.output(0).get_node().input_value(0), np.int32(1), 2, "max", "none")
    return import_module("openvino").Model(best.outputs(), model.get_parameters(), "recognizer")


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


def recognize_lines(
    strips: Sequence[RGBImage], min_width: int = MIN_LINE_WIDTH
) -> list[LineResult]:
    """Return the text of the cropped images of lines, in the same order."""
    return list(_threads.map(partial(_recognize, min_width=min_width), strips))


def _recognize(strip: RGBImage, min_width: int) -> LineResult:
    """Return the words of a line by greedy CTC decoding: equal letters side by side are one."""
    height, width = strip.shape[:2]
    scaled = max(1, round(width * LINE_HEIGHT / height))
    step = WIDTH_STEP << (scaled // FINE_WIDTH).bit_length()
    padded = max(min_width, ceil(scaled / step) * step)
    batch = letterbox(strip, (scaled, LINE_HEIGHT), (LINE_HEIGHT, padded))
    probabilities, classes = (output[0, :, 0] for output in network()(batch))
    kept = np.flatnonzero((classes != 0) & (np.diff(classes, prepend=-1) != 0))
    text = "".join(_letters()[i] for i in classes[kept])
    words = text.split()
    if not words:
        return LineResult((), 0.0)
    confidences = probabilities[kept]
    visible = np.array([not letter.isspace() for letter in text])
    ends = np.cumsum([len(word) for word in words])[:-1]
    centers = np.split((kept[visible] + 0.5) / (len(classes) * (scaled / padded)), ends)
    frames = word_boxes(strip, [(of_word[0], of_word[-1]) for of_word in centers])
    means = [float(np.mean(of_word)) for of_word in np.split(confidences[visible], ends)]
    return LineResult(tuple(map(WordSpan, words, frames, means)), float(confidences.mean()))


@cache
def _letters() -> list[str]:
    """Return the letter of each class of the recognizer; class 0 is none.

    The model has them in its metadata, the last of the file: the key and the length precede them.
    """
    with model_file(*MODEL).open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = content.rfind(b"character\x12") + len(b"character\x12")
        while content[start] >= 0x80:  # the bytes of a number in a protocol buffer but the last
            start += 1
        return ["", *content[start + 1 :].decode().splitlines(), " "]
