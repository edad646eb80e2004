from __future__ import annotations

import pytest

from visionhelpers.dialects import DIALECTS

OLD, NEW = DIALECTS["v1.0"], DIALECTS["v3.2"]


def page(number: int, *lines: str) -> dict[str, object]:
    words = [{"boundingBox": [1.4, 2.6] * 4, "text": line, "confidence": 0.9} for line in lines]
    found = [
        {"boundingBox": [0.5, 1.5, 2.5, 3, 4, 5, 6, 7.49], "text": word["text"], "words": [word]}
        for word in words
    ]
    return {"page": number, "angle": 0, "width": 9, "height": 9, "unit": "pixel", "lines": found}


def test_the_client_speaks_the_first_version_and_the_last() -> None:
    assert list(DIALECTS) == ["v1.0", "v3.2"]


def test_reading_has_another_name_and_place_in_each() -> None:
    assert (OLD.reading, OLD.results) == ("recognizeText", "textOperations")
    assert (NEW.reading, NEW.results) == ("read/analyze", "read/analyzeResults")


def test_only_the_first_is_told_of_handwriting() -> None:
    assert [OLD.asks(written) for written in (True, False)] == [
        {"handwriting": "true"},
        {"handwriting": "false"},
    ]
    assert NEW.asks(True) == NEW.asks(False) == {"readingOrder": "natural"}


def test_answers_of_the_first_are_left_alone() -> None:
    answer = {"textAngle": 5.5, "status": "Succeeded"}
    assert OLD.read(answer) is OLD.recognised(answer) is answer


def test_the_pages_of_read_become_the_lines_of_recognize_text() -> None:
    pages = [page(1, "one", "two"), page(2), page(3, "three")]
    answer = NEW.recognised({"status": "succeeded", "analyzeResult": {"readResults": pages}})
    assert set(answer) == {"status", "recognitionResult"}
    assert answer["status"] == "Succeeded"
    lines = answer["recognitionResult"]["lines"]
    assert [line["text"] for line in lines] == ["one", "two", "three"]
    assert lines[0] == {
        "boundingBox": [0, 2, 2, 3, 4, 5, 6, 7],
        "text": "one",
        "words": [{"boundingBox": [1, 3] * 4, "text": "one"}],
    }
    assert all(isinstance(number, int) for number in lines[0]["boundingBox"])


def test_radians_become_degrees() -> None:
    answer = NEW.read({"textAngle": -0.0872665, "orientation": "Up", "regions": []})
    assert answer["textAngle"] == pytest.approx(-5, abs=1e-4)
    assert answer["orientation"] == "Up"


def test_an_angle_that_was_not_found_is_not_made_up() -> None:
    assert NEW.read({"regions": []}) == {"regions": []}
