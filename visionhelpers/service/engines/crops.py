"""Cut thumbnails out of pictures: `generateThumbnail` of API v1.0.

The cut is the largest of the asked shape, so it can move along one side of the picture only. What
must be kept says how far: each box, the first named first, narrows the places left to those that
show it whole, unless none would be left. Of what is too wide a part fills the cut, of what is too
tall the top does, where heads are. In what is left the cut goes where `smartcrop` (after Jonas
Wagner's smartcrop.js) finds most detail, skin and saturated colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from smartcrop import SmartCrop

from .boxes import Box, Point

Size = tuple[int, int]
"""Width and height in pixels."""

LONG, SHORT, CELL = 256, 16, 8
"""Sides that saliency is measured at, in pixels, and the side of smartcrop's own cells."""

MARGIN = 0.25
"""The room wanted on each side of a box, in its own widths and heights."""


def crop(
    image: NDArray[np.uint8], width: int, height: int, *, smart: bool, keep: Sequence[Box]
) -> NDArray[np.uint8]:
    """Return a cut-out of a picture scaled to exactly width x height pixels.

    Args:
        image: Height x width x 3, uint8, RGB.
        width: Of the thumbnail, at least 1.
        height: Of the thumbnail, at least 1.
        smart: Cut around the subjects; else in the middle, whatever is there.
        keep: What must not be cut through when smart, the most important first.
    """
    picture, size = Image.fromarray(image), (width, height)
    if not smart:
        return np.asarray(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))
    cut = window(picture.size, size, keep, salient(picture, size))
    edges = (cut.left, cut.top, cut.right, cut.bottom)
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS, edges, reducing_gap=3))


def window(picture: Size, shape: Size, keep: Iterable[Box], centre: Point) -> Box:
    """Return the largest window of a shape in a picture that keeps what can be kept whole.

    Args:
        picture: The size of the picture.
        shape: The width and height whose proportion the window has, give or take a pixel.
        keep: Boxes in the picture, the most important first.
        centre: The point the window is centred on as nearly as the boxes allow.
    """
    width, height = largest(picture, shape)
    boxes = [box.within(*picture) for box in keep]
    boxes += [_roomy(box).within(*picture) for box in boxes]
    across = [(box.left, box.right) for box in boxes]
    down = [(box.top, min(box.bottom, box.top + height)) for box in boxes]
    left = _place(picture[0], width, across, centre[0])
    return Box(left, _place(picture[1], height, down, centre[1]), width, height)


def largest(picture: Size, shape: Size) -> Size:
    """Return the size of the largest window of a shape that fits in a picture."""
    scale = min(picture[0] / shape[0], picture[1] / shape[1])
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    return min(max(1, width), picture[0]), min(max(1, height), picture[1])


def salient(picture: Image.Image, shape: Size) -> Point:
    """Return the centre of the largest window of a shape with the most to see in it."""
    scale = min(1.0, max(LONG / max(picture.size), SHORT / min(picture.size)))
    sides = [max(1, round(side * scale)) for side in picture.size]
    small = picture.resize(sides, reducing_gap=2)
    width, height = largest(small.size, shape)
    if (width, height) == small.size or min(small.size) < CELL:
        return picture.width / 2, picture.height / 2
    size = max(width, CELL), max(height, CELL)
    seen = SmartCrop().analyse(small, *size, min_scale=1, num_scale_steps=1, step=4)["top_crop"]
    x, y = seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2
    return x * picture.width / small.width, y * picture.height / small.height


def _place(side: int, length: int, keep: Iterable[tuple[int, int]], centre: float) -> int:
    """Return where on a side a window starts; a longer stretch fills the window."""
    first, last = 0, side - length
    for start, end in keep:
        low, high = sorted((start, end - length))
        if low <= last and high >= first:
            first, last = max(first, low), min(last, high)
    return min(max(round(centre - length / 2), first), last)


def _roomy(box: Box) -> Box:
    across, down = round(MARGIN * box.width), round(MARGIN * box.height)
    return Box(box.left - across, box.top - down, box.width + 2 * across, box.height + 2 * down)
