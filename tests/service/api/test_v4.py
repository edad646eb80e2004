from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.http_client import BYTES, KEY
from visionhelpers import sample_path
from visionservice import LocalService

COLLINS = "eileen_collins.jpg"


def post(service: LocalService, body: bytes, kind: str = "", **query: str) -> requests.Response:
    return requests.post(
        f"{service.url}/computervision/imageanalysis:analyze",
        headers={KEY: service.key} | BYTES | ({"Content-Type": kind} if kind else {}),
        params={"api-version": "2023-10-01", "features": "tags"} | query,
        data=body,
        timeout=60,
    )


def analyze(service: LocalService, name: str, features: str, **query: str) -> dict[str, Any]:
    response = post(service, sample_path(name).read_bytes(), features=features, **query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_objects_and_people_have_boxes_and_tags_have_names(service: LocalService) -> None:
    response = analyze(service, COLLINS, "objects,People,TAGS")
    (person,) = response["peopleResult"]["values"]
    assert person["boundingBox"]["h"] > 200
    names = [thing["tags"][0]["name"] for thing in response["objectsResult"]["values"]]
    assert "person" in names
    assert "person" in [tag["name"] for tag in response["tagsResult"]["values"]]


def test_dense_captions_start_with_the_whole_image(service: LocalService) -> None:
    response = analyze(service, "altered/hopper_and_collins.jpg", "denseCaptions")
    whole, *parts = response["denseCaptionsResult"]["values"]
    size = response["metadata"]
    assert whole["boundingBox"] == {"x": 0, "y": 0, "w": size["width"], "h": size["height"]}
    assert 1 <= len(parts) <= 9
    assert all(part["text"] and 0 < part["confidence"] <= 1 for part in parts)


def test_text_is_one_block_and_no_block_without_text(service: LocalService) -> None:
    (block,) = analyze(service, "democritus.png", "read")["readResult"]["blocks"]
    assert block["lines"][0]["text"].startswith("NOTHING")
    word = block["lines"][0]["words"][0]
    assert len(word["boundingPolygon"]) == 4
    assert word["confidence"] > 0.9
    assert analyze(service, "dahlia.jpg", "read")["readResult"] == {"blocks": []}


def test_smart_crops_have_the_requested_aspect_ratios(service: LocalService) -> None:
    query = {"smartcrops-aspect-ratios": "0.75,1.8"}
    crops = analyze(service, COLLINS, "smartCrops", **query)["smartCropsResult"]["values"]
    for crop, ratio in zip(crops, (0.75, 1.8), strict=True):
        box = crop["boundingBox"]
        assert crop["aspectRatio"] == pytest.approx(ratio, abs=0.01)
        assert box["w"] / box["h"] == pytest.approx(ratio, abs=0.02)
        assert box["x"] <= 177 < 266 <= box["x"] + box["w"]
    (crop,) = analyze(service, "dahlia.jpg", "smartCrops")["smartCropsResult"]["values"]
    assert 0.5 <= crop["aspectRatio"] <= 2


@pytest.mark.parametrize(("neutral", "gendered"), [("false", True), ("true", False)])
def test_captions_contain_no_names_and_on_request_no_gender(
    service: LocalService, neutral: str, gendered: bool
) -> None:
    query = {"gender-neutral-caption": neutral}
    caption = analyze(service, COLLINS, "caption", **query)["captionResult"]["text"]
    assert bool({*caption.split()} & {"man", "woman", "men", "women"}) == gendered, caption
    response = analyze(service, "grace_hopper.jpg", "caption,denseCaptions", **query)
    captions = [response["captionResult"], *response["denseCaptionsResult"]["values"]]
    assert captions[0]["text"]
    assert not [caption for caption in captions if "Hopper" in caption["text"]]


SIZE = "The image size is not allowed to be zero or larger than 20971520 bytes"
RATIOS = "smartcrops-aspect-ratios"
RATIO = "'smartcrops-aspect-ratios' aspect ratio is not in allowed range [0.75 to 1.8]"
FEATURE, LANGUAGE = "Specified feature type is not valid", "The input language is not supported."
URL = "The provided image url is not accessible."
QUERY = "Analyze query is invalid"
TYPE = "The provided image content type 'text/plain' is not supported."
JSON = "application/json"
LARGE = bytes(20 * 1024 * 1024 + 1)
ROWS = (
    # body, content type, query, outer message, inner message, hint
    (b"no image", "", {}, "Image format is not valid.", "Input data is not a valid image.", ""),
    (b"", "", {}, SIZE, SIZE, "The request has no body"),
    (LARGE, "", {}, SIZE, SIZE, "smaller than 20 MB"),
    (b"x", "", {"features": "brands"}, QUERY, FEATURE, "Invalid features 'brands': use caption, "),
    (b"x", "", {"language": "fr"}, QUERY, LANGUAGE, "Language 'fr' is not supported; use en."),
    (b"x", "", {RATIOS: "2.5"}, QUERY, RATIO, f"Invalid {RATIOS} '2.5'"),
    (b'{"url": "http://127.0.0.1:9/x.jpg"}', JSON, {}, URL, URL, "127.0.0.1"),
    (b"x", "text/plain", {}, TYPE, TYPE, "Send the URL of an image as application/json"),
)


@pytest.mark.parametrize(
    ("body", "kind", "query", "outer", "inner", "hint"),
    ROWS,
    ids=["format", "empty", "too large", "feature", "language", "ratio", "url", "type"],
)
def test_error_messages_are_microsofts_and_the_hint_is_a_header(
    service: LocalService,
    body: bytes,
    kind: str,
    query: dict[str, str],
    outer: str,
    inner: str,
    hint: str,
) -> None:
    response = post(service, body, kind, **query)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["message"], error["innererror"]["message"]) == (outer, inner)
    assert hint in response.headers.get("X-Error-Hint", "")
