"""Rectangles and quadrilaterals in a picture: pixels, origin top left, x right, y down."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
Polygon = tuple[Point, Point, Point, Point]
"""Four corners, clockwise as read: the text's own top left first."""


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
        """The x of the edge just past the last column."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The y of the edge just past the last row."""
        return self.top + self.height

    @property
    def area(self) -> int:
        """Width times height, never negative."""
        return max(0, self.width) * max(0, self.height)

    @property
    def center(self) -> Point:
        """The middle of the box."""
        return self.left + self.width / 2, self.top + self.height / 2

    def within(self, width: int, height: int) -> Box:
        """Return the part of the box inside a picture of this size."""
        return Box.from_edges(
            min(max(0, self.left), width),
            min(max(0, self.top), height),
            max(min(width, self.right), 0),
            max(min(height, self.bottom), 0),
        )

    def overlap(self, other: Box) -> int:
        """Return the area, in pixels, that both boxes cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def iou(self, other: Box) -> float:
        """Return the intersection over the union, 0 to 1."""
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union else 0.0
