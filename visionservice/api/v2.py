"""API v2.0 and v2.1: objects with boxes, the area of interest, and Read of many pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import bad_argument
from . import analysis_json, text_json, v1
from .limits import MAX_PAGES_V2
from .query import Query
from .version import DocumentHandler, ImageHandler, Json, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis, PageAnalysis
    from ..engines.base import Word
    from ..operations import Progress

V2_CODES = v1.V1_CODES | {
    "UnsupportedMediaType", "NotSupportedFeature", "DetectFaceError", "InvalidThumbnailSize",
    "InvalidModel", "CancelledRequest",
}  # fmt: skip
V2_FEATURES = (*v1.V1_FEATURES, "Objects", "Brands")
LOW_CONFIDENCE = 0.8
"""Words below this confidence are marked "Low"; correctly read words have 0.9 and more."""


def progress(operation: Progress) -> Json:
    """Return the status of Get Text Operation Result and Get Read Operation Result."""
    return {"status": operation.status}


V2_0 = Version("v2.0", v1.flat_error(V2_CODES), "/vision/v2.0", progress, V2_FEATURES)
V2_1 = replace(V2_0, name="v2.1", root="/vision/v2.1", angle_in_radians=True, supports_exclude=True)


def detect(_: Query, version: Version) -> ImageHandler:
    """Detect Objects: objects with a rectangle."""
    return lambda analysis, request_id: (
        analysis_json.objects(analysis) | analysis_json.footer(analysis, request_id, version)
    )


def area_of_interest(_: Query, version: Version) -> ImageHandler:
    """Get Area of Interest: the rectangle of the most important area."""

    def respond(analysis: ImageAnalysis, request_id: str) -> Json:
        area = analysis_json.xywh(analysis.area_of_interest)
        return {"areaOfInterest": area} | analysis_json.footer(analysis, request_id, version)

    return respond


def recognize_text(query: Query, _: Version) -> DocumentHandler:
    """Recognize Text: one image; one model reads print and handwriting."""
    mode = query.text("mode")
    if not mode:
        raise bad_argument("mode is required: Handwritten or Printed.")
    if mode.lower() not in ("handwritten", "printed"):
        raise bad_argument(f"Invalid mode {mode[:40]!r}: use Handwritten or Printed.")
    return lambda _: ReadPlan((1,), _page, lambda pages: {"recognitionResult": pages[0]})


def read(_: Query, __: Version) -> DocumentHandler:
    """Batch Read File: every page of an image, a TIFF or a PDF."""
    return lambda count: ReadPlan(
        range(1, min(count, MAX_PAGES_V2) + 1), _page, lambda pages: {"recognitionResults": pages}
    )


def _page(page: PageAnalysis) -> Json:
    return {
        "page": page.number,
        "clockwiseOrientation": round(page.text.clockwise % 360, 2),
        "width": page.width,
        "height": page.height,
        "unit": page.unit,
        "lines": text_json.lines(page, page.text.lines, _grade),
    }


def _grade(word: Word) -> str:
    return "High" if word.confidence >= LOW_CONFIDENCE else "Low"
