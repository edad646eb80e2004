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


def answered(service: LocalService, name: str, **query: str) -> dict[str, Any]:
    answer = ask(service, name, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_only_what_is_asked_is_answered(service: LocalService) -> None:
    answer = answered(service, "chelsea_the_cat.jpg", features="Caption,tags")
    assert set(answer) == {"modelVersion", "metadata", "captionResult", "tagsResult"}
    assert answer["metadata"] == {"width": 451, "height": 300}
    assert "cat" in answer["captionResult"]["text"]
    assert "cat" in [tag["name"] for tag in answer["tagsResult"]["values"]]


def test_things_and_people_have_boxes(service: LocalService) -> None:
    answer = answered(service, "eileen_collins.jpg", features="objects,people")
    (person,) = answer["peopleResult"]["values"]
    assert person["boundingBox"]["h"] > 200
    names = [thing["tags"][0]["name"] for thing in answer["objectsResult"]["values"]]
    assert "person" in names


def test_dense_captions_begin_with_the_whole_picture(service: LocalService) -> None:
    answer = answered(service, "altered/hopper_and_collins.jpg", features="denseCaptions")
    whole, *parts = answer["denseCaptionsResult"]["values"]
    size = answer["metadata"]
    assert whole["boundingBox"] == {"x": 0, "y": 0, "w": size["width"], "h": size["height"]}
    assert 1 <= len(parts) <= 9
    assert all(part["text"] and 0 < part["confidence"] <= 1 for part in parts)


def test_text_is_one_block_and_no_text_is_none(service: LocalService) -> None:
    (block,) = answered(service, "democritus.png", features="read")["readResult"]["blocks"]
    assert block["lines"][0]["text"].startswith("NOTHING")
    word = block["lines"][0]["words"][0]
    assert len(word["boundingPolygon"]) == 4
    assert word["confidence"] > 0.9
    assert answered(service, "dahlia.jpg", features="read")["readResult"] == {"blocks": []}


def test_smart_crops_have_the_shapes_asked_for(service: LocalService) -> None:
    answer = answered(
        service,
        "eileen_collins.jpg",
        features="smartCrops",
        smartcrops_aspect_ratios="0.75,1.8",
    )
    crops = answer["smartCropsResult"]["values"]
    for crop, ratio in zip(crops, (0.75, 1.8), strict=True):
        box = crop["boundingBox"]
        assert crop["aspectRatio"] == pytest.approx(ratio, abs=0.01)
        assert box["w"] / box["h"] == pytest.approx(ratio, abs=0.02)
        assert box["x"] <= 177
        assert box["x"] + box["w"] >= 266
    (crop,) = answered(service, "dahlia.jpg", features="smartCrops")["smartCropsResult"]["values"]
    assert 0.5 <= crop["aspectRatio"] <= 2


def test_a_caption_can_leave_the_gender_open(service: LocalService) -> None:
    for neutral in ("false", "true"):
        answer = answered(
            service,
            "altered/hopper_and_collins.jpg",
            features="caption",
            gender_neutral_caption=neutral,
        )
        words = set(answer["captionResult"]["text"].split())
        told = words & {"man", "woman", "men", "women", "Grace"}
        assert bool(told) == (neutral == "false"), answer


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
def test_refusals_are_400_with_an_inner_error_and_a_header(
    service: LocalService, query: dict[str, str], inner: str
) -> None:
    answer = ask(service, "dahlia.jpg", **query)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["innererror"]["code"]) == ("InvalidRequest", inner)
    assert answer.headers["x-ms-error-code"] == "InvalidRequest"


def test_any_image_type_is_taken_for_bytes(service: LocalService) -> None:
    assert "tagsResult" in answered(service, "dahlia.jpg", features="tags", type="image/jpeg")
