"""Boxes and polygons in an image: pixels, origin top left, x to the right, y down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Size = tuple[int, int]  # width and height
Polygon = tuple[Point, Point, Point, Point]  # clockwise from the top left of the text as it is read


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in whole pixels."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def from_edges(cls, left: float, top: float, right: float, bottom: float) -> Box:
        """Return the box between four edges, each rounded to a whole pixel."""
        x, y = round(left), round(top)
        return cls(x, y, round(right) - x, round(bottom) - y)

    @property
    def right(self) -> int:
        """The x of the edge after the last column."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The y of the edge after the last row."""
        return self.top + self.height

    @property
    def area(self) -> int:
        """Width times height, never negative."""
        return max(0, self.width) * max(0, self.height)

    @property
    def center(self) -> Point:
        """The center of the box."""
        return self.left + self.width / 2, self.top + self.height / 2

    def within(self, width: int, height: int) -> Box:
        """Return the part of the box inside an image of this size."""
        left, right = (min(max(0, x), width) for x in (self.left, self.right))
        top, bottom = (min(max(0, y), height) for y in (self.top, self.bottom))
        return Box(left, top, right - left, bottom - top)

    def scale(self, across: float, down: float) -> Box:
        """Return the box in an image that is wider and higher by these factors."""
        edges = self.left * across, self.top * down, self.right * across, self.bottom * down
        return Box.from_edges(*edges)

    def rotate(self, quarters: int, width: int, height: int) -> Box:
        """Return the box after clockwise quarter turns of an image that had this size before."""
        box = self
        for _ in range(quarters % 4):
            box = Box(height - box.bottom, box.left, box.height, box.width)
            width, height = height, width
        return box

    def inside(self, part: Box) -> Box:
        """Return what another box contains of the box, in pixels of the part inside that one."""
        moved = Box(self.left - part.left, self.top - part.top, self.width, self.height)
        return moved.within(part.width, part.height)

    def contains(self, point: Iterable[float]) -> bool:
        """Return True if a point is inside the box."""
        x, y = point
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def overlap(self, other: Box) -> int:
        """Return the area, in pixels, that both boxes cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def iou(self, other: Box) -> float:
        """Return the intersection over union, 0 to 1."""
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union else 0.0


def rotate(image: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Return an image rotated clockwise by quarter turns."""
    return np.ascontiguousarray(np.rot90(image, -quarters))


def shrink(image: NDArray[np.uint8], max_pixels: int) -> NDArray[np.uint8]:
    """Return an image reduced to at most this many pixels, each the mean of its area."""
    height, width = image.shape[:2]
    scale = (max_pixels / (height * width)) ** 0.5
    return image if scale >= 1 else resize(image, int(width * scale), int(height * scale))


def shrink_to(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return an image reduced so that its longer side has at most this many pixels."""
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    return resize(image, round(width * scale), round(height * scale))


def resize(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return an image of this size, at least 1 x 1, each pixel the mean of its area."""
    import cv2

    size = max(1, width), max(1, height)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def suppress_overlaps(
    boxes: NDArray[np.float64], most: float, *, of_smaller: bool = False
) -> list[int]:
    """Return the indices of the best boxes of which no two overlap by more than `most`.

    The rows of `boxes` are left, top, right, bottom and score. The overlap is the intersection over
    union; with `of_smaller` it is a share of the smaller box.
    """
    order, chosen = np.argsort(-boxes[:, 4]), []
    areas = (boxes[:, 2:4] - boxes[:, :2]).prod(axis=1)
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:4], boxes[rest, 2:4])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        whole = areas[best] + areas[rest] - shared
        if of_smaller:
            whole = np.minimum(areas[best], areas[rest])
        order = rest[shared <= most * whole]
    return chosen
