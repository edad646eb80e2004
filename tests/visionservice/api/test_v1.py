from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.api import v1
from visionservice.api.query import Query
from visionservice.errors import ApiError, access_denied, bad_argument
from visionservice.operations import Progress

SEVEN = "ImageType,Faces,Adult,Categories,Color,Tags,Description"


def look(service: LocalService, path: str, name: str, **query: object) -> dict[str, Any]:
    answer = requests.post(
        f"{service.url}/vision/v1.0/{path}",
        headers={
            "Ocp-Apim-Subscription-Key": service.key,
            "Content-Type": "application/octet-stream",
        },
        params={key: str(value) for key, value in query.items()},
        data=sample_path(name).read_bytes(),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_every_feature_is_answered_and_nothing_else(service: LocalService) -> None:
    answer = look(service, "analyze", "grace_hopper.jpg", visualFeatures=SEVEN)
    assert set(answer) == {
        "imageType", "faces", "adult", "categories", "color", "tags", "description",
        "requestId", "metadata",
    }  # fmt: skip
    assert answer["metadata"]["format"] == "Jpeg"


@pytest.mark.parametrize("feature", SEVEN.split(","))
def test_one_feature_asked_is_one_feature_answered(service: LocalService, feature: str) -> None:
    answer = look(service, "analyze", "coffee_cup.jpg", visualFeatures=feature.lower())
    key = feature[0].lower() + feature[1:]
    assert set(answer) == {key, "requestId", "metadata"}


def test_categories_are_what_is_answered_when_nothing_is_asked(service: LocalService) -> None:
    answer = look(service, "analyze", "dahlia.jpg")
    assert set(answer) == {"categories", "requestId", "metadata"}
    assert answer["categories"]


def test_a_celebrity_hangs_on_people_even_when_only_faces_are_asked(service: LocalService) -> None:
    answer = look(
        service, "analyze", "grace_hopper.jpg", visualFeatures="Faces", details="celebrities"
    )
    assert set(answer) == {"faces", "categories", "requestId", "metadata"}
    hung = [category for category in answer["categories"] if "detail" in category]
    assert [category["name"].partition("_")[0] for category in hung] == ["people"]
    (person,) = hung[0]["detail"]["celebrities"]
    assert person["name"] == "Grace Hopper"
    assert person["faceRectangle"] == answer["faces"][0]["faceRectangle"]


def test_a_landmark_hangs_on_a_building_or_the_outdoors(service: LocalService) -> None:
    answer = look(service, "analyze", "summer_palace.jpg", details="all")
    hung = [category for category in answer["categories"] if "detail" in category]
    named = [c for c in hung if c["detail"].get("landmarks")]
    assert [place["name"] for place in named[0]["detail"]["landmarks"]] == ["Summer Palace"]
    assert named[0]["name"].startswith(("building_", "outdoor_"))


def test_nobody_known_leaves_an_empty_list_under_people(service: LocalService) -> None:
    answer = look(service, "analyze", "photographer.jpg", details="Celebrities")
    for category in answer["categories"]:
        assert category.get("detail", {"celebrities": []}) == {"celebrities": []}


def test_adult_has_the_one_score_that_there_is_a_model_for(service: LocalService) -> None:
    adult = look(service, "analyze", "coffee_cup.jpg", visualFeatures="Adult")["adult"]
    assert set(adult) == {"isAdultContent", "adultScore"}
    assert adult["isAdultContent"] is False
    assert 0 <= adult["adultScore"] < 0.5


def test_black_and_white_is_said_in_both_spellings(service: LocalService) -> None:
    for name, expected in (("photographer.jpg", True), ("dahlia.jpg", False)):
        color = look(service, "analyze", name, visualFeatures="Color")["color"]
        assert (color["isBwImg"], color["isBWImg"]) == (expected, expected)
        assert len(bytes.fromhex(color["accentColor"])) == 3


def test_captions_are_as_many_as_asked_for_at_most_and_sorted(service: LocalService) -> None:
    one = look(service, "describe", "chelsea_the_cat.jpg")["description"]
    more = look(service, "describe", "chelsea_the_cat.jpg", maxCandidates=3)["description"]
    assert len(one["captions"]) == 1
    assert 1 <= len(more["captions"]) <= 3
    assert more["captions"][0] == one["captions"][0]
    confidences = [caption["confidence"] for caption in more["captions"]]
    assert confidences == sorted(confidences, reverse=True)
    assert "cat" in one["tags"]


def test_a_domain_model_names_people_and_places(service: LocalService) -> None:
    people = look(service, "models/Celebrities/analyze", "grace_hopper.jpg")
    assert [person["name"] for person in people["result"]["celebrities"]] == ["Grace Hopper"]
    places = look(service, "models/landmarks/analyze", "summer_palace.jpg")
    assert [place["name"] for place in places["result"]["landmarks"]] == ["Summer Palace"]
    assert look(service, "models/landmarks/analyze", "coffee_cup.jpg")["result"] == {
        "landmarks": []
    }


def test_ocr_reads_the_quotation_into_words(service: LocalService) -> None:
    answer = look(service, "ocr", "democritus.png", language="unk", detectOrientation="true")
    lines = [line for region in answer["regions"] for line in region["lines"]]
    words = [word["text"] for line in lines for word in line["words"]]
    assert words[:6] == ["NOTHING", "EXISTS", "EXCEPT", "ATOMS", "AND", "EMPTY"]
    assert set(answer) == {"language", "textAngle", "orientation", "regions"}
    assert (answer["language"], answer["orientation"]) == ("en", "Up")


def test_a_code_that_v1_lacks_is_told_as_bad_argument() -> None:
    for code, told in (("InvalidThumbnailSize", "BadArgument"), ("Timeout", "Timeout")):
        refusal = v1.V1_0.error_body(ApiError(400, code, "no"), "id", "/vision/v1.0/tag")
        assert refusal.content["code"] == told


def test_service_errors_are_flat_and_the_gateways_are_wrapped() -> None:
    refused = v1.V1_0.error_body(bad_argument("no"), "id", "/vision/v1.0/tag")
    assert refused.content == {"code": "BadArgument", "requestId": "id", "message": "no"}
    denied = v1.V1_0.error_body(access_denied(), "id", "/vision/v1.0/tag")
    assert (denied.status, set(denied.content)) == (401, {"error"})


def test_an_operation_that_has_not_started_is_reported_as_running() -> None:
    noon = datetime(2026, 9, 13, 12, tzinfo=UTC)
    for status in ("NotStarted", "Running"):
        assert v1.progress(Progress(status, noon, noon)) == {"status": "Running"}
    assert v1.progress(Progress("Succeeded", noon, noon)) == {"status": "Succeeded"}


@pytest.mark.parametrize("language", sorted(v1.UNREAD_LANGUAGES))
def test_a_language_without_a_model_is_refused_by_name(language: str) -> None:
    with pytest.raises(ApiError, match=language) as refusal:
        v1.ocr(Query([("language", language.upper())]), v1.V1_0)
    assert refusal.value.code == "NotSupportedLanguage"
