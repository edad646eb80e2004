"""JSON of text: upright boxes for OCR, polygons for Recognize Text and Read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import cos, radians, sin
from typing import TYPE_CHECKING

from .version import Json

if TYPE_CHECKING:
    from ..analysis import PageAnalysis
    from ..engines.base import Line, OcrResult, Region, Word
    from ..engines.geometry import Point, Polygon

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def ocr(text: OcrResult, width: int, height: int, language: str) -> Json:
    """Return regions, lines and words with boxes "left,top,width,height".

    The boxes are those of the image rotated clockwise by `textAngle` degrees about its center,
    in the coordinates of the original image: a box can be partly outside it.
    """
    rotation = _Rotation(text.angle, width / 2, height / 2)
    return {
        "language": text.language if language == "unk" else language,
        "textAngle": round(text.angle, 4),
        "orientation": text.orientation,
        "regions": [rotation.region(region) for region in text.regions],
    }


def lines(
    page: PageAnalysis,
    lines: Iterable[Line],
    confidence: Callable[[Word], object] | None = None,
) -> list[Json]:
    """Return lines and words with polygons of eight numbers in the unit of the page.

    `confidence` returns that of a word; None omits it.
    """

    def corners(polygon: Polygon) -> list[float]:
        return [page.to_unit(value) for point in polygon for value in point]

    def word_json(word: Word) -> Json:
        field = {"confidence": confidence(word)} if confidence else {}
        return {"boundingBox": corners(word.polygon), "text": word.text} | field

    return [
        {
            "boundingBox": corners(line.polygon),
            "text": line.text,
            "words": [word_json(word) for word in line.words],
        }
        for line in lines
    ]


class _Rotation:
    """A clockwise rotation by degrees about a point, and the upright boxes after it."""

    def __init__(self, angle: float, x: float, y: float) -> None:
        self._cos, self._sin = cos(radians(angle)), sin(radians(angle))
        self._x, self._y = x, y

    def region(self, region: Region) -> Json:
        return {
            "boundingBox": _box(_union(self._line_edges(line) for line in region.lines)),
            "lines": [self._line(line) for line in region.lines],
        }

    def _line(self, line: Line) -> Json:
        words = [
            {"boundingBox": _box(self._edges(word.polygon)), "text": word.text}
            for word in line.words
        ]
        return {"boundingBox": _box(self._line_edges(line)), "words": words}

    def _line_edges(self, line: Line) -> Edges:
        return _union(self._edges(word.polygon) for word in line.words)

    def _edges(self, polygon: Polygon) -> Edges:
        xs, ys = zip(*map(self._point, polygon), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _point(self, point: Point) -> Point:
        x, y = point[0] - self._x, point[1] - self._y
        return (
            self._x + x * self._cos - y * self._sin,
            self._y + x * self._sin + y * self._cos,
        )


def _union(edges: Iterable[Edges]) -> Edges:
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _box(edges: Edges) -> str:
    left, top, right, bottom = map(round, edges)
    return f"{left},{top},{right - left},{bottom - top}"
