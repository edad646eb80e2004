"""API v2.0 and v2.1: objects with boxes, the area of interest, and Read of many pages."""

from ..analysis import PageAnalysis
from ..errors import bad_argument
from . import text_json
from .analysis_json import handler, objects, xywh
from .query import Query
from .version import ImageHandler, Json, ReadPlan, Version

MAX_READ_PAGES = 200
MIN_HIGH = 0.8  # confidence of words that are marked "High"; correctly read ones have 0.9 and more


def detect(_: Query, version: Version) -> ImageHandler:
    """Detect Objects: objects with a rectangle."""
    return handler(version, objects=objects)


def area_of_interest(_: Query, version: Version) -> ImageHandler:
    """Get Area of Interest: the rectangle of the most important area."""
    return handler(version, areaOfInterest=lambda analysis: xywh(analysis.area_of_interest))


def recognize_text(query: Query, _: Version) -> ReadPlan:
    """Recognize Text: one image; one model reads print and handwriting."""
    if not query.text("mode"):
        raise bad_argument("mode is required: Handwritten or Printed.")
    query.choice("mode", "Handwritten", "Printed")
    return ReadPlan(_page, lambda pages: {"recognitionResult": pages[0]})


def read(_: Query, __: Version) -> ReadPlan:
    """Batch Read File: every page of an image, a TIFF or a PDF."""
    first = range(1, MAX_READ_PAGES + 1)
    return ReadPlan(_page, lambda pages: {"recognitionResults": pages}, lambda n: first[:n])


def _page(page: PageAnalysis) -> Json:
    text = page.image.ocr()
    angle = {"clockwiseOrientation": round(text.clockwise % 360, 2)}
    return text_json.page(
        page, angle, text.lines, lambda confidence: "High" if confidence >= MIN_HIGH else "Low"
    )
