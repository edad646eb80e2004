from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isclose
from typing import Any, get_type_hints

import pytest
from PIL import Image

from visionhelpers import VisionClient, results, text
from visionhelpers.images import Upload
from visionhelpers.results import Analysis, Item, Result, SummaryLine, rescale, summarize

HOPPER = {"name": "Grace Hopper", "confidence": 0.9}
PALACE = {"name": "Summer Palace", "confidence": 0.97}
BOX = {"left": 10, "top": 20, "width": 30, "height": 30}


def face(left: int, top: int, side: int, **known: object) -> dict[str, object]:
    rectangle = {"left": left, "top": top, "width": side, "height": side}
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
    found: list[dict[str, Any]] = [
        {"boundingBox": box, "text": each, "words": []} for each in lines
    ]
    if not pages:
        return {"status": "Succeeded", "recognitionResult": {"lines": found}}
    numbered = [each | {"page": page} for page, each in enumerate(found, 1)]
    about = [{"page": n, "width": 8.5, "height": 11, "unit": unit} for n in range(1, pages + 1)]
    return {"status": "Succeeded", "recognitionResult": {"lines": numbered, "pages": about}}


# Captions


def test_the_caption_is_the_first() -> None:
    found = [{"text": "a dog", "confidence": 0.9}, {"text": "a cat", "confidence": 0.1}]
    assert results.caption({"description": {"tags": [], "captions": found}}) == "a dog"


def test_a_landmark_is_a_caption_wherever_the_result_contains_it() -> None:
    assert results.caption({"result": {"landmarks": [PALACE]}}) == "Summer Palace"
    categories = [
        {"name": "people_", "score": 0.9, "detail": {"celebrities": []}},
        {"name": "building_", "score": 0.4, "detail": {"landmarks": [PALACE]}},
    ]
    assert results.caption({"categories": categories}) == "Summer Palace"


@pytest.mark.parametrize(
    "result",
    [
        {"description": {"tags": [], "captions": []}},
        {"result": {"landmarks": []}},
        {"categories": [{"name": "drink_", "score": 0.9}]},
        {"categories": [{"name": "drink_", "score": 0.9, "detail": {"landmarks": []}}]},
        {"categories": []},
    ],
)
def test_a_result_in_which_nothing_was_found_has_an_empty_caption(result: Result) -> None:
    assert results.caption(result) == ""


# Faces


def test_a_face_is_labeled_with_the_age_and_gender_that_it_has() -> None:
    found = results.faces(
        {
            "faces": [
                face(10, 20, 30, age=39, gender="Male"),
                face(80, 20, 30, age=None, gender="Female"),
                face(150, 20, 30),
            ]
        }
    )
    assert [each.text for each in found] == ["39, Male", "Female", ""]
    assert found[0].corners == ((10, 20), (40, 20), (40, 50), (10, 50))


def test_faces_that_overlap_are_two() -> None:
    crowd = {"faces": [face(100, 100, 100, age=30), face(140, 140, 100, age=40)]}
    assert [each.text for each in results.faces(crowd)] == ["30", "40"]


def test_a_face_inside_the_wider_rectangle_of_its_name_is_the_same_face() -> None:
    named, plain = face(10, 10, 100, **HOPPER), face(40, 40, 40, age=60)
    found = results.faces({"result": {"celebrities": [named]}, "faces": [plain]})
    assert [each.text for each in found] == ["Grace Hopper"]


def test_a_face_with_a_name_is_returned_once_wherever_the_result_contains_it() -> None:
    hopper = face(10, 20, 30, **HOPPER)
    analysis = {
        "categories": [
            {"name": "people_", "detail": {"celebrities": [hopper]}},
            {"name": "people_portrait", "detail": {"celebrities": [hopper]}},
        ],
        "faces": [face(12, 18, 34, age=60, gender="Female"), face(90, 20, 30, age=8)],
    }
    assert [each.text for each in results.faces(analysis)] == ["Grace Hopper", "8"]
    assert [each.text for each in results.faces({"result": {"celebrities": [hopper]}})] == [
        "Grace Hopper"
    ]


@pytest.mark.parametrize(
    "result",
    [
        {"faces": []},
        {"result": {"celebrities": []}},
        {"categories": [{"name": "drink_", "score": 0.9}]},
        {"categories": [{"name": "people_", "score": 0.9, "detail": {"celebrities": []}}]},
        {"categories": []},
    ],
)
def test_a_result_in_which_nobody_was_found_has_no_faces(result: Result) -> None:
    assert results.faces(result) == []


# Objects


def test_objects_have_their_names_and_corners() -> None:
    cup = {"object": "cup", "confidence": 0.9, "rectangle": {"x": 1, "y": 2, "w": 30, "h": 40}}
    assert results.objects({"objects": [cup]}) == [(((1, 2), (31, 2), (31, 42), (1, 42)), "cup")]
    assert results.objects({"objects": []}) == []


# Printed text


def test_words_are_turned_back_about_the_center_of_the_image() -> None:
    # A quarter turn clockwise about (50, 40) takes (45, 20) to (70, 35).
    ((corners, word),) = results.words(printed("word", box="60,35,10,20", textAngle=90.0), 100, 80)[
        0
    ]
    assert word == "word"
    expected = ((45, 30), (45, 20), (65, 20), (65, 30))
    for corner, (x, y) in zip(corners, expected, strict=True):
        assert isclose(corner[0], x)
        assert isclose(corner[1], y)


@pytest.mark.parametrize(
    ("orientation", "first"),
    [
        ("Up", (10, 20)),
        ("Right", (40, 20)),
        ("Down", (40, 60)),
        ("Left", (10, 60)),
        ("NotDetected", (10, 20)),
    ],
)
def test_the_first_corner_is_the_top_left_of_the_text(
    orientation: str, first: tuple[float, float]
) -> None:
    result = printed("word", orientation=orientation)
    assert results.words(result, 100, 80)[0][0].corners[0] == first


def test_words_without_an_angle_are_not_turned() -> None:
    corners = ((10, 20), (40, 20), (40, 60), (10, 60))
    assert results.words(printed("word"), 100, 80)[0][0].corners == corners


def test_words_are_grouped_by_line() -> None:
    found = results.words(printed("one two", "three"), 100, 80)
    assert [[word.text for word in line] for line in found] == [["one", "two"], ["three"]]
    assert results.words({"language": "unk", "regions": []}, 100, 80) == []


# Lines of documents


def test_lines_are_pairs_of_coordinates() -> None:
    line = {"boundingBox": [1, 2, 3, 4, 5, 6, 7, 8], "text": "read me", "words": []}
    found = results.lines({"status": "Succeeded", "recognitionResult": {"lines": [line]}})
    assert found == [(((1, 2), (3, 4), (5, 6), (7, 8)), "read me")]
    assert results.lines(recognized()) == []


def test_lines_are_of_one_page() -> None:
    result = recognized("one", "two", pages=3)
    assert [line.text for line in results.lines(result)] == ["one"]
    assert [line.text for line in results.lines(result, page=2)] == ["two"]
    assert results.lines(result, page=3) == []
    with pytest.raises(ValueError, match="Invalid page 4: use one of 1, 2, 3"):
        results.lines(result, page=4)


@pytest.mark.parametrize("page", [0, 2])
def test_an_image_has_one_page(page: int) -> None:
    with pytest.raises(ValueError, match=f"Invalid page {page}: use one of 1"):
        results.lines(recognized("one"), page=page)


def test_boxes_in_inches_are_scaled_to_the_width_of_the_image() -> None:
    inches = recognized("one", pages=1, unit="inch")
    assert results.lines(inches)[0].corners == ((1, 1), (4, 1), (4, 2), (1, 2))
    assert results.lines(inches, 850)[0].corners == ((100, 100), (400, 100), (400, 200), (100, 200))
    pixels = recognized("one", "two", pages=2)
    assert results.lines(pixels, 850)[0].corners == ((1, 1), (4, 1), (4, 2), (1, 2))


# Texts, tags and names


def test_the_text_is_one_line_for_each_line() -> None:
    assert text(printed("one two", "three")) == "one two\nthree"
    assert text(recognized("one two", "three")) == "one two\nthree"
    assert text(recognized("one", "two", pages=2)) == "one\ntwo"
    assert text(printed()) == text(recognized()) == ""


def test_tags_have_their_confidence_where_the_api_returns_one() -> None:
    tags = [{"name": "cup", "confidence": 0.95}, {"name": "table", "confidence": 0.5}]
    assert results.tags({"tags": tags}) == [Item("cup", 0.95), Item("table", 0.5)]
    assert results.tags({"description": {"tags": ["cup"], "captions": []}}) == [Item("cup")]
    assert results.tags({"tags": []}) == []
    assert results.tags({"faces": []}) is None


def test_names_are_returned_once() -> None:
    categories = [
        {"name": "people_", "detail": {"celebrities": [HOPPER], "landmarks": [PALACE]}},
        {"name": "people_portrait", "detail": {"celebrities": [HOPPER]}},
    ]
    assert results.names({"categories": categories}) == ["Grace Hopper", "Summer Palace"]
    assert results.names({"result": {"landmarks": [PALACE]}}) == ["Summer Palace"]
    assert results.names({"result": {"celebrities": []}}) == []
    assert results.names({"tags": []}) is None


@pytest.mark.parametrize(
    ("reader", "operation"),
    [
        (results.caption, "describe"),
        (results.faces, "Faces"),
        (results.objects, "Objects"),
        (lambda result: results.words(result, 10, 10), "ocr"),
        (results.lines, "recognize_text"),
        (results.text, "recognize_text"),
    ],
)
@pytest.mark.parametrize("result", [{}, {"status": "Running"}, {"tags": [], "requestId": "1"}])
def test_a_reader_names_the_operation_that_it_reads(
    reader: Callable[[Result], object], operation: str, result: Result
) -> None:
    with pytest.raises(ValueError, match=operation) as caught:
        reader(result)
    found = ", ".join(map(repr, result)) or "nothing"
    assert str(caught.value).startswith(f"Invalid result with {found}:")


@pytest.mark.parametrize("reader", [lambda result: results.words(result, 10, 10), results.lines])
def test_categories_contain_no_text(reader: Callable[[Result], object]) -> None:
    with pytest.raises(ValueError, match="'categories'"):
        reader({"categories": [{"name": "text_"}]})


# Summaries


def test_an_item_is_printed_with_its_confidence() -> None:
    assert str(Item("cup", 0.954)) == "cup (0.95)"
    assert str(Item("cup")) == "cup"
    assert (
        str(SummaryLine((Item("cup", 0.5), Item("table")), "Tags: ")) == "Tags: cup (0.50), table"
    )


def line(content: str, confidence: float | None = None) -> SummaryLine:
    return SummaryLine((Item(content, confidence),))


CAPTIONS = [{"text": "a cup", "confidence": 0.98}, {"text": "a table", "confidence": 0.4}]
COLOR = {
    "dominantColorForeground": "Brown",
    "dominantColorBackground": "White",
    "dominantColors": ["Brown", "White"],
    "accentColor": "B0603C",
    "isBwImg": False,
}
SUMMARIES: dict[str, tuple[Any, list[SummaryLine]]] = {
    "describe": (
        {"description": {"tags": ["cup", "coffee"], "captions": CAPTIONS}},
        [
            line("a cup", 0.98),
            line("a table", 0.4),
            SummaryLine((Item("cup"), Item("coffee")), "Tags: "),
        ],
    ),
    "describe nothing": (
        {"description": {"tags": [], "captions": []}},
        [line("No caption found.")],
    ),
    "tag": (
        {"tags": [{"name": "cup", "confidence": 0.9}, {"name": "table", "confidence": 0.5}]},
        [line("2 tags found:"), line("cup", 0.9), line("table", 0.5)],
    ),
    "tag nothing": ({"tags": []}, [line("No tag found.")]),
    "categories": (
        {"categories": [{"name": "drink_", "score": 0.75}]},
        [line("1 category found:"), line("drink_", 0.75)],
    ),
    "faces": (
        {"faces": [face(1, 2, 3, age=39, gender="Male"), face(50, 2, 3)]},
        [line("2 faces found:"), line("39, Male"), line("a face")],
    ),
    "no faces": ({"faces": []}, [line("No face found.")]),
    "objects": (
        {"objects": [{"object": "cup", "confidence": 0.9, "rectangle": {}}]},
        [line("1 object found:"), line("cup", 0.9)],
    ),
    "adult": (
        {"adult": {"isAdultContent": False, "adultScore": 0.01}},
        [line("Adult content: no", 0.01)],
    ),
    "adult of Azure": (
        {
            "adult": {
                "isAdultContent": False,
                "adultScore": 0.01,
                "isRacyContent": True,
                "racyScore": 0.8,
            }
        },
        [line("Adult content: no", 0.01), line("Racy content: yes", 0.8)],
    ),
    "color": (
        {"color": COLOR},
        [
            line("Foreground: Brown"),
            line("Background: White"),
            SummaryLine((Item("Brown"), Item("White")), "Dominant colors: "),
            line("Accent color: #B0603C"),
            line("Black and white: no"),
        ],
    ),
    "image type": (
        {"imageType": {"clipArtType": 3, "lineDrawingType": 0}},
        [line("Clip art: yes, good clip art"), line("Line drawing: no")],
    ),
    "celebrities": (
        {"result": {"celebrities": [HOPPER]}},
        [line("1 celebrity found:"), line("Grace Hopper", 0.9)],
    ),
    "no celebrities": ({"result": {"celebrities": []}}, [line("No celebrity found.")]),
    "landmarks": (
        {"result": {"landmarks": [PALACE]}},
        [line("1 landmark found:"), line("Summer Palace", 0.97)],
    ),
    "ocr": (
        printed("one two", "three", textAngle=-4.96),
        [
            line("2 lines found:"),
            line("one two"),
            line("three"),
            line("Language en, orientation Up, turned by -5.0 degrees."),
        ],
    ),
    "no text": (
        {"language": "unk", "orientation": "NotDetected", "regions": []},
        [line("No line found."), line("Language unk, orientation NotDetected.")],
    ),
    "recognize_text": (
        recognized("Washington, D.C. (0.98)"),
        [line("1 line found:"), line("Washington, D.C. (0.98)")],
    ),
    "thumbnail": (
        Image.new("RGB", (60, 90)),
        [line("A thumbnail of 60 x 90 pixels, returned as an image.")],
    ),
    "nothing": (
        {"requestId": "1", "metadata": {"width": 9, "height": 9}},
        [line("Nothing found.")],
    ),
}


@pytest.mark.parametrize(("result", "lines"), SUMMARIES.values(), ids=SUMMARIES)
def test_each_result_has_a_summary(result: Any, lines: list[SummaryLine]) -> None:
    assert summarize(result) == lines
    assert all(str(each) for each in lines)


def test_the_summary_of_an_analysis_begins_with_the_caption_and_ends_with_the_names() -> None:
    categories = [{"name": "people_", "score": 0.9, "detail": {"celebrities": [HOPPER]}}]
    analysis = {
        "categories": categories,
        "color": COLOR,
        "tags": [{"name": "person", "confidence": 0.9}],
        "description": {"tags": ["person"], "captions": CAPTIONS[:1]},
        "requestId": "1",
        "metadata": {"width": 9, "height": 9, "format": "Jpeg"},
    }
    summary = summarize(analysis)
    assert summary[0] == line("a cup", 0.98)
    assert summary[-1] == SummaryLine((Item("Grace Hopper"),), "Names: ")
    assert line("person", 0.9) in summary


def test_a_name_with_a_comma_is_one_item() -> None:
    categories = [{"name": "x_", "score": 0.9, "detail": {"landmarks": [{"name": "Rome, Italy"}]}}]
    assert summarize({"categories": categories})[-1].items == (Item("Rome, Italy"),)


def test_the_summary_of_brands_names_them() -> None:
    brand = {"name": "Contoso", "confidence": 0.8, "rectangle": {"x": 1, "y": 2, "w": 3, "h": 4}}
    summary = summarize({"brands": [brand]})
    assert summary == [line("1 brand found:"), line("Contoso", 0.8)]


# Rescaling


RESCALED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "left and top": (
        {"faces": [{"age": 40, "faceRectangle": {"left": 1, "top": 2, "width": 30, "height": 31}}]},
        {"faces": [{"age": 40, "faceRectangle": {"left": 2, "top": 4, "width": 60, "height": 62}}]},
    ),
    "text": (
        {"regions": [{"boundingBox": "1,2,30,40", "lines": [{"boundingBox": "1,2,3,4"}]}]},
        {"regions": [{"boundingBox": "2,4,60,80", "lines": [{"boundingBox": "2,4,6,8"}]}]},
    ),
    "corners": (
        {"lines": [{"boundingBox": [1, 2, 3, 4, 5, 6, 7, 8], "text": "1,2,3,4"}]},
        {"lines": [{"boundingBox": [2, 4, 6, 8, 10, 12, 14, 16], "text": "1,2,3,4"}]},
    ),
    "objects of v3.2": (
        {"objects": [{"object": "cup", "rectangle": {"x": 1, "y": 2, "w": 30, "h": 40}}]},
        {"objects": [{"object": "cup", "rectangle": {"x": 2, "y": 4, "w": 60, "h": 80}}]},
    ),
    "boxes of v4.0": (
        {"boundingBox": {"x": 1, "y": 2, "w": 30, "h": 40}},
        {"boundingBox": {"x": 2, "y": 4, "w": 60, "h": 80}},
    ),
    "polygons of v4.0": (
        {"words": [{"boundingPolygon": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "confidence": 0.9}]},
        {"words": [{"boundingPolygon": [{"x": 2, "y": 4}, {"x": 6, "y": 8}], "confidence": 0.9}]},
    ),
    "area of interest": (
        {"areaOfInterest": {"x": 1, "y": 2, "w": 30, "h": 40}},
        {"areaOfInterest": {"x": 2, "y": 4, "w": 60, "h": 80}},
    ),
    "metadata": (
        {"metadata": {"width": 100, "height": 50, "format": "Jpeg"}},
        {"metadata": {"width": 201, "height": 100, "format": "Jpeg"}},
    ),
    "nothing else": (
        {"tags": [{"name": "dog", "confidence": 0.5}], "textAngle": 1.5, "page": 2},
        {"tags": [{"name": "dog", "confidence": 0.5}], "textAngle": 1.5, "page": 2},
    ),
}


@pytest.mark.parametrize(("result", "expected"), RESCALED.values(), ids=RESCALED)
def test_every_box_of_every_version_is_rescaled(
    result: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert rescale(result, Upload({}, (201, 100), 2.0)) == expected


def test_rescaled_pixels_are_whole_numbers() -> None:
    box = rescale({"boundingBox": [10, 11], "rectangle": {"x": 5}}, Upload({}, (9, 9), 1.26))
    assert box == {"boundingBox": [13, 14], "rectangle": {"x": 6}}
    assert all(isinstance(number, int) for number in [*box["boundingBox"], box["rectangle"]["x"]])


def test_the_result_of_an_image_sent_at_its_size_is_not_changed() -> None:
    result = {"lines": [{"boundingBox": [1, 2]}]}
    assert rescale(result, Upload({})) is result


# Types


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("analyze", "Analysis"),
        ("describe", "Analysis"),
        ("tag", "Analysis"),
        ("celebrities", "DomainResult"),
        ("landmarks", "DomainResult"),
        ("ocr", "OcrResult"),
        ("recognize_text", "RecognizeTextResult"),
    ],
)
def test_each_method_returns_a_typed_dict(method: str, expected: str) -> None:
    kind = get_type_hints(getattr(VisionClient, method))["return"]
    assert kind is getattr(results, expected)
    assert isinstance(kind, type(Analysis))


def test_the_types_lead_to_the_text_of_a_caption() -> None:
    description = get_type_hints(Analysis)["description"]
    captions = get_type_hints(description)["captions"]
    (caption,) = captions.__args__
    assert get_type_hints(caption) == {"text": str, "confidence": float}
    assert isinstance(Analysis(), Mapping)
