from __future__ import annotations

import pytest
import requests

from tests.support.http_client import KEY, post_sample, read_sample
from visionservice import LocalService
from visionservice.api.version import V4_0, VERSIONS, version_at


@pytest.mark.parametrize("version", ["v2.0", "v2.1", "v3.0", "v3.1", "v3.2"])
def test_objects_have_rectangles_and_more_general_parents(
    service: LocalService, version: str
) -> None:
    response = post_sample(service, f"{version}/detect", "chelsea_the_cat.jpg").json()
    (cat,) = response["objects"]
    assert (cat["object"], cat["parent"]["object"]) == ("cat", "mammal")
    assert cat["parent"]["parent"]["object"] == "animal"
    box = cat["rectangle"]
    assert box["x"] < 150
    assert box["x"] + box["w"] > 300
    assert response["metadata"] == {"width": 451, "height": 300, "format": "Jpeg"}
    assert ("modelVersion" in response) == (version == "v3.2")


def test_analyze_returns_the_same_objects(service: LocalService) -> None:
    response = post_sample(
        service, "v2.1/analyze", "chelsea_the_cat.jpg", visualFeatures="objects"
    ).json()
    assert [thing["object"] for thing in response["objects"]] == ["cat"]


@pytest.mark.parametrize("version", ["v2.0", "v3.1"])
def test_brands_are_not_supported(service: LocalService, version: str) -> None:
    response = post_sample(
        service, f"{version}/analyze", "coffee_cup.jpg", visualFeatures="Tags,Brands"
    )
    assert response.status_code == 400
    assert response.json()["code"] == "NotSupportedFeature"
    assert response.json()["message"] == "The local service does not support brand detection."


def test_v1_has_no_objects(service: LocalService) -> None:
    response = post_sample(service, "v1.0/analyze", "coffee_cup.jpg", visualFeatures="Objects")
    assert response.json()["code"] == "NotSupportedVisualFeature"
    assert post_sample(service, "v1.0/detect", "coffee_cup.jpg").status_code == 404


def test_the_area_of_interest_contains_the_subject(service: LocalService) -> None:
    area = post_sample(service, "v2.0/areaOfInterest", "chelsea_the_cat.jpg").json()[
        "areaOfInterest"
    ]
    assert area["x"] <= 160
    assert area["x"] + area["w"] >= 280
    assert area["y"] >= 0
    assert area["y"] + area["h"] <= 300


def test_description_exclude_omits_names_from_captions(service: LocalService) -> None:
    for version, exclude, named in (
        ("v2.1", "", True),
        ("v2.1", "Celebrities", False),
        ("v2.0", "Celebrities", True),  # which does not have the parameter
    ):
        path = f"{version}/describe"
        response = post_sample(service, path, "grace_hopper.jpg", descriptionExclude=exclude)
        caption = response.json()["description"]["captions"][0]["text"]
        assert ("Grace Hopper" in caption) == named, caption


def test_recognize_text_requires_a_mode(service: LocalService) -> None:
    for query, message in (
        ({}, "mode is required: Handwritten or Printed."),
        ({"mode": "Typed"}, "Invalid mode 'Typed': use Handwritten or Printed."),
    ):
        response = post_sample(service, "v2.0/recognizeText", "handwriting.jpg", **query)
        assert response.json()["code"] == "BadArgument"
        assert response.json()["message"] == message


@pytest.mark.parametrize("version", ["v2.0", "v2.1"])
def test_recognize_text_returns_the_page(service: LocalService, version: str) -> None:
    response = read_sample(
        service, f"{version}/recognizeText", "handwritten_note.jpg", mode="handwritten"
    )
    assert response["status"] == "Succeeded"
    result = response["recognitionResult"]
    assert result["lines"][0]["text"] == "Dear Ada,"
    assert (result["page"], result["unit"]) == (1, "pixel")
    assert result["clockwiseOrientation"] == pytest.approx(357.8, abs=1)  # it slopes upwards
    assert result["lines"][0]["words"][0]["confidence"] == "High"


def test_batch_read_returns_a_list_of_pages(service: LocalService) -> None:
    response = read_sample(service, "v2.1/read/core/asyncBatchAnalyze", "printed_page.jpg")
    (page,) = response["recognitionResults"]
    assert len(page["lines"]) > 3
    assert all(len(line["boundingBox"]) == 8 for line in page["lines"])


def test_an_operation_is_unknown_under_other_paths(service: LocalService) -> None:
    accepted = post_sample(service, "v2.0/recognizeText", "coffee_cup.jpg", mode="Printed")
    location = accepted.headers["Operation-Location"]
    assert "/vision/v2.0/textOperations/" in location
    for other in ("v2.1/textOperations", "v2.0/read/operations", "v3.2/read/analyzeResults"):
        url = location.replace("v2.0/textOperations", other)
        response = requests.get(url, headers={KEY: service.key}, timeout=10)
        assert response.status_code == 404
        assert response.json()["message"].endswith("not found or expired.")


def test_the_text_angle_is_in_degrees_and_from_v2_1_in_radians(
    service: LocalService,
) -> None:
    angles = {}
    for version in ("v1.0", "v2.0", "v2.1", "v3.2"):
        response = post_sample(service, f"{version}/ocr", "printed_page.jpg").json()
        angles[version] = response["textAngle"]
    assert angles["v1.0"] == angles["v2.0"]
    assert angles["v2.1"] == angles["v3.2"] == pytest.approx(angles["v1.0"] * 0.0174533, abs=1e-3)


def test_version_at_returns_the_version_of_a_path() -> None:
    assert [version_at(f"{version.root}/x") for version in VERSIONS] == list(VERSIONS)
    assert version_at("/computervision/imageanalysis:analyze") is V4_0
    assert version_at("/health").name == "v1.0"
