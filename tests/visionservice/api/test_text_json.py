from __future__ import annotations

from math import cos, radians, sin

import pytest

from visionservice.api import text_json
from visionservice.engines.base import Line, OcrResult, Region, Word
from visionservice.engines.geometry import Polygon


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def page(*words: Polygon, angle: float = 0.0, language: str = "en") -> OcrResult:
    said = tuple(Word(f"w{number}", polygon, 0.9) for number, polygon in enumerate(words))
    lines = (Line("a line", rectangle(0, 0, 1, 1), said, 0.9),) if words else ()
    regions = (Region(lines),) if words else ()
    return OcrResult(lines, regions, "Up" if words else "NotDetected", angle, language)


def turned(polygon: Polygon, angle: float, x: float, y: float) -> Polygon:
    """Turn a polygon clockwise by an angle in degrees about a point."""
    c, s = cos(radians(angle)), sin(radians(angle))
    a, b, d, e = (
        (x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in polygon
    )
    return a, b, d, e


def test_words_have_boxes_and_lines_and_regions_lie_around_them() -> None:
    text = page(rectangle(10, 20, 30, 32), rectangle(35, 18, 50, 31))
    answer = text_json.ocr(text, 100, 80, "unk")
    assert answer == {
        "language": "en",
        "textAngle": 0.0,
        "orientation": "Up",
        "regions": [
            {
                "boundingBox": "10,18,40,14",
                "lines": [
                    {
                        "boundingBox": "10,18,40,14",
                        "words": [
                            {"boundingBox": "10,20,20,12", "text": "w0"},
                            {"boundingBox": "35,18,15,13", "text": "w1"},
                        ],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("angle", [-12.5, 7.0])
def test_boxes_are_those_of_the_page_turned_upright(angle: float) -> None:
    upright = rectangle(10, 20, 90, 32)
    on_the_photo = turned(upright, -angle, 50, 40)
    answer = text_json.ocr(page(on_the_photo, angle=angle), 100, 80, "en")
    assert answer["textAngle"] == angle
    assert answer["regions"][0]["lines"][0]["words"][0]["boundingBox"] == "10,20,80,12"


def test_the_language_asked_for_is_the_language_answered() -> None:
    assert text_json.ocr(page(language="en"), 9, 9, "fr")["language"] == "fr"
    assert text_json.ocr(page(language="ja"), 9, 9, "unk")["language"] == "ja"


def test_a_page_without_text_has_no_regions() -> None:
    answer = text_json.ocr(page(language="unk"), 9, 9, "unk")
    assert (answer["regions"], answer["orientation"]) == ([], "NotDetected")


def test_recognised_lines_have_eight_whole_numbers_from_the_texts_own_top_left() -> None:
    answer = text_json.recognition(page(((30.4, 9.6), (30, 50), (20, 50), (20, 10))))
    (line,) = answer["lines"]
    assert line["text"] == "a line"
    assert line["words"] == [{"boundingBox": [30, 10, 30, 50, 20, 50, 20, 10], "text": "w0"}]
    assert all(type(number) is int for number in line["boundingBox"])
