from __future__ import annotations

from math import cos, radians, sin
from typing import Any, cast

import pytest

from visionservice.analysis import PageAnalysis
from visionservice.api import text_json
from visionservice.engines.base import Line, OcrResult, Word
from visionservice.engines.geometry import Polygon
from visionservice.imaging.document_process import DPI


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def ocr_result(*words: Polygon, angle: float = 0.0, language: str = "en") -> OcrResult:
    spans = tuple(Word(f"w{number}", polygon, 0.9) for number, polygon in enumerate(words))
    lines = (Line("a line", rectangle(0, 0, 1, 1), spans, 0.9),) if words else ()
    regions = (lines,) if words else ()
    return OcrResult(lines, regions, "Up" if words else "NotDetected", angle, language)


def rotated(polygon: Polygon, angle: float, x: float, y: float) -> Polygon:
    """Rotate a polygon clockwise by an angle in degrees about a point."""
    c, s = cos(radians(angle)), sin(radians(angle))
    a, b, d, e = (
        (x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in polygon
    )
    return a, b, d, e


def test_lines_and_regions_have_the_boxes_of_their_words() -> None:
    text = ocr_result(rectangle(10, 20, 30, 32), rectangle(35, 18, 50, 31))
    words = [
        {"boundingBox": "10,20,20,12", "text": "w0"},
        {"boundingBox": "35,18,15,13", "text": "w1"},
    ]
    line = {"boundingBox": "10,18,40,14", "words": words}
    assert text_json.ocr(text, (100, 80), "unk") == {
        "language": "en",
        "textAngle": 0.0,
        "orientation": "Up",
        "regions": [{"boundingBox": "10,18,40,14", "lines": [line]}],
    }


@pytest.mark.parametrize("angle", [-12.5, 7.0])
def test_boxes_are_those_of_the_rotated_page(angle: float) -> None:
    upright = rectangle(10, 20, 90, 32)
    on_the_photo = rotated(upright, -angle, 50, 40)
    response = text_json.ocr(ocr_result(on_the_photo, angle=angle), (100, 80), "en")
    assert response["textAngle"] == angle
    assert response["regions"][0]["lines"][0]["words"][0]["boundingBox"] == "10,20,80,12"


def test_the_language_is_the_requested_or_the_detected_one() -> None:
    assert text_json.ocr(ocr_result(language="en"), (9, 9), "fr")["language"] == "fr"
    without_text = text_json.ocr(ocr_result(language="ja"), (9, 9), "unk")
    assert without_text["language"] == "ja"
    assert (without_text["regions"], without_text["orientation"]) == ([], "NotDetected")


@pytest.mark.parametrize(
    ("unit", "box"),
    [
        ("pixel", [30, 10, 30, 50, 20, 50, 20, 10]),
        ("inch", [0.304, 0.096, 0.3, 0.5, 0.2, 0.5, 0.2, 0.1]),
    ],
)
def test_lines_have_polygons_of_eight_numbers_in_the_unit_of_the_page(
    unit: Any, box: list[float]
) -> None:
    scale = 1 if unit == "pixel" else DPI / 100
    corners = ((30.4, 9.6), (30, 50), (20, 50), (20, 10))
    polygon: Any = tuple((x * scale, y * scale) for x, y in corners)
    text = ocr_result(polygon)
    page = PageAnalysis(1, cast(Any, None), unit)
    (line,) = text_json.lines(page, text.lines, lambda confidence: confidence)
    assert line["text"] == "a line"
    assert line["words"] == [{"boundingBox": box, "text": "w0", "confidence": 0.9}]
    (line,) = text_json.lines(page, text.lines)
    assert line["words"] == [{"boundingBox": box, "text": "w0"}]
    assert {type(number) for number in line["boundingBox"]} == {int if unit == "pixel" else float}
