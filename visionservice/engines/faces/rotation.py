"""Rotation of images and boxes by quarter turns, clockwise."""

from __future__ import annotations

import numpy as np

from ..base import RGBImage
from ..geometry import Box


def rotated(image: RGBImage, quarters: int) -> RGBImage:
    """Return an image rotated by quarter turns."""
    return np.ascontiguousarray(np.rot90(image, -quarters))


def rotated_box(box: Box, quarters: int, height: int, width: int) -> Box:
    """Return a box rotated with its image, which has this size afterwards."""
    match quarters:
        case 1:
            return Box(width - box.bottom, box.left, box.height, box.width)
        case 2:
            return Box(width - box.right, height - box.bottom, box.width, box.height)
        case 3:
            return Box(box.top, height - box.right, box.height, box.width)
        case _:
            return box
