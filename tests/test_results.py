from __future__ import annotations

from math import isclose

import pytest

from visionhelpers import results as answers


def face(left: int, top: int, side: int, **known: object) -> dict[str, object]:
    rectangle = {"left": left, "top": top, "width": side, "height": side}
    return {"faceRectangle": rectangle, **known}


def test_the_first_caption_is_taken():
    found = [{"text": "a dog", "confidence": 0.9}, {"text": "a cat", "confidence": 0.1}]
    assert answers.caption({"description": {"tags": [], "captions": found}}) == "a dog"


def test_a_landmark_is_found_in_the_answer_of_the_model_and_in_a_category():
    landmarks = [{"name": "Summer Palace", "confidence": 0.9}]
    assert answers.caption({"result": {"landmarks": landmarks}}) == "Summer Palace"
    categories = [
        {"name": "people_", "score": 0.9, "detail": {"celebrities": []}},
        {"name": "building_", "score": 0.4, "detail": {"landmarks": landmarks}},
    ]
    assert answers.caption({"categories": categories}) == "Summer Palace"


def test_nothing_found_is_no_caption():
    assert answers.caption({"description": {"tags": [], "captions": []}}) == ""
    assert answers.caption({"result": {"landmarks": []}}) == ""


def test_faces_are_written_as_age_and_gender_and_as_what_is_known_of_them():
    found = answers.faces(
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


def test_faces_that_overlap_are_two():
    crowd = {"faces": [face(100, 100, 100, age=30), face(140, 140, 100, age=40)]}
    assert [each.text for each in answers.faces(crowd)] == ["30", "40"]


def test_a_face_with_a_name_is_found_once_whatever_part_tells_it():
    hopper = face(10, 20, 30, name="Grace Hopper", confidence=0.9)
    analysis = {
        "categories": [
            {"name": "people_", "detail": {"celebrities": [hopper]}},
            {"name": "people_portrait", "detail": {"celebrities": [hopper]}},
        ],
        "faces": [face(12, 18, 34, age=60, gender="Female"), face(90, 20, 30, age=8)],
    }
    assert [each.text for each in answers.faces(analysis)] == ["Grace Hopper", "8"]


def test_words_are_turned_back_about_the_middle_of_the_picture():
    # A quarter turn clockwise about (50, 40) takes (45, 20) to (70, 35).
    ocr = answer("60,35,10,20", textAngle=90.0)
    (corners, text) = answers.words(ocr, 100, 80)[0][0]
    assert text == "word"
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
def test_the_first_corner_is_the_words_own_top_left(orientation, first):
    ocr = answer("10,20,30,40", orientation=orientation)
    assert answers.words(ocr, 100, 80)[0][0].corners[0] == first


def test_words_without_an_angle_lie_as_they_are():
    corners = ((10, 20), (40, 20), (40, 60), (10, 60))
    assert answers.words(answer("10,20,30,40"), 100, 80)[0][0].corners == corners


def test_lines_are_pairs_out_of_eight_numbers():
    line = {"boundingBox": [1, 2, 3, 4, 5, 6, 7, 8], "text": "read me", "words": []}
    found = answers.lines({"status": "Succeeded", "recognitionResult": {"lines": [line]}})
    assert found == [(((1, 2), (3, 4), (5, 6), (7, 8)), "read me")]


@pytest.mark.parametrize(
    ("read", "needed"),
    [
        (answers.caption, "describe"),
        (answers.faces, "Faces"),
        (lambda answer: answers.words(answer, 10, 10), "ocr"),
        (answers.lines, "recognize_text"),
    ],
)
@pytest.mark.parametrize("answer", [{}, {"status": "Running"}, {"categories": [{"name": "x_"}]}])
def test_an_answer_of_another_operation_says_which_one_is_needed(read, needed, answer):
    with pytest.raises(ValueError, match=needed) as raised:
        read(answer)
    assert str(raised.value).endswith(next(iter(map(repr, answer)), "nothing"))


def answer(box: str, **more: object) -> dict[str, object]:
    words = [{"boundingBox": box, "text": "word"}]
    return {"language": "en", "regions": [{"lines": [{"words": words}]}], **more}
