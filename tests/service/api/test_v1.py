from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.api.version import V1_0
from visionservice.errors import ApiError, access_denied, bad_argument
from visionservice.operations import Progress

SEVEN = "ImageType,Faces,Adult,Categories,Color,Tags,Description"


def analyze(service: LocalService, path: str, name: str, **query: object) -> dict[str, Any]:
    response = requests.post(
        f"{service.url}/vision/v1.0/{path}",
        headers={
            "Ocp-Apim-Subscription-Key": service.key,
            "Content-Type": "application/octet-stream",
        },
        params={key: str(value) for key, value in query.items()},
        data=sample_path(name).read_bytes(),
        timeout=60,
    )
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_the_response_contains_exactly_the_requested_features(service: LocalService) -> None:
    response = analyze(service, "analyze", "grace_hopper.jpg", visualFeatures=SEVEN)
    assert set(response) == {
        "imageType", "faces", "adult", "categories", "color", "tags", "description",
        "requestId", "metadata",
    }  # fmt: skip
    assert response["metadata"]["format"] == "Jpeg"


@pytest.mark.parametrize("feature", SEVEN.split(","))
def test_a_single_feature_is_returned_alone(service: LocalService, feature: str) -> None:
    response = analyze(service, "analyze", "coffee_cup.jpg", visualFeatures=feature.lower())
    key = feature[0].lower() + feature[1:]
    assert set(response) == {key, "requestId", "metadata"}


def test_the_default_feature_is_categories(service: LocalService) -> None:
    response = analyze(service, "analyze", "dahlia.jpg")
    assert set(response) == {"categories", "requestId", "metadata"}
    assert response["categories"]


def test_celebrities_are_details_of_the_people_category(service: LocalService) -> None:
    response = analyze(
        service, "analyze", "grace_hopper.jpg", visualFeatures="Faces", details="celebrities"
    )
    assert set(response) == {"faces", "categories", "requestId", "metadata"}
    detailed = [category for category in response["categories"] if "detail" in category]
    assert [category["name"].partition("_")[0] for category in detailed] == ["people"]
    (person,) = detailed[0]["detail"]["celebrities"]
    assert person["name"] == "Grace Hopper"
    assert person["faceRectangle"] == response["faces"][0]["faceRectangle"]


def test_landmarks_are_details_of_buildings_or_outdoors(service: LocalService) -> None:
    response = analyze(service, "analyze", "summer_palace.jpg", details="all")
    detailed = [category for category in response["categories"] if "detail" in category]
    named = [c for c in detailed if c["detail"].get("landmarks")]
    assert [place["name"] for place in named[0]["detail"]["landmarks"]] == ["Summer Palace"]
    assert named[0]["name"].startswith(("building_", "outdoor_"))


def test_celebrities_are_an_empty_list_without_a_match(service: LocalService) -> None:
    response = analyze(service, "analyze", "photographer.jpg", details="Celebrities")
    for category in response["categories"]:
        assert category.get("detail", {"celebrities": []}) == {"celebrities": []}


def test_adult_contains_only_the_adult_score(service: LocalService) -> None:
    adult = analyze(service, "analyze", "coffee_cup.jpg", visualFeatures="Adult")["adult"]
    assert set(adult) == {"isAdultContent", "adultScore"}
    assert adult["isAdultContent"] is False
    assert 0 <= adult["adultScore"] < 0.5


def test_black_and_white_is_returned_in_both_spellings(service: LocalService) -> None:
    for name, expected in (("photographer.jpg", True), ("dahlia.jpg", False)):
        color = analyze(service, "analyze", name, visualFeatures="Color")["color"]
        assert (color["isBwImg"], color["isBWImg"]) == (expected, expected)
        assert len(bytes.fromhex(color["accentColor"])) == 3


def test_captions_are_sorted_and_limited_by_max_candidates(service: LocalService) -> None:
    one = analyze(service, "describe", "chelsea_the_cat.jpg")["description"]
    more = analyze(service, "describe", "chelsea_the_cat.jpg", maxCandidates=3)["description"]
    assert len(one["captions"]) == 1
    assert 1 <= len(more["captions"]) <= 3
    assert more["captions"][0] == one["captions"][0]
    confidences = [caption["confidence"] for caption in more["captions"]]
    assert confidences == sorted(confidences, reverse=True)
    assert "cat" in one["tags"]


def test_domain_models_return_people_and_places(service: LocalService) -> None:
    people = analyze(service, "models/Celebrities/analyze", "grace_hopper.jpg")
    assert [person["name"] for person in people["result"]["celebrities"]] == ["Grace Hopper"]
    places = analyze(service, "models/landmarks/analyze", "summer_palace.jpg")
    assert [place["name"] for place in places["result"]["landmarks"]] == ["Summer Palace"]
    assert analyze(service, "models/landmarks/analyze", "coffee_cup.jpg")["result"] == {
        "landmarks": []
    }


def test_ocr_returns_words(service: LocalService) -> None:
    response = analyze(service, "ocr", "democritus.png", language="unk", detectOrientation="true")
    lines = [line for region in response["regions"] for line in region["lines"]]
    words = [word["text"] for line in lines for word in line["words"]]
    assert words[:6] == ["NOTHING", "EXISTS", "EXCEPT", "ATOMS", "AND", "EMPTY"]
    assert set(response) == {"language", "textAngle", "orientation", "regions"}
    assert (response["language"], response["orientation"]) == ("en", "Up")


def test_codes_that_v1_lacks_become_bad_argument() -> None:
    for code, expected in (("InvalidThumbnailSize", "BadArgument"), ("Timeout", "Timeout")):
        _, content = V1_0.error_body(ApiError(400, code, "no"), "id", "/vision/v1.0/tag")
        assert content["code"] == expected


def test_service_errors_are_flat_and_gateway_errors_are_nested() -> None:
    _, content = V1_0.error_body(bad_argument("no"), "id", "/vision/v1.0/tag")
    assert content == {"code": "BadArgument", "requestId": "id", "message": "no"}
    denied, content = V1_0.error_body(access_denied("http://localhost"), "id", "/vision/v1.0/tag")
    assert (denied.status, set(content)) == (401, {"error"})


def test_an_operation_that_has_not_started_is_reported_as_running() -> None:
    noon = datetime(2026, 9, 13, 12, tzinfo=UTC)
    for status in ("NotStarted", "Running"):
        assert V1_0.progress(Progress(None, noon, noon, status=status)) == {"status": "Running"}
    assert V1_0.progress(Progress(None, noon, noon, status="Succeeded")) == {"status": "Succeeded"}
