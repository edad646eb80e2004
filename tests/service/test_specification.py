"""Every answer of v1.0, held against Microsoft's own description of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from time import sleep
from typing import Any

import jsonschema
import pytest
import requests

from visionhelpers.images import sample
from visionhelpers.service import LocalService

Schema = dict[str, Any]
SEVEN = ("imageType", "faces", "adult", "categories", "color", "tags", "description")

BEYOND = {
    "ColorInfo": {"isBwImg": {"type": "boolean"}},
    "CategoryDetail": {"landmarks": {"$ref": "#/definitions/LandmarkResults/properties/landmarks"}},
    "ImageDescription": {
        "requestId": {"type": "string"},
        "metadata": {"$ref": "#/definitions/ImageMetadata"},
    },
}
"""What the live service answered beyond its description, and so does this one."""

REQUIRED = {
    "AdultInfo": ["isAdultContent", "adultScore"],
    "Category": ["name", "score"],
    "CelebritiesModel": ["name", "confidence", "faceRectangle"],
    "ColorInfo": [
        "dominantColorForeground", "dominantColorBackground", "dominantColors", "accentColor",
        "isBWImg", "isBwImg",
    ],
    "DomainModelResults": ["result", "requestId", "metadata"],
    "FaceDescription": ["age", "gender", "faceRectangle"],
    "FaceRectangle": ["left", "top", "width", "height"],
    "ImageAnalysis": ["requestId", "metadata"],
    "ImageCaption": ["text", "confidence"],
    "ImageDescription": ["description", "requestId", "metadata"],
    "ImageDescriptionDetails": ["tags", "captions"],
    "ImageMetadata": ["width", "height", "format"],
    "ImageTag": ["name", "confidence"],
    "ImageType": ["clipArtType", "lineDrawingType"],
    "Line": ["boundingBox", "text", "words"],
    "ListModelsResult": ["models"],
    "ModelDescription": ["name", "categories"],
    "OcrLine": ["boundingBox", "words"],
    "OcrRegion": ["boundingBox", "lines"],
    "OcrResult": ["language", "textAngle", "orientation", "regions"],
    "OcrWord": ["boundingBox", "text"],
    "RecognitionResult": ["lines"],
    "TagResult": ["tags", "requestId", "metadata"],
    "TextOperationResult": ["status", "recognitionResult"],
    "Word": ["boundingBox", "text"],
    "ComputerVisionError": ["code", "message", "requestId"],
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions(shared: Path) -> dict[str, Schema]:
    """The definitions of v1.0, closed against keys they do not name, their keys required."""
    file = shared / "specs" / "v1.0" / "ComputerVision.json"
    found: dict[str, Schema] = json.loads(file.read_text(encoding="utf-8"))["definitions"]
    for name, more in BEYOND.items():
        found[name]["properties"] |= more
    for name, keys in REQUIRED.items():
        assert set(keys) <= set(found[name]["properties"]), name
        found[name]["required"] = keys
    for definition in found.values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return found


class Checker:
    """Checks answers against one definition, with the keys that were asked for required."""

    def __init__(self, definitions: dict[str, Schema], name: str, *asked: str) -> None:
        closed = copy.deepcopy(definitions)
        closed[name]["required"] = [*closed[name].get("required", []), *asked]
        schema = {"definitions": closed, "$ref": f"#/definitions/{name}"}
        self.validator = jsonschema.Draft4Validator(schema)

    def check(self, answer: object) -> None:
        """Assert that the answer passes, and that an empty one or one with more would not."""
        self.validator.validate(answer)
        assert isinstance(answer, dict)
        assert not self.validator.is_valid({})
        assert not self.validator.is_valid({**answer, "invented": 1})
        for key in answer:
            rest = {name: value for name, value in answer.items() if name != key}
            assert not self.validator.is_valid(rest), f"{key} may be left out"


def post(service: LocalService, path: str, name: str, **query: str) -> requests.Response:
    return requests.post(
        f"{service.url}/vision/v1.0/{path}",
        headers={"Ocp-Apim-Subscription-Key": service.key},
        params=query,
        json={"url": f"{service.url}/samples/{name}"},
        timeout=60,
    )


@pytest.mark.parametrize(
    "name", ["grace_hopper.jpg", "summer_palace.jpg", "coffee_cup.jpg", "democritus.png"]
)
def test_analyze_with_everything(
    service: LocalService, definitions: dict[str, Schema], name: str
) -> None:
    query = {"visualFeatures": ",".join(SEVEN), "details": "Celebrities,Landmarks"}
    answer = post(service, "analyze", name, **query).json()
    Checker(definitions, "ImageAnalysis", *SEVEN).check(answer)


@pytest.mark.parametrize("feature", SEVEN)
def test_analyze_with_one_feature(
    service: LocalService, definitions: dict[str, Schema], feature: str
) -> None:
    answer = post(service, "analyze", "dahlia.jpg", visualFeatures=feature).json()
    Checker(definitions, "ImageAnalysis", feature).check(answer)


def test_describe_tag_and_models(service: LocalService, definitions: dict[str, Schema]) -> None:
    described = post(service, "describe", "chelsea_the_cat.jpg", maxCandidates="3").json()
    Checker(definitions, "ImageDescription").check(described)
    Checker(definitions, "TagResult").check(post(service, "tag", "chelsea_the_cat.jpg").json())
    key = {"Ocp-Apim-Subscription-Key": service.key}
    models = requests.get(f"{service.url}/vision/v1.0/models", headers=key, timeout=10).json()
    Checker(definitions, "ListModelsResult").check(models)


@pytest.mark.parametrize(
    ("model", "name", "result"),
    [
        ("celebrities", "grace_hopper.jpg", "CelebrityResults"),
        ("landmarks", "summer_palace.jpg", "LandmarkResults"),
    ],
)
def test_domain_models(
    service: LocalService, definitions: dict[str, Schema], model: str, name: str, result: str
) -> None:
    answer = post(service, f"models/{model}/analyze", name).json()
    Checker(definitions, "DomainModelResults").check(answer)
    Checker(definitions, result, model).check(answer["result"])
    assert answer["result"][model]


@pytest.mark.parametrize("name", ["democritus.png", "printed_page.jpg", "coffee_cup.jpg"])
def test_ocr(service: LocalService, definitions: dict[str, Schema], name: str) -> None:
    Checker(definitions, "OcrResult").check(post(service, "ocr", name).json())


@pytest.mark.parametrize("name", ["handwriting.jpg", "coffee_cup.jpg"])
def test_recognize_text(service: LocalService, definitions: dict[str, Schema], name: str) -> None:
    key = {"Ocp-Apim-Subscription-Key": service.key}
    address = post(service, "recognizeText", name).headers["Operation-Location"]
    while (answer := requests.get(address, headers=key, timeout=10).json())["status"] == "Running":
        closed = copy.deepcopy(definitions)
        closed["TextOperationResult"]["required"] = ["status"]
        Checker(closed, "TextOperationResult").check(answer)
        sleep(0.05)
    Checker(definitions, "TextOperationResult").check(answer)


def test_a_thumbnail_is_an_image(service: LocalService) -> None:
    answer = post(service, "generateThumbnail", "dahlia.jpg", width="50", height="50")
    assert answer.headers["content-type"].startswith("image/")


@pytest.mark.parametrize(
    ("path", "name", "query"),
    [
        ("analyze", "missing.jpg", {}),
        ("analyze", "dahlia.jpg", {"visualFeatures": "Objects"}),
        ("analyze", "dahlia.jpg", {"details": "Brands"}),
        ("analyze", "dahlia.jpg", {"language": "fr"}),
        ("describe", "dahlia.jpg", {"maxCandidates": "none"}),
        ("models/objects/analyze", "dahlia.jpg", {}),
        ("generateThumbnail", "dahlia.jpg", {"width": "0", "height": "0"}),
        ("ocr", "dahlia.jpg", {"language": "ko"}),
    ],
)
def test_service_errors(
    service: LocalService,
    definitions: dict[str, Schema],
    path: str,
    name: str,
    query: dict[str, str],
) -> None:
    answer = post(service, path, name, **query)
    assert answer.status_code == 400
    Checker(definitions, "ComputerVisionError").check(answer.json())


def test_bytes_that_are_no_picture(service: LocalService, definitions: dict[str, Schema]) -> None:
    for data, kind in (
        (b"no picture", "application/octet-stream"),
        (sample("dahlia.jpg").read_bytes()[:5000], "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"{'url", "application/json"),
        (b"picture", "image/jpeg"),
    ):
        headers = {"Ocp-Apim-Subscription-Key": service.key, "Content-Type": kind}
        url = f"{service.url}/vision/v1.0/tag"
        answer = requests.post(url, headers=headers, data=data, timeout=10)
        Checker(definitions, "ComputerVisionError").check(answer.json())


def test_a_service_that_answers_nothing_would_fail(definitions: dict[str, Schema]) -> None:
    for name in REQUIRED:
        assert not Checker(definitions, name).validator.is_valid({}), name
