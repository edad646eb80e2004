"""API v2.0 and v2.1: things with boxes, the area of interest, and files of many pages read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ApiError
from ..imaging.document import DOCUMENTS
from ..imaging.probe import InputLimits
from . import analysis_json, v1
from .query import Query
from .version import DocumentHandler, ImageHandler, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis, PageAnalysis
    from ..engines.base import Line, Word
    from ..engines.geometry import Polygon
    from ..operations import Progress

Json = dict[str, Any]

CODES = v1.CODES | {
    "UnsupportedMediaType",
    "NotSupportedFeature",
    "DetectFaceError",
    "InvalidThumbnailSize",
    "InvalidModel",
    "CancelledRequest",
}
FEATURES = (*v1.FEATURES, "Objects", "Brands")
OCR_PAGE = InputLimits(longest=4200)
TEXT_PAGE = InputLimits(longest=4200, formats=("Jpeg", "Png", "Bmp"))
DOCUMENT = InputLimits(longest=4200, formats=DOCUMENTS, bytes=20 * 1024 * 1024)
MOST_PAGES = 200
CLEAR = 0.8
"""The confidence below which a word is marked as doubtful; words read right have 0.9 and more."""


def progress(done: Progress) -> Json:
    """Get (Text or Read) Operation Result: the text is absent until it is finished."""
    return {"status": done.status}


_error_body = v1.flat_error(CODES)
V2_0 = Version("v2.0", _error_body, "/vision/v2.0", progress, FEATURES)
V2_1 = replace(V2_0, name="v2.1", root="/vision/v2.1", angle_in_radians=True, supports_exclude=True)


def detect(_: Query, version: Version) -> ImageHandler:
    """Detect Objects: things with a rectangle."""
    return lambda picture, request_id: (
        analysis_json.objects(picture) | analysis_json.response_footer(picture, request_id, version)
    )


def area_of_interest(_: Query, version: Version) -> ImageHandler:
    """Get Area of Interest: the rectangle around what a thumbnail would keep."""

    def work(picture: ImageAnalysis, request_id: str) -> Json:
        area = analysis_json.bounds(picture.area_of_interest)
        return {"areaOfInterest": area} | analysis_json.response_footer(
            picture, request_id, version
        )

    return work


def recognize_text(query: Query, _: Version) -> DocumentHandler:
    """Recognize Text: one picture; one model reads print and handwriting."""
    mode = query.text("mode")
    if mode.lower() not in ("handwritten", "printed"):
        given = repr(mode[:40]) if mode else "missing"
        raise ApiError(400, "BadArgument", f"mode is Handwritten or Printed, but it is {given}.")
    return lambda _: ReadPlan((1,), page, lambda pages: {"recognitionResult": pages[0]})


def read(_: Query, __: Version) -> DocumentHandler:
    """Batch Read File: every page of a picture, a TIFF or a PDF."""
    return lambda count: ReadPlan(
        range(1, min(count, MOST_PAGES) + 1), page, lambda pages: {"recognitionResults": pages}
    )


def page(page: PageAnalysis) -> Json:
    """Return a page, its size and its lines, all in pixels or (of a PDF) in inches."""
    return {
        "page": page.number,
        "clockwiseOrientation": round(page.text.clockwise % 360, 2),
        "width": page.width,
        "height": page.height,
        "unit": page.unit,
        "lines": lines(page, page.text.lines, _graded),
    }


def lines(page: PageAnalysis, found: Iterable[Line], graded: Callable[[Word], Json]) -> list[Json]:
    """Return lines and their words, with boxes of eight numbers in the unit of the page."""

    def box(polygon: Polygon) -> list[float]:
        return [page.to_unit(value) for point in polygon for value in point]

    return [
        {
            "boundingBox": box(line.polygon),
            "text": line.text,
            "words": [
                {"boundingBox": box(word.polygon), "text": word.text} | graded(word)
                for word in line.words
            ],
        }
        for line in found
    ]


def _graded(word: Word) -> Json:
    return {"confidence": "High" if word.confidence >= CLEAR else "Low"}
