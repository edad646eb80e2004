"""JSON of text: upright boxes for OCR, polygons for Recognize Text and Read."""

from __future__ import annotations

from cmath import rect
from collections.abc import Callable, Iterable
from math import radians
from typing import TYPE_CHECKING

from .version import Json

if TYPE_CHECKING:
    from ..analysis import PageAnalysis
    from ..engines.base import Line, OcrResult, Word
    from ..engines.geometry import Size

Grade = Callable[[float], object]  # formats the confidence of a word


def ocr(text: OcrResult, size: Size, language: str) -> Json:
    """Return regions, lines and words with boxes "left,top,width,height".

    The boxes are those of the image rotated clockwise by `textAngle` degrees about its center,
    in the coordinates of the original image: a box can be partly outside it.
    """
    center, turn = complex(*size) / 2, rect(1, radians(text.angle))

    def box(*words: Word) -> str:
        """Return the upright box of words after the rotation."""
        corners = [complex(*point) for word in words for point in word.polygon]
        rotated = [center + turn * (corner - center) for corner in corners]
        xs, ys = [point.real for point in rotated], [point.imag for point in rotated]
        left, top, right, bottom = round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))
        return f"{left},{top},{right - left},{bottom - top}"

    def line_json(line: Line) -> Json:
        words = [{"boundingBox": box(word), "text": word.text} for word in line.words]
        return {"boundingBox": box(*line.words), "words": words}

    regions = [
        {
            "boundingBox": box(*(word for line in region for word in line.words)),
            "lines": [line_json(line) for line in region],
        }
        for region in text.regions
    ]
    return {
        "language": text.language if language == "unk" else language,
        "textAngle": round(text.angle, 4),
        "orientation": text.orientation,
        "regions": regions,
    }


def page(page: PageAnalysis, head: Json, rows: Iterable[Line], grade: Grade) -> Json:
    """Return one page of Read, whose language and angle are in `head`."""
    width, height = map(page.to_unit, page.image.size)
    size = {"width": width, "height": height, "unit": page.unit}
    return {"page": page.number, **head, **size, "lines": lines(page, rows, grade)}


def lines(page: PageAnalysis, lines: Iterable[Line], grade: Grade | None = None) -> list[Json]:
    """Return lines and words with polygons of eight numbers in the unit of the page."""

    def text_json(found: Line | Word, **more: object) -> Json:
        polygon = [page.to_unit(value) for point in found.polygon for value in point]
        return {"boundingBox": polygon, "text": found.text, **more}

    def word_json(word: Word) -> Json:
        more = {"confidence": grade(word.confidence)} if grade else {}
        return text_json(word, **more)

    return [text_json(line, words=[word_json(word) for word in line.words]) for line in lines]
