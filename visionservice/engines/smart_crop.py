"""Smart cropping: thumbnails, crop windows and the area of interest.

The window is the largest of the requested shape, so that it moves along one side of the image only,
and each of its positions has a score: first the number of whole faces, then their size and the
margin around them, then how much of the objects and of the saliency is in the window.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .base import Object, RGBImage
from .geometry import Box, Size

SALIENCY_SIDE, MIN_SALIENCY_SIDE = 64, 8  # pixels of the longer and, at least, the shorter side
SALIENCY_BLUR = 2.5  # the standard deviation, in these pixels, for the spectral residual
BORDER_SHARE = 0.04  # the width of the border of the image, in shorter sides
MIN_BORDER_VARIANCE = 20.0  # of the colors (CIE Lab) of the border
MIN_CONTRAST = 3  # the range of the channels, of 255 levels, of an image with any saliency
WHOLE_FACE, FACE_SIZE, FACE_MARGIN, OBJECTS = 10.0, 0.1, 3.0, 1.5
"""The weights of a whole face, its size, the margin around the faces, and the objects; that of all
saliency is 1. Chosen, as the saliency was, on 41 images besides the samples."""
MARGIN_SHARE = 0.15  # the margin on each side of a face, in its own widths and heights
HEAD_SHARE = 0.25  # the part of a person, from the top, that has the weight of the whole person
CENTER_PREFERENCE = 1e-3  # the most that the score falls away from the center

Floats = NDArray[np.float64]


def crop(image: RGBImage, size: Size, window: Box | None) -> RGBImage:
    """Return a thumbnail of a size from a window of its shape, or from the center."""
    pillow = Image.fromarray(image)
    if window is None:
        return np.asarray(ImageOps.fit(pillow, size, Image.Resampling.LANCZOS))
    edges = (window.left, window.top, window.right, window.bottom)
    return np.asarray(pillow.resize(size, Image.Resampling.LANCZOS, edges, reducing_gap=3))


def best_window(
    size: Size, shape: Size, faces: Sequence[Box], objects: Sequence[Object], salient: Floats
) -> Box:
    """Return the best position of the largest window of a shape in an image of a size.

    The saliency is that of the whole image, in rows x columns of any number.
    """
    width, height = largest(size, shape)
    axis = 0 if width < size[0] else 1
    side, length = size[axis], (width, height)[axis]
    starts = np.arange(side - length + 1)
    ends = starts + length

    def interval(box: Box) -> tuple[int, int]:
        inside = box.within(*size)
        return ((inside.left, inside.right), (inside.top, inside.bottom))[axis]

    def share(start: float, end: float) -> Floats:  # of an interval that is in each window
        kept = np.minimum(ends, end) - np.maximum(starts, start)
        return np.asarray(kept.clip(0) / max(1, end - start))

    summed = np.cumsum([0, *salient.sum(axis=axis)])
    edges = np.linspace(0, side, len(summed))
    scores = np.interp(ends, edges, summed) - np.interp(starts, edges, summed)
    for face in faces:
        start, end = interval(face)
        kept = share(start, end)
        margin = MARGIN_SHARE * (end - start)
        before = np.where(starts == 0, margin, start - starts)  # an image's edge needs no margin
        after = np.where(ends == side, margin, ends - end)
        free = np.clip(np.minimum(before, after) / max(1.0, margin), 0, 1)
        whole = WHOLE_FACE * (1 + FACE_SIZE * (end - start) / side)
        scores += (kept > 1 - 1e-9) * (whole + FACE_MARGIN / len(faces) * free) + kept / len(faces)
    total = max(1.0, sum(thing.box.area**0.5 for thing in objects))
    for thing in objects:
        start, end = interval(thing.box)
        kept = share(start, end)
        if thing.name == "person" and axis == 1:
            kept = (kept + share(start, start + HEAD_SHARE * (end - start))) / 2
        scores += OBJECTS * thing.confidence**2 * thing.box.area**0.5 / total * kept
    scores -= CENTER_PREFERENCE * np.abs(starts - (side - length) / 2) / side
    first = int(scores.argmax())
    return Box(first, 0, width, height) if axis == 0 else Box(0, first, width, height)


def area_of_interest(size: Size, boxes: Sequence[Box], saliency: Callable[[], Floats]) -> Box:
    """Return the area around the faces and objects, or without any, around the saliency."""
    width, height = size
    if boxes:
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
        return Box.from_edges(left, top, right, bottom).within(width, height)
    salient = saliency()
    rows, columns = np.nonzero(salient > 2 * salient.mean())
    if not len(rows):
        return Box(0, 0, width, height)
    area = Box.from_edges(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return area.scale(width / salient.shape[1], height / salient.shape[0])


def largest(size: Size, shape: Size) -> Size:
    """Return the size of the largest window of a shape in an image."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    return min(max(1, width), size[0]), min(max(1, height), size[1])


def saliency(image: RGBImage) -> Floats:
    """Return the saliency of each part of an image: rows x columns, with the sum 1.

    It is high where the frequencies differ from the rest of the image (the spectral residual of
    Hou and Zhang, 2007, of each channel) and where the color differs from the border.
    """
    pillow = Image.fromarray(image)
    scale = SALIENCY_SIDE / max(pillow.size)
    width, height = (max(MIN_SALIENCY_SIDE, round(side * scale)) for side in pillow.size)
    small = np.asarray(pillow.resize((width, height), reducing_gap=2), np.float32)
    if np.ptp(small, axis=(0, 1)).max() < MIN_CONTRAST:
        return np.full((height, width), 1 / (height * width))
    colors = cv2.cvtColor(small / 255, cv2.COLOR_RGB2Lab).astype(np.float64)
    both = _normalized(_residual(colors)) + _normalized(_distance_from_border(colors))
    return _normalized(both**2)


def _residual(colors: Floats) -> Floats:
    spectrum = np.fft.fft2(colors, axes=(0, 1))
    amplitude = np.log(np.abs(spectrum) + 1e-6)
    residual = spectrum * np.exp(-cv2.blur(amplitude, (3, 3)))
    power = (np.abs(np.fft.ifft2(residual, axes=(0, 1))) ** 2).sum(axis=2)
    return np.asarray(cv2.GaussianBlur(power, (0, 0), SALIENCY_BLUR))


def _distance_from_border(colors: Floats) -> Floats:
    """Return each pixel's Mahalanobis distance from the colors of the border."""
    edge = max(1, round(BORDER_SHARE * min(colors.shape[:2])))
    inside = np.zeros(colors.shape[:2], bool)
    inside[edge:-edge, edge:-edge] = True
    border = colors[~inside]
    inverse = np.linalg.inv(np.cov(border.T) + MIN_BORDER_VARIANCE * np.eye(3))
    away = colors - border.mean(axis=0)
    return np.asarray(np.sqrt((away @ inverse * away).sum(axis=2)))


def _normalized(values: Floats) -> Floats:
    """Return the values with the minimum 0 and the sum 1."""
    above = values - values.min() + 1e-9
    return np.asarray(above / above.sum())
