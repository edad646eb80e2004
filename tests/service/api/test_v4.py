from __future__ import annotations

from typing import Any

import pytest
import requests

from visionhelpers.images import sample_path
from visionservice import LocalService

KEY = "Ocp-Apim-Subscription-Key"


def ask(service: LocalService, name: str, **query: str) -> requests.Response:
    headers = {KEY: service.key, "Content-Type": query.pop("type", "application/octet-stream")}
    params = {"api-version": "2023-10-01"} | {k.replace("_", "-"): v for k, v in query.items()}
    return requests.post(
        f"{service.url}/computervision/imageanalysis:analyze",
        headers=headers,
        params={name: value for name, value in params.items() if value},
        data=sample_path(name).read_bytes(),
        timeout=60,
    )


def analyze(service: LocalService, name: str, **query: str) -> dict[str, Any]:
    response = ask(service, name, **query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_the_response_contains_exactly_the_requested_features(service: LocalService) -> None:
    response = analyze(service, "chelsea_the_cat.jpg", features="Caption,tags")
    assert set(response) == {"modelVersion", "metadata", "captionResult", "tagsResult"}
    assert response["metadata"] == {"width": 451, "height": 300}
    assert "cat" in response["captionResult"]["text"]
    assert "cat" in [tag["name"] for tag in response["tagsResult"]["values"]]


def test_objects_and_people_have_boxes(service: LocalService) -> None:
    response = analyze(service, "eileen_collins.jpg", features="objects,people")
    (person,) = response["peopleResult"]["values"]
    assert person["boundingBox"]["h"] > 200
    names = [thing["tags"][0]["name"] for thing in response["objectsResult"]["values"]]
    assert "person" in names


def test_dense_captions_start_with_the_whole_image(service: LocalService) -> None:
    response = analyze(service, "altered/hopper_and_collins.jpg", features="denseCaptions")
    whole, *parts = response["denseCaptionsResult"]["values"]
    size = response["metadata"]
    assert whole["boundingBox"] == {"x": 0, "y": 0, "w": size["width"], "h": size["height"]}
    assert 1 <= len(parts) <= 9
    assert all(part["text"] and 0 < part["confidence"] <= 1 for part in parts)


def test_text_is_one_block_and_no_block_without_text(service: LocalService) -> None:
    (block,) = analyze(service, "democritus.png", features="read")["readResult"]["blocks"]
    assert block["lines"][0]["text"].startswith("NOTHING")
    word = block["lines"][0]["words"][0]
    assert len(word["boundingPolygon"]) == 4
    assert word["confidence"] > 0.9
    assert analyze(service, "dahlia.jpg", features="read")["readResult"] == {"blocks": []}


def test_smart_crops_have_the_requested_aspect_ratios(service: LocalService) -> None:
    response = analyze(
        service,
        "eileen_collins.jpg",
        features="smartCrops",
        smartcrops_aspect_ratios="0.75,1.8",
    )
    crops = response["smartCropsResult"]["values"]
    for crop, ratio in zip(crops, (0.75, 1.8), strict=True):
        box = crop["boundingBox"]
        assert crop["aspectRatio"] == pytest.approx(ratio, abs=0.01)
        assert box["w"] / box["h"] == pytest.approx(ratio, abs=0.02)
        assert box["x"] <= 177
        assert box["x"] + box["w"] >= 266
    (crop,) = analyze(service, "dahlia.jpg", features="smartCrops")["smartCropsResult"]["values"]
    assert 0.5 <= crop["aspectRatio"] <= 2


def test_a_caption_can_be_gender_neutral(service: LocalService) -> None:
    for neutral in ("false", "true"):
        response = analyze(
            service,
            "eileen_collins.jpg",
            features="caption",
            gender_neutral_caption=neutral,
        )
        words = set(response["captionResult"]["text"].split())
        gendered = words & {"man", "woman", "men", "women"}
        assert bool(gendered) == (neutral == "false"), response


@pytest.mark.parametrize("neutral", ["false", "true"])
def test_captions_contain_no_names(service: LocalService, neutral: str) -> None:
    response = analyze(
        service,
        "grace_hopper.jpg",
        features="caption,denseCaptions",
        gender_neutral_caption=neutral,
    )
    captions = [response["captionResult"], *response["denseCaptionsResult"]["values"]]
    assert captions[0]["text"]
    assert not [caption for caption in captions if "Hopper" in caption["text"]]


@pytest.mark.parametrize(
    ("query", "inner"),
    [
        ({"features": "tags", "api_version": "2021-01-01"}, "BadArgument"),
        ({"features": ""}, "BadArgument"),
        ({"features": "mood"}, "NotSupportedVisualFeature"),
        ({"features": "tags", "language": "fr"}, "NotSupportedLanguage"),
        ({"features": "tags", "model_version": "newest"}, "BadArgument"),
        ({"features": "smartCrops", "smartcrops_aspect_ratios": "0.5"}, "BadArgument"),
        ({"features": "smartCrops", "smartcrops_aspect_ratios": "wide"}, "BadArgument"),
        ({"features": "tags", "type": "text/plain"}, "UnsupportedMediaType"),
    ],
)
def test_errors_are_400_with_an_inner_error_and_a_header(
    service: LocalService, query: dict[str, str], inner: str
) -> None:
    response = ask(service, "dahlia.jpg", **query)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["innererror"]["code"]) == ("InvalidRequest", inner)
    assert response.headers["x-ms-error-code"] == "InvalidRequest"


def test_image_content_types_are_accepted(service: LocalService) -> None:
    assert "tagsResult" in analyze(service, "dahlia.jpg", features="tags", type="image/jpeg")


SIZE = "The image size is not allowed to be zero or larger than 20971520 bytes"
RATIO = "'smartcrops-aspect-ratios' aspect ratio is not in allowed range [0.75 to 1.8]"
URL = "The provided image url is not accessible."
QUERY = "Analyze query is invalid"
TYPE = "The provided image content type 'text/plain' is not supported."


def post(service: LocalService, body: bytes, kind: str, **query: str) -> requests.Response:
    return requests.post(
        f"{service.url}/computervision/imageanalysis:analyze",
        headers={KEY: service.key, "Content-Type": kind},
        params={"api-version": "2023-10-01", "features": "tags"} | query,
        data=body,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("body", "query", "outer", "inner", "hint"),
    [
        (
            b"no image",
            {},
            "Image format is not valid.",
            "Input data is not a valid image.",
            "",
        ),
        (b"", {}, SIZE, SIZE, "The request has no body"),
        (bytes(20 * 1024 * 1024 + 1), {}, SIZE, SIZE, "smaller than 20 MB"),
        (
            b"x",
            {"features": "brands"},
            QUERY,
            "Specified feature type is not valid",
            "Invalid features 'brands': use caption, denseCaptions, ",
        ),
        (
            b"x",
            {"language": "fr"},
            QUERY,
            "The input language is not supported.",
            "Language 'fr' is not supported; use en.",
        ),
        (
            b"x",
            {"smartcrops-aspect-ratios": "2.5"},
            QUERY,
            RATIO,
            "Invalid smartcrops-aspect-ratios '2.5'",
        ),
        (b'{"url": "http://127.0.0.1:9/x.jpg"}', {}, URL, URL, "127.0.0.1"),
        (b"text", {}, TYPE, TYPE, "Send the URL of an image as application/json"),
    ],
    ids=["format", "empty", "too large", "feature", "language", "aspect ratio", "url", "type"],
)
def test_error_messages_are_microsofts_and_the_hint_is_a_header(
    service: LocalService, body: bytes, query: dict[str, str], outer: str, inner: str, hint: str
) -> None:
    kinds = {b"{": "application/json", b"t": "text/plain"}
    kind = kinds.get(body[:1], "application/octet-stream")
    response = post(service, body, kind, **query)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["message"], error["innererror"]["message"]) == (outer, inner)
    assert hint in response.headers.get("X-Error-Hint", "")
