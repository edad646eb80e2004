"""JSON of text: upright boxes for OCR, polygons for Recognize Text and Read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import cos, radians, sin
from typing import TYPE_CHECKING

from .version import Json

if TYPE_CHECKING:
    from ..analysis import PageAnalysis
    from ..engines.base import Line, OcrResult, Word
    from ..engines.geometry import Size


def ocr(text: OcrResult, size: Size, language: str) -> Json:
    """Return regions, lines and words with boxes "left,top,width,height".

    The boxes are those of the image rotated clockwise by `textAngle` degrees about its center,
    in the coordinates of the original image: a box can be partly outside it.
    """
    cosine, sine = cos(radians(text.angle)), sin(radians(text.angle))
    center_x, center_y = size[0] / 2, size[1] / 2

    def box(*words: Word) -> str:
        """Return the upright box of words after the rotation."""
        corners = [(x - center_x, y - center_y) for word in words for x, y in word.polygon]
        xs = [center_x + x * cosine - y * sine for x, y in corners]
        ys = [center_y + x * sine + y * cosine for x, y in corners]
        left, top, right, bottom = round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))
        return f"{left},{top},{right - left},{bottom - top}"

    def line_json(line: Line) -> Json:
        words = [{"boundingBox": box(word), "text": word.text} for word in line.words]
        return {"boundingBox": box(*line.words), "words": words}

    regions = [
        {
            "boundingBox": box(*(word for line in region.lines for word in line.words)),
            "lines": [line_json(line) for line in region.lines],
        }
        for region in text.regions
    ]
    return {
        "language": text.language if language == "unk" else language,
        "textAngle": round(text.angle, 4),
        "orientation": text.orientation,
        "regions": regions,
    }


def page(
    page: PageAnalysis, head: Json, rows: Iterable[Line], confidence: Callable[[float], object]
) -> Json:
    """Return one page of Read, whose language and angle are in `head`."""
    width, height = map(page.to_unit, page.image.size)
    size = {"width": width, "height": height, "unit": page.unit}
    return {"page": page.number, **head, **size, "lines": lines(page, rows, confidence)}


def lines(
    page: PageAnalysis,
    lines: Iterable[Line],
    confidence: Callable[[float], object] | None = None,
) -> list[Json]:
    """Return lines and words with polygons of eight numbers in the unit of the page.

    `confidence` formats that of a word; None omits it.
    """

    def text_json(found: Line | Word, **more: object) -> Json:
        polygon = [page.to_unit(value) for point in found.polygon for value in point]
        return {"boundingBox": polygon, "text": found.text, **more}

    def word_json(word: Word) -> Json:
        more = {"confidence": confidence(word.confidence)} if confidence else {}
        return text_json(word, **more)

    return [text_json(line, words=[word_json(word) for word in line.words]) for line in lines]
