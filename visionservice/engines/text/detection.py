"""PP-OCRv6's detector: it finds the lines of text of an image."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from ..geometry import Size
from ..runtime import Network, cpu_count
from .layout import Quads, clockwise_from_top_left

Shape = tuple[int, int]  # height and width in pixels
SHAPES: Sequence[Shape] = ((736, 1120), (736, 1440), (1088, 1536), (736, 2176))
"""The inputs that are compiled, for landscape images, in ascending order of time. The detector
misses small letters in images whose short side is less than 736 pixels, as in its training."""
QUICK_SHAPES: Sequence[Shape] = ((480, 672),)
"""The same, in 0.4 of the time, where a part of the text is enough."""
MIN_SCALE = 0.9  # of the image's best scale, with which it fits in a smaller input

LEVELS = np.arange(256, dtype=np.float32) * np.float32(2 / 255) - 1  # of both networks' inputs
MIN_PROBABILITY, MIN_MEAN_PROBABILITY = 0.3, 0.4
"""Of a pixel in a line, and of all pixels of a line."""
UNCLIP_RATIO = 1.6
"""The network finds the core of a line; its outline is this share of area / perimeter away."""
OUTLINE_MARGIN = 0.85  # pixels of the network, for both sides together
MAX_CONTOURS = 1000  # the upper ones; of more, one that fills half of the image is no line
MIN_CORE, MIN_LINE = 3, 5
"""The least sides of a line's core and of its outline, in pixels of the network."""


@cache
def network() -> Network:
    """Return the detector; EngineUnavailable if its package is not installed."""
    return Network("rapidocr", "PP-OCRv6_det_small.onnx", threads=cpu_count(), bfloat16=True)


def detect_lines(image: RGBImage, *, quick: bool = False) -> Quads:
    """Return the lines of text of an image, in its pixels."""
    height, width = image.shape[:2]
    shape, scale = _fit(height, width, QUICK_SHAPES if quick else SHAPES)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    probabilities = network()(letterbox(image, size, shape))[0][0, 0, : size[1], : size[0]]
    quads = np.reshape(_outlines(probabilities), (-1, 4, 2)).clip(0, size)
    return clockwise_from_top_left(quads * (width / size[0], height / size[1]))


def _fit(height: int, width: int, shapes: Sequence[Shape]) -> tuple[Shape, float]:
    """Return the shape of the network's input for an image, and the scale of the image in it."""
    if height > width:
        shapes = [(down, across) for across, down in shapes]
    largest = max(1.0, min(shapes[0]) / min(height, width))
    scales = [min(largest, down / height, across / width) for down, across in shapes]
    return next(p for p in zip(shapes, scales, strict=True) if p[1] >= MIN_SCALE * max(scales))


def letterbox(image: RGBImage, size: Size, shape: Shape) -> NDArray[np.float32]:
    """Return a network's input: the image in BGR, from -1 to 1, with gray beside and below it."""
    method = cv2.INTER_LINEAR if size[1] > image.shape[0] else cv2.INTER_AREA
    batch = np.zeros((1, 3, *shape), np.float32)
    channels = cv2.split(cv2.resize(image, size, interpolation=method))
    for plane, channel in zip(batch[0], reversed(channels), strict=True):
        plane[: size[1], : size[0]] = cv2.LUT(channel, LEVELS)
    return batch


def _outlines(probabilities: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the corners of each line, 4 x 2, from the probability that each pixel is in one.

    This is the postprocessing of Liao et al., "Real-time scene text detection with differentiable
    binarization" (2020).
    """
    mask = (probabilities > MIN_PROBABILITY).astype(np.uint8)
    contours, _ = cv2.findContours(
        cv2.dilate(mask, np.ones((2, 2), np.uint8)), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
    )
    outlines, texture = [], len(contours) > MAX_CONTOURS
    for contour in contours[-MAX_CONTOURS:]:
        center, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < MIN_CORE or (texture and width * height > probabilities.size / 2):
            continue
        left, top, across, down = cv2.boundingRect(contour)
        inside = cv2.fillPoly(np.zeros((down, across), np.uint8), [contour - (left, top)], 1)
        values = probabilities[top : top + down, left : left + across]
        if cv2.mean(values, inside)[0] < MIN_MEAN_PROBABILITY:
            continue
        margin = OUTLINE_MARGIN + UNCLIP_RATIO * width * height / (width + height)  # of both sides
        if min(width, height) + margin >= MIN_LINE:
            outline = center, (width + margin, height + margin), angle
            outlines.append(np.asarray(cv2.boxPoints(outline), np.float32))
    return outlines
