from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PIL import Image

from visionhelpers import results, text
from visionhelpers.images import Upload
from visionhelpers.results import Item, Result, SummaryLine, rescale, summarize

HOPPER = {"name": "Grace Hopper", "confidence": 0.9}
PALACE = {"name": "Summer Palace", "confidence": 0.97}
CUP = {"object": "cup", "confidence": 0.9, "rectangle": {"x": 1, "y": 2, "w": 30, "h": 40}}
ADULT = {"isAdultContent": False, "adultScore": 0.01, "isRacyContent": True, "racyScore": 0.8}
CATEGORIES = ["drink_ (0.75)", "people_ (0.50)"]
ABOUT = "Language en, orientation Up"
TAGS = [{"name": "cup", "confidence": 0.95}, {"name": "table", "confidence": 0.5}]
read_words = partial(results.words, width=100, height=80)


def described(*captions: tuple[str, float], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    found = [{"text": each, "confidence": confidence} for each, confidence in captions]
    return {"description": {"tags": list(tags), "captions": found}}


def categories(**detail: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a result of analyze with two categories, the second of which has details."""
    drink = {"name": "drink_", "score": 0.75}
    return {"categories": [drink, {"name": "people_", "score": 0.5, "detail": detail}]}


def face(left: int, side: int = 30, **known: object) -> dict[str, Any]:
    rectangle = {"left": left, "top": left + 10, "width": side, "height": side}
    return {"faceRectangle": rectangle, **known}


def printed(*lines: str, box: str = "10,20,30,40", **more: object) -> dict[str, Any]:
    """Return a result of ocr."""
    found = [
        {"boundingBox": box, "words": [{"boundingBox": box, "text": word} for word in line.split()]}
        for line in lines
    ]
    return {"language": "en", "orientation": "Up", "regions": [{"lines": found}], **more}


def recognized(*lines: str, pages: int = 0, unit: str = "pixel") -> dict[str, Any]:
    """Return a result of recognize_text; in a document, a line is on each page."""
    box = [1, 1, 4, 1, 4, 2, 1, 2]
    found = [{"boundingBox": box, "text": each, "words": []} for each in lines]
    if not pages:
        return {"status": "Succeeded", "recognitionResult": {"lines": found}}
    numbered = [each | {"page": page} for page, each in enumerate(found, 1)]
    about = [{"page": n, "width": 8.5, "height": 11, "unit": unit} for n in range(1, pages + 1)]
    return {"status": "Succeeded", "recognitionResult": {"lines": numbered, "pages": about}}


# Captions, faces and objects


@pytest.mark.parametrize(
    ("result", "caption"),
    [
        (described(("a dog", 0.9), ("a cat", 0.1)), "a dog"),
        (described(), ""),
        ({"result": {"landmarks": [PALACE]}}, "Summer Palace"),
        ({"result": {"landmarks": []}}, ""),
        (categories(celebrities=[], landmarks=[PALACE]), "Summer Palace"),
        (categories(landmarks=[]), ""),
        (categories(), ""),
        ({"categories": []}, ""),
    ],
)
def test_the_caption_is_the_first_or_a_landmark(result: Result, caption: str) -> None:
    assert results.caption(result) == caption


@pytest.mark.parametrize(
    ("result", "labels"),
    [
        pytest.param(
            {"faces": [face(0, age=39, gender="Male"), face(90, age=None, gender="Female")]},
            ["39, Male", "Female"],
            id="the age and the gender that a face has",
        ),
        pytest.param(
            {"faces": [face(100, 100, age=30), face(140, 100, age=40), face(300)]},
            ["30", "40", ""],
            id="faces that overlap are two",
        ),
        pytest.param(
            {"result": {"celebrities": [face(10, 100, **HOPPER)]}, "faces": [face(40, 40, age=60)]},
            ["Grace Hopper"],
            id="a face inside the wider rectangle of its name is the same face",
        ),
        pytest.param(
            categories(celebrities=[face(10, **HOPPER)] * 2)
            | {"faces": [face(12, 34, age=60, gender="Female"), face(90, age=8)]},
            ["Grace Hopper", "8"],
            id="a face with a name is returned once",
        ),
        ({"faces": []}, []),
        ({"result": {"celebrities": []}}, []),
        (categories(), []),
    ],
)
def test_a_face_is_labeled_with_what_the_result_contains(result: Result, labels: list[str]) -> None:
    assert [each.text for each in results.faces(result)] == labels


def test_faces_and_objects_have_corners() -> None:
    (found,) = results.faces({"faces": [face(10)]})
    assert found.corners == ((10, 20), (40, 20), (40, 50), (10, 50))
    assert results.objects({"objects": [CUP]}) == [(((1, 2), (31, 2), (31, 42), (1, 42)), "cup")]
    assert results.objects({"objects": []}) == []


# Text


def test_words_are_turned_back_about_the_center_of_the_image() -> None:
    # A quarter turn clockwise about (50, 40) takes (45, 20) to (70, 35).
    (((corners, word),),) = read_words(printed("word", box="60,35,10,20", textAngle=90.0))
    assert word == "word"
    expected = ((45, 30), (45, 20), (65, 20), (65, 30))
    for corner, turned in zip(corners, expected, strict=True):
        assert corner == pytest.approx(turned)


def test_the_first_corner_is_the_top_left_of_the_text() -> None:
    corners = ((10, 20), (40, 20), (40, 60), (10, 60))
    for turns, orientation in enumerate(("Up", "Right", "Down", "Left", "NotDetected")):
        ((word,),) = read_words(printed("word", orientation=orientation))
        assert word.corners == corners[turns % 4 :] + corners[: turns % 4]


def test_words_are_grouped_by_line() -> None:
    found = read_words(printed("one two", "three"))
    assert [[word.text for word in line] for line in found] == [["one", "two"], ["three"]]
    assert read_words({"language": "unk", "regions": []}) == []


def test_lines_are_of_one_page() -> None:
    result = recognized("one", "two", pages=3)
    for page, found in ((1, ["one"]), (2, ["two"]), (3, [])):
        assert [line.text for line in results.lines(result, page=page)] == found
    with pytest.raises(ValueError, match="Invalid page 4: use one of 1, 2, 3"):
        results.lines(result, page=4)
    for page in (0, 2):
        with pytest.raises(ValueError, match=f"Invalid page {page}: use one of 1"):
            results.lines(recognized("one"), page=page)


def test_only_boxes_in_inches_are_scaled_to_the_width_of_the_image() -> None:
    corners = ((1, 1), (4, 1), (4, 2), (1, 2))
    inches = recognized("one", pages=1, unit="inch")
    for result in (recognized("one"), inches):
        assert results.lines(result) == [(corners, "one")]
    assert results.lines(recognized("one", "two", pages=2), 850) == [(corners, "one")]
    assert results.lines(inches, 850)[0].corners == ((100, 100), (400, 100), (400, 200), (100, 200))


def test_the_text_is_one_line_for_each_line() -> None:
    assert text(printed("one two", "three")) == "one two\nthree"
    assert text(recognized("one two", "three")) == "one two\nthree"
    assert text(recognized("one", "two", pages=2)) == "one\ntwo"
    assert text(printed()) == text(recognized()) == ""


# Tags, names and results of other operations


def test_tags_have_their_confidence_where_the_api_returns_one() -> None:
    assert results.tags({"tags": TAGS}) == [Item("cup", 0.95), Item("table", 0.5)]
    assert results.tags(described(tags=("cup",))) == [Item("cup")]
    assert results.tags({"tags": []}) == []
    assert results.tags({"faces": []}) is None


def test_names_are_returned_once() -> None:
    details = categories(celebrities=[HOPPER, HOPPER], landmarks=[PALACE])
    assert results.names(details) == ["Grace Hopper", "Summer Palace"]
    assert results.names({"result": {"landmarks": [PALACE]}}) == ["Summer Palace"]
    assert results.names({"result": {"celebrities": []}}) == []
    assert results.names({"tags": []}) is None


@pytest.mark.parametrize(
    ("reader", "operation"),
    [
        (results.caption, "describe"),
        (results.faces, "Faces"),
        (results.objects, "Objects"),
        (read_words, "ocr"),
        (results.lines, "recognize_text"),
        (results.text, "recognize_text"),
    ],
)
def test_a_reader_names_its_operation(reader: Callable[[Result], object], operation: str) -> None:
    for result, found in (({}, "nothing"), ({"tags": [], "id": "1"}, "'tags', 'id'")):
        with pytest.raises(ValueError, match=f"Invalid result with {found}: .*{operation}"):
            reader(result)


# Summaries


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (
            described(("a cup", 0.98), ("a table", 0.4), tags=("cup", "coffee")),
            ["a cup (0.98)", "a table (0.40)", "Tags: cup, coffee"],
        ),
        (described(), ["No caption found."]),
        ({"tags": TAGS}, ["2 tags found:", "cup (0.95)", "table (0.50)"]),
        ({"tags": []}, ["No tag found."]),
        (categories(), ["2 categories found:", *CATEGORIES]),
        ({"faces": [face(0, age=39), face(90)]}, ["2 faces found:", "39", "a face"]),
        ({"faces": []}, ["No face found."]),
        ({"objects": [CUP]}, ["1 object found:", "cup (0.90)"]),
        ({"brands": [HOPPER]}, ["1 brand found:", "Grace Hopper (0.90)"]),
        ({"adult": ADULT}, ["Adult content: no (0.01)", "Racy content: yes (0.80)"]),
        (
            {
                "color": {
                    "dominantColorForeground": "Brown",
                    "dominantColorBackground": "White",
                    "dominantColors": ["Brown", "White"],
                    "accentColor": "B0603C",
                    "isBwImg": False,
                }
            },
            [
                "Foreground: Brown",
                "Background: White",
                "Dominant colors: Brown, White",
                "Accent color: #B0603C",
                "Black and white: no",
            ],
        ),
        (
            {"imageType": {"clipArtType": 3, "lineDrawingType": 0}},
            ["Clip art: yes, good clip art", "Line drawing: no"],
        ),
        ({"result": {"celebrities": [HOPPER]}}, ["1 celebrity found:", "Grace Hopper (0.90)"]),
        ({"result": {"celebrities": []}}, ["No celebrity found."]),
        ({"result": {"landmarks": [PALACE]}}, ["1 landmark found:", "Summer Palace (0.97)"]),
        (
            printed("one two", "three", textAngle=-4.96),
            ["2 lines found:", "one two", "three", f"{ABOUT}, turned by -5.0 degrees."],
        ),
        (printed(), ["No line found.", f"{ABOUT}."]),
        (recognized("Washington, D.C. (0.98)"), ["1 line found:", "Washington, D.C. (0.98)"]),
        (Image.new("RGB", (60, 90)), ["A thumbnail of 60 x 90 pixels, returned as an image."]),
        ({"requestId": "1", "metadata": {"width": 9, "height": 9}}, ["Nothing found."]),
        pytest.param(
            categories(celebrities=[HOPPER]) | {"requestId": "1", **described(("a cup", 0.98))},
            ["a cup (0.98)", "2 categories found:", *CATEGORIES, "Names: Grace Hopper"],
            id="an analysis begins with the caption and ends with the names",
        ),
    ],
)
def test_each_result_has_a_summary(result: Any, lines: list[str]) -> None:
    assert list(map(str, summarize(result))) == lines


def test_a_line_of_a_summary_has_an_item_with_its_confidence_for_each_name() -> None:
    rome = categories(landmarks=[{"name": "Rome, Italy"}])
    assert summarize(rome)[-1] == SummaryLine((Item("Rome, Italy"),), "Names: ")
    assert summarize({"tags": TAGS})[1] == SummaryLine((Item("cup", 0.95),))


# Rescaling


@pytest.mark.parametrize(
    ("name", "value", "rescaled"),
    [
        ("faceRectangle", {"left": 1, "top": 2}, {"left": 2, "top": 4}),
        ("boundingBox", "1,2,30,40", "2,4,60,80"),
        ("boundingBox", [1, 2, 3, 4.5], [2, 4, 6, 9]),
        ("boundingBox", {"x": 1, "h": 40}, {"x": 2, "h": 80}),
        ("rectangle", {"y": 2, "w": 30}, {"y": 4, "w": 60}),
        ("boundingPolygon", [{"x": 1, "y": 2}], [{"x": 2, "y": 4}]),
        ("areaOfInterest", {"x": 1, "w": 30}, {"x": 2, "w": 60}),
        ("metadata", {"width": 9, "format": "Png"}, {"width": 201, "height": 100, "format": "Png"}),
        ("textAngle", 1.5, 1.5),
        ("page", 2, 2),
    ],
)
def test_every_box_of_every_version_is_rescaled(name: str, value: Any, rescaled: Any) -> None:
    result = {"lines": [{name: value, "text": "1,2,3,4", "words": [{name: value}]}]}
    expected = {"lines": [{name: rescaled, "text": "1,2,3,4", "words": [{name: rescaled}]}]}
    assert rescale(result, Upload({}, (201, 100), 2.0)) == expected


def test_rescaled_pixels_are_whole_numbers() -> None:
    box = rescale({"boundingBox": [10, 11], "rectangle": {"x": 5}}, Upload({}, (9, 9), 1.26))
    assert repr(box) == "{'boundingBox': [13, 14], 'rectangle': {'x': 6}}"


def test_the_result_of_an_image_sent_at_its_size_is_not_changed() -> None:
    result = {"lines": [{"boundingBox": [1, 2]}]}
    assert rescale(result, Upload({})) is result
