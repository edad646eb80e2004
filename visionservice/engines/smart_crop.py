"""Smart cropping: thumbnails, crop windows and the area of interest.

The window is the largest of the requested shape, so that it moves along one side of the image only,
and each of its positions has a score: first the number of whole faces, then their size and the
margin around them, then how much of the objects and of the saliency is in the window.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .base import Object, RGBImage
from .geometry import Box, Size

SALIENCY_SIDE, MIN_SALIENCY_SIDE = 64, 8
"""The longer side at which saliency is measured, and the least of the shorter one, in pixels."""
SALIENCY_BLUR = 2.5
"""The standard deviation, in these pixels, of the blur of the spectral residual."""
BORDER_SHARE = 0.04
"""The width of the border of the image, in shorter sides."""
MIN_BORDER_VARIANCE = 20.0
"""The least variance of the colors (CIE Lab) of the border."""
MIN_CONTRAST = 3
"""The least range of the channels, of 255 levels, of an image with any saliency."""
WHOLE_FACE, FACE_SIZE, FACE_MARGIN, OBJECTS = 10.0, 0.1, 3.0, 1.5
"""The weights of a whole face, its size, the margin around the faces, and the objects; that of all
saliency is 1. Chosen, as the saliency was, on 41 photographs besides the samples."""
MARGIN_SHARE = 0.15
"""The margin on each side of a face, in its own widths and heights."""
HEAD_SHARE = 0.25
"""The part of a person, from the top, with the head; it has the weight of the whole person."""
CENTER_PREFERENCE = 1e-3
"""The greatest difference in score by which a position nearer to the center is preferred."""

Floats = NDArray[np.float64]
Interval = tuple[int, int]
"""Start and end on a side of the image, in pixels."""


def crop(
    image: RGBImage,
    width: int,
    height: int,
    *,
    smart: bool,
    faces: Sequence[Box] = (),
    objects: Sequence[Object] = (),
) -> RGBImage:
    """Return a thumbnail of exactly width x height pixels, each at least 1.

    Args:
        image: Height x width x 3, uint8, RGB.
        width: In pixels.
        height: In pixels.
        smart: Whether to crop around the subjects; otherwise at the center.
        faces: Boxes to keep whole if smart.
        objects: Objects of which to keep as much as the faces allow.
    """
    pillow, size = Image.fromarray(image), (width, height)
    if not smart:
        return np.asarray(ImageOps.fit(pillow, size, Image.Resampling.LANCZOS))
    window = best_window(pillow.size, size, faces, objects, saliency(pillow))
    edges = (window.left, window.top, window.right, window.bottom)
    return np.asarray(pillow.resize(size, Image.Resampling.LANCZOS, edges, reducing_gap=3))


def best_window(
    size: Size, shape: Size, faces: Sequence[Box], objects: Sequence[Object], salient: Floats
) -> Box:
    """Return the best of the largest windows of a shape in an image.

    Args:
        size: The size of the image.
        shape: A width and height whose ratio the window has, to a pixel.
        faces: Boxes in the image.
        objects: The other objects in it.
        salient: The saliency in rows x columns over the whole image.
    """
    width, height = largest(size, shape)
    sideways = width < size[0]
    side, length = (size[0], width) if sideways else (size[1], height)
    placements = _Placements(side, length)
    scores = placements.density(salient.sum(axis=0 if sideways else 1))
    scores += _face_scores(placements, [_interval(box, size, sideways) for box in faces])
    for weight, thing in zip(_weights(objects), objects, strict=True):
        start, end = _interval(thing.box, size, sideways)
        kept = placements.share(start, end)
        if thing.name == "person" and not sideways:
            kept = (kept + placements.share(start, start + HEAD_SHARE * (end - start))) / 2
        scores += OBJECTS * weight * kept
    first = placements.best(scores)
    return Box(first, 0, width, height) if sideways else Box(0, first, width, height)


def area_of_interest(image: RGBImage, boxes: Sequence[Box]) -> Box:
    """Return the area around the faces and objects, or without any, around the saliency."""
    height, width = image.shape[:2]
    if boxes:
        sides = ((box.left, box.top, box.right, box.bottom) for box in boxes)
        lefts, tops, rights, bottoms = zip(*sides, strict=True)
        enclosing = Box.from_edges(min(lefts), min(tops), max(rights), max(bottoms))
        return enclosing.within(width, height)
    salient = saliency(Image.fromarray(image))
    high = salient > 2 * salient.mean()
    down, across = (np.flatnonzero(high.any(axis=axis)) for axis in (1, 0))
    if not len(down):
        return Box(0, 0, width, height)
    y, x = height / salient.shape[0], width / salient.shape[1]
    return Box.from_edges(across[0] * x, down[0] * y, (across[-1] + 1) * x, (down[-1] + 1) * y)


def largest(size: Size, shape: Size) -> Size:
    """Return the size of the largest window of a shape in an image."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    return min(max(1, width), size[0]), min(max(1, height), size[1])


def saliency(image: Image.Image) -> Floats:
    """Return the saliency of each part of an image: rows x columns, with the sum 1.

    It is high where the frequencies differ from the rest of the image (the spectral residual of
    Hou and Zhang, 2007, of each channel) and where the color differs from the border.
    """
    scale = SALIENCY_SIDE / max(image.size)
    width, height = (max(MIN_SALIENCY_SIDE, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), reducing_gap=2), np.float32)
    if np.ptp(small, axis=(0, 1)).max() < MIN_CONTRAST:
        return np.full((height, width), 1 / (height * width))
    colors = cv2.cvtColor(small / 255, cv2.COLOR_RGB2Lab).astype(np.float64)
    both = _normalized(_residual(colors)) + _normalized(_distance_from_border(colors))
    return _normalized(both**2)


def _residual(colors: Floats) -> Floats:
    spectrum = np.fft.fft2(colors, axes=(0, 1))
    amplitude = np.log(np.abs(spectrum) + 1e-6)
    residual = np.exp(amplitude - cv2.blur(amplitude, (3, 3)) + 1j * np.angle(spectrum))
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
    return np.asarray(np.sqrt(np.einsum("ijk,kl,ijl->ij", away, inverse, away)))


def _normalized(values: Floats) -> Floats:
    """Return the values with the minimum 0 and the sum 1."""
    above = values - values.min() + 1e-9
    return np.asarray(above / above.sum())


def _interval(box: Box, size: Size, sideways: bool) -> Interval:
    inside = box.within(*size)
    return (inside.left, inside.right) if sideways else (inside.top, inside.bottom)


def _weights(objects: Sequence[Object]) -> list[float]:
    """Return weights, 1 in all at most: by size, and by the square of the confidence."""
    sides = [thing.box.area**0.5 for thing in objects]
    return [
        thing.confidence**2 * side / max(1.0, sum(sides))
        for thing, side in zip(objects, sides, strict=True)
    ]


def _face_scores(placements: _Placements, faces: Sequence[Interval]) -> Floats:
    scores = np.zeros(len(placements.starts))
    for start, end in faces:
        share = placements.share(start, end)
        whole = share > 1 - 1e-9
        scores += WHOLE_FACE * whole * (1 + FACE_SIZE * (end - start) / placements.side)
        scores += FACE_MARGIN / len(faces) * whole * placements.margin(start, end)
        scores += share / len(faces)
    return scores


class _Placements:
    """All positions of a window of one length on a side of the image."""

    def __init__(self, side: int, length: int) -> None:
        self.side, self.length = side, length
        self.starts = np.arange(side - length + 1)
        self.ends = self.starts + length

    def share(self, start: float, end: float) -> Floats:
        """Return how much of an interval is in each window, 0 to 1."""
        kept = np.minimum(self.ends, end) - np.maximum(self.starts, start)
        return np.asarray(np.clip(kept, 0, None) / max(1, end - start))

    def margin(self, start: int, end: int) -> Floats:
        """Return how much of a face's margin is in each, 0 to 1; an image's edge needs none."""
        margin = MARGIN_SHARE * (end - start)
        before = np.where(self.starts == 0, margin, start - self.starts)
        after = np.where(self.ends == self.side, margin, self.ends - end)
        return np.asarray(np.clip(np.minimum(before, after) / max(1.0, margin), 0, 1))

    def density(self, profile: Floats) -> Floats:
        """Return how much of a distribution along the side is in each."""
        edges = np.linspace(0, self.side, len(profile) + 1)
        summed = np.concatenate([[0], np.cumsum(profile)])
        return np.asarray(np.diff(np.interp([self.starts, self.ends], edges, summed), axis=0)[0])

    def best(self, scores: Floats) -> int:
        """Return the start of the best one; of equal ones, that nearest to the center."""
        distance = np.abs(self.starts - (self.side - self.length) / 2) / self.side
        return int(np.argmax(scores - CENTER_PREFERENCE * distance))
