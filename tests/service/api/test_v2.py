from __future__ import annotations

import pytest
import requests

from tests.support.http_client import KEY, post_sample, read_sample
from visionservice import LocalService


def test_objects_have_rectangles_and_more_general_parents(service: LocalService) -> None:
    response = post_sample(service, "v2.0/detect", "chelsea_the_cat.jpg").json()
    (cat,) = response["objects"]
    assert (cat["object"], cat["parent"]["object"]) == ("cat", "mammal")
    assert cat["parent"]["parent"]["object"] == "animal"
    box = cat["rectangle"]
    assert box["x"] < 150 < 300 < box["x"] + box["w"]
    assert response["metadata"] == {"width": 451, "height": 300, "format": "Jpeg"}


def test_the_area_of_interest_contains_the_subject(service: LocalService) -> None:
    response = post_sample(service, "v2.0/areaOfInterest", "chelsea_the_cat.jpg").json()
    area = response["areaOfInterest"]
    assert area["x"] <= 160 < 280 <= area["x"] + area["w"]
    assert 0 <= area["y"] < area["y"] + area["h"] <= 300


def test_description_exclude_is_a_parameter_since_v2_1(service: LocalService) -> None:
    for version, named in (("v2.0", True), ("v2.1", False)):
        query = {"descriptionExclude": "Celebrities"}
        response = post_sample(service, f"{version}/describe", "grace_hopper.jpg", **query).json()
        caption = response["description"]["captions"][0]["text"]
        assert ("Grace Hopper" in caption) == named, caption


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("recognizeText", "mode is required: Handwritten or Printed."),
        ("recognizeText?mode=Typed", "Invalid mode 'Typed': use Handwritten or Printed."),
        ("analyze?visualFeatures=Brands", "The local service does not support brand detection."),
    ],
)
def test_the_message_of_an_error_names_its_cause(
    service: LocalService, path: str, message: str
) -> None:
    assert post_sample(service, f"v2.0/{path}", "dahlia.jpg").json()["message"] == message


@pytest.mark.parametrize("path", ["v2.0/recognizeText", "v2.1/read/core/asyncBatchAnalyze"])
def test_a_page_has_lines_a_size_and_an_angle(service: LocalService, path: str) -> None:
    response = read_sample(service, path, "handwritten_note.jpg", mode="handwritten")
    assert response["status"] == "Succeeded"
    result = response.get("recognitionResult") or response["recognitionResults"][0]
    assert result["lines"][0]["text"] == "Dear Ada,"
    assert (result["page"], result["unit"]) == (1, "pixel")
    assert result["clockwiseOrientation"] == pytest.approx(357.8, abs=1)  # it slopes upwards
    word = result["lines"][0]["words"][0]
    assert (word["confidence"], len(word["boundingBox"])) == ("High", 8)


def test_an_operation_is_unknown_under_other_paths(service: LocalService) -> None:
    accepted = post_sample(service, "v2.0/recognizeText", "coffee_cup.jpg", mode="Printed")
    location = accepted.headers["Operation-Location"]
    assert "/vision/v2.0/textOperations/" in location
    for other in ("v2.1/textOperations", "v2.0/read/operations", "v3.2/read/analyzeResults"):
        url = location.replace("v2.0/textOperations", other)
        response = requests.get(url, headers={KEY: service.key}, timeout=10)
        assert response.status_code == 404
        assert response.json()["message"].endswith("not found or expired.")


def test_the_text_angle_is_in_degrees_and_from_v2_1_in_radians(service: LocalService) -> None:
    angles = [
        post_sample(service, f"{version}/ocr", "printed_page.jpg").json()["textAngle"]
        for version in ("v1.0", "v2.0", "v2.1", "v3.2")
    ]
    assert angles[0] == angles[1] != 0
    assert angles[2] == angles[3] == pytest.approx(angles[0] * 0.0174533, abs=1e-3)
