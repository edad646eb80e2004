"""API v1.0's two shapes of text: upright boxes (OCR) and polygons (Recognize Text)."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..engines.base import Line, OcrResult, Region
    from ..engines.geometry import Point, Polygon

Json = dict[str, Any]
Edges = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def ocr(text: OcrResult, width: int, height: int, language: str) -> Json:
    """Return regions, lines and words with boxes "left,top,width,height".

    The boxes are those of the picture turned clockwise by `textAngle` degrees about its centre,
    where the text is level or plumb; the picture keeps its place, so a box may lie past its edge.
    """
    turn = _Turn(text.angle, width / 2, height / 2)
    return {
        "language": text.language if language == "unk" else language,
        "textAngle": round(text.angle, 4),
        "orientation": text.orientation,
        "regions": [turn.region(region) for region in text.regions],
    }


def recognition(text: OcrResult) -> Json:
    """Return lines and words with boxes of eight numbers, clockwise from the text's top left."""
    lines = [
        {
            "boundingBox": _corners(line.polygon),
            "text": line.text,
            "words": [
                {"boundingBox": _corners(word.polygon), "text": word.text} for word in line.words
            ],
        }
        for line in text.lines
    ]
    return {"lines": lines}


def _corners(polygon: Polygon) -> list[int]:
    return [round(value) for point in polygon for value in point]


class _Turn:
    """A clockwise rotation by degrees about a point, and the upright boxes after it."""

    def __init__(self, angle: float, x: float, y: float) -> None:
        self._cos, self._sin = cos(radians(angle)), sin(radians(angle))
        self._x, self._y = x, y

    def region(self, region: Region) -> Json:
        return {
            "boundingBox": _box(_around(self._line_edges(line) for line in region.lines)),
            "lines": [self._line(line) for line in region.lines],
        }

    def _line(self, line: Line) -> Json:
        words = [
            {"boundingBox": _box(self._edges(word.polygon)), "text": word.text}
            for word in line.words
        ]
        return {"boundingBox": _box(self._line_edges(line)), "words": words}

    def _line_edges(self, line: Line) -> Edges:
        return _around(self._edges(word.polygon) for word in line.words)

    def _edges(self, polygon: Polygon) -> Edges:
        xs, ys = zip(*map(self._point, polygon), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _point(self, point: Point) -> Point:
        x, y = point[0] - self._x, point[1] - self._y
        return (
            self._x + x * self._cos - y * self._sin,
            self._y + x * self._sin + y * self._cos,
        )


def _around(edges: Iterable[Edges]) -> Edges:
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _box(edges: Edges) -> str:
    left, top, right, bottom = map(round, edges)
    return f"{left},{top},{right - left},{bottom - top}"
