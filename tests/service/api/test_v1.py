from __future__ import annotations

from typing import Any

from tests.support.http_client import post_sample
from visionservice import LocalService


def v1(service: LocalService, path: str, name: str, **query: str) -> Any:
    return post_sample(service, f"v1.0/{path}", name, **query).json()


def test_the_default_feature_is_categories(service: LocalService) -> None:
    response = v1(service, "analyze", "dahlia.jpg")
    assert set(response) == {"categories", "requestId", "metadata"}
    assert response["categories"]


def test_names_are_details_of_their_categories(service: LocalService) -> None:
    query = {"visualFeatures": "Faces", "details": "celebrities"}
    response = v1(service, "analyze", "grace_hopper.jpg", **query)
    assert set(response) == {"faces", "categories", "requestId", "metadata"}
    (people,) = [category for category in response["categories"] if "detail" in category]
    assert people["name"].startswith("people_")
    (person,) = people["detail"]["celebrities"]
    assert person["name"] == "Grace Hopper"
    assert person["faceRectangle"] == response["faces"][0]["faceRectangle"]
    categories = v1(service, "analyze", "summer_palace.jpg", details="all")["categories"]
    found = [each for each in categories if each.get("detail", {}).get("landmarks")]
    assert [place["name"] for place in found[0]["detail"]["landmarks"]] == ["Summer Palace"]
    assert found[0]["name"].startswith(("building_", "outdoor_"))


def test_a_domain_model_without_a_match_returns_an_empty_list(service: LocalService) -> None:
    assert v1(service, "models/landmarks/analyze", "coffee_cup.jpg")["result"] == {"landmarks": []}


def test_black_and_white_is_returned_in_both_spellings(service: LocalService) -> None:
    for name, expected in (("photographer.jpg", True), ("dahlia.jpg", False)):
        color = v1(service, "analyze", name, visualFeatures="Color")["color"]
        assert (color["isBwImg"], color["isBWImg"]) == (expected, expected)
        assert len(bytes.fromhex(color["accentColor"])) == 3


def test_captions_are_sorted_and_limited_by_max_candidates(service: LocalService) -> None:
    one = v1(service, "describe", "chelsea_the_cat.jpg")["description"]["captions"]
    more = v1(service, "describe", "chelsea_the_cat.jpg", maxCandidates="3")["description"]
    confidences = [caption["confidence"] for caption in more["captions"]]
    assert more["captions"][:1] == one
    assert 1 < len(confidences) <= 3
    assert confidences == sorted(confidences, reverse=True)
