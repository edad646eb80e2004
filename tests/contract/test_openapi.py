"""Every answer of every version, held against Microsoft's own description of it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from time import sleep
from typing import Any

import jsonschema
import pytest
import requests
from PIL import Image

from tests.support.openapi import (
    FILES,
    GATEWAY,
    Checker,
    definitions,
    error_of,
)
from visionhelpers.images import sample_path
from visionservice import LocalService, errors
from visionservice.api.version import V4_0, VERSIONS, Version

SEVEN = ("imageType", "faces", "adult", "categories", "color", "tags", "description")
CLASSIC = tuple(version for version in FILES if version != "4.0")
LATER = CLASSIC[1:]
BATCH, READ = "read/core/asyncBatchAnalyze", "read/analyze"
READ_BY = [(v, BATCH) for v in ("v2.0", "v2.1")] + [(v, READ) for v in ("v3.0", "v3.1", "v3.2")]
READ_SAYS = {
    BATCH: ("recognitionResults",),
    READ: ("createdDateTime", "lastUpdatedDateTime", "analyzeResult"),
}
BOTH_WAYS = pytest.mark.parametrize("how", ["url", "stream"])


def post(
    service: LocalService, path: str, name: str, how: str = "url", **query: str
) -> requests.Response:
    headers = {"Ocp-Apim-Subscription-Key": service.key}
    body: dict[str, Any] = {"json": {"url": f"{service.url}/samples/{name}"}}
    if how == "stream":
        headers["Content-Type"] = "application/octet-stream"
        body = {"data": sample_path(name).read_bytes()}
    return requests.post(f"{service.url}/{path}", headers=headers, params=query, timeout=60, **body)


@pytest.mark.parametrize("version", CLASSIC)
@pytest.mark.parametrize(
    ("name", "how"),
    [("grace_hopper.jpg", "url"), ("summer_palace.jpg", "stream"), ("democritus.png", "stream")],
)
def test_analyze_with_everything(
    service: LocalService,
    version: str,
    name: str,
    how: str,
) -> None:
    asked = SEVEN if version == "v1.0" else (*SEVEN, "objects")
    query = {"visualFeatures": ",".join(asked), "details": "Celebrities,Landmarks"}
    answer = post(service, f"vision/{version}/analyze", name, how, **query).json()
    Checker(definitions(version), "ImageAnalysis", *asked).check(answer)


@pytest.mark.parametrize("feature", SEVEN)
@pytest.mark.parametrize("version", ["v1.0", "v3.2"])
def test_analyze_with_one_feature(
    service: LocalService,
    version: str,
    feature: str,
) -> None:
    answer = post(service, f"vision/{version}/analyze", "dahlia.jpg", visualFeatures=feature).json()
    Checker(definitions(version), "ImageAnalysis", feature).check(answer)


@BOTH_WAYS
@pytest.mark.parametrize("version", CLASSIC)
def test_describe_tag_and_models(service: LocalService, version: str, how: str) -> None:
    root, name, known = f"vision/{version}", "chelsea_the_cat.jpg", definitions(version)
    answer = post(service, f"{root}/describe", name, how, maxCandidates="3").json()
    Checker(known, "ImageDescription").check(answer)
    Checker(known, "TagResult").check(post(service, f"{root}/tag", name, how).json())
    key = {"Ocp-Apim-Subscription-Key": service.key}
    models = requests.get(f"{service.url}/{root}/models", headers=key, timeout=10).json()
    Checker(known, "ListModelsResult").check(models)


@BOTH_WAYS
@pytest.mark.parametrize("version", LATER)
def test_detect_and_area_of_interest(service: LocalService, version: str, how: str) -> None:
    root, name, known = f"vision/{version}", "chelsea_the_cat.jpg", definitions(version)
    answer = post(service, f"{root}/detect", name, how).json()
    assert answer["objects"]
    Checker(known, "DetectResult").check(answer)
    answer = post(service, f"{root}/areaOfInterest", name, how).json()
    Checker(known, "AreaOfInterestResult").check(answer)


@BOTH_WAYS
@pytest.mark.parametrize("version", CLASSIC)
@pytest.mark.parametrize(
    ("model", "name", "result"),
    [
        ("celebrities", "grace_hopper.jpg", "CelebrityResults"),
        ("landmarks", "summer_palace.jpg", "LandmarkResults"),
    ],
)
def test_domain_models(
    service: LocalService,
    version: str,
    model: str,
    name: str,
    result: str,
    how: str,
) -> None:
    answer = post(service, f"vision/{version}/models/{model}/analyze", name, how).json()
    Checker(definitions(version), "DomainModelResults").check(answer)
    assert answer["result"][model]
    if result in definitions(version):
        Checker(definitions(version), result, model).check(answer["result"])


@pytest.mark.parametrize("version", CLASSIC)
@pytest.mark.parametrize(("name", "how"), [("democritus.png", "stream"), ("coffee_cup.jpg", "url")])
def test_ocr(
    service: LocalService,
    version: str,
    name: str,
    how: str,
) -> None:
    answer = post(service, f"vision/{version}/ocr", name, how).json()
    Checker(definitions(version), "OcrResult").check(answer)


@pytest.mark.parametrize(
    ("name", "how"), [("handwriting.jpg", "stream"), ("coffee_cup.jpg", "url")]
)
@pytest.mark.parametrize(
    ("version", "path", "definition", "payload"),
    [
        ("v1.0", "recognizeText", "TextOperationResult", ("recognitionResult",)),
        ("v2.0", "recognizeText", "TextOperationResult", ("recognitionResult",)),
        ("v2.1", "recognizeText", "TextOperationResult", ("recognitionResult",)),
        *((version, path, "ReadOperationResult", READ_SAYS[path]) for version, path in READ_BY),
    ],
)
def test_reading(
    service: LocalService,
    version: str,
    path: str,
    definition: str,
    payload: tuple[str, ...],
    name: str,
    how: str,
) -> None:
    accepted = post(service, f"vision/{version}/{path}", name, how, mode="Printed")
    for answer in polled(service, accepted):
        done = payload if answer["status"].lower() == "succeeded" else payload[:-1]
        Checker(definitions(version), definition, *done).check(answer)


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
@pytest.mark.parametrize(("version", "path"), READ_BY)
def test_reading_a_document(
    service: LocalService,
    version: str,
    path: str,
    kind: str,
) -> None:
    with Image.open(sample_path("democritus.png")) as page:
        file = BytesIO()
        page.convert("RGB").save(file, kind, resolution=150)
    key = {"Ocp-Apim-Subscription-Key": service.key, "Content-Type": "application/octet-stream"}
    url = f"{service.url}/vision/{version}/{path}"
    *_, answer = polled(service, requests.post(url, file.getvalue(), headers=key, timeout=60))
    Checker(definitions(version), "ReadOperationResult", *READ_SAYS[path]).check(answer)
    found = answer.get("analyzeResult", answer)
    (read,) = found.get("readResults") or found["recognitionResults"]
    assert read["unit"] == ("inch" if kind == "PDF" else "pixel")
    assert read["lines"]


def polled(service: LocalService, accepted: requests.Response) -> Iterator[dict[str, Any]]:
    """Give what is said of an operation, until it has succeeded."""
    key = {"Ocp-Apim-Subscription-Key": service.key}
    for _ in range(1200):
        answer = requests.get(accepted.headers["Operation-Location"], headers=key, timeout=10)
        yield answer.json()
        if answer.json()["status"].lower() == "succeeded":
            return
        assert answer.json()["status"].lower() in ("notstarted", "running")
        sleep(0.05)
    raise AssertionError("the operation did not end")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("altered/hopper_and_collins.jpg", "url"),
        ("democritus.png", "stream"),
        ("dahlia.jpg", "stream"),
    ],
)
def test_image_analysis_4(service: LocalService, name: str, how: str) -> None:
    features = ("tags", "caption", "denseCaptions", "objects", "read", "smartCrops", "people")
    query = {"api-version": "2023-10-01", "features": ",".join(features)}
    path = "computervision/imageanalysis:analyze"
    answer = post(service, path, name, how, **query).json()
    asked = [f"{feature}Result" for feature in features]
    Checker(definitions("4.0"), "ImageAnalysisResult", *asked).check(answer)


@BOTH_WAYS
@pytest.mark.parametrize("feature", V4_0.features)
def test_image_analysis_4_with_one_feature(service: LocalService, feature: str, how: str) -> None:
    query = {"api-version": "2023-10-01", "features": feature}
    answer = post(service, "computervision/imageanalysis:analyze", "coffee_cup.jpg", how, **query)
    Checker(definitions("4.0"), "ImageAnalysisResult", f"{feature}Result").check(answer.json())


@BOTH_WAYS
@pytest.mark.parametrize("version", CLASSIC)
def test_a_thumbnail_is_an_image(service: LocalService, version: str, how: str) -> None:
    path = f"vision/{version}/generateThumbnail"
    answer = post(service, path, "dahlia.jpg", how, width="50", height="50")
    assert answer.headers["content-type"].startswith("image/")


@BOTH_WAYS
@pytest.mark.parametrize("version", CLASSIC)
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("analyze", {"visualFeatures": "Mood"}),
        ("analyze", {"visualFeatures": "Brands"}),
        ("analyze", {"details": "Brands"}),
        ("analyze", {"language": "fr"}),
        ("describe", {"maxCandidates": "none"}),
        ("tag", {"language": "x"}),
        ("models/objects/analyze", {}),
        ("generateThumbnail", {"width": "0", "height": "0"}),
        ("ocr", {"language": "ko"}),
    ],
)
def test_service_errors(
    service: LocalService,
    version: str,
    path: str,
    query: dict[str, str],
    how: str,
) -> None:
    answer = post(service, f"vision/{version}/{path}", "dahlia.jpg", how, **query)
    assert answer.status_code == 400
    known = definitions(version)
    if version == "v3.2":
        Checker(known, "ComputerVisionErrorResponse").check(answer.json())
        Checker(known, "ComputerVisionError", "innererror").check(answer.json()["error"])
    else:
        Checker(known, "ComputerVisionError").check(answer.json())


@BOTH_WAYS
@pytest.mark.parametrize("query", [{"pages": "x"}, {"readingOrder": "x"}, {"language": "ko"}])
def test_errors_of_read(service: LocalService, query: dict[str, str], how: str) -> None:
    answer = post(service, "vision/v3.2/read/analyze", "dahlia.jpg", how, **query)
    assert answer.status_code == 400
    Checker(definitions("v3.2"), "ComputerVisionOcrError").check(answer.json())


@BOTH_WAYS
@pytest.mark.parametrize("query", [{}, {"features": "mood"}, {"features": "tags", "language": "x"}])
def test_errors_of_image_analysis_4(service: LocalService, query: dict[str, str], how: str) -> None:
    path = "computervision/imageanalysis:analyze"
    answer = post(service, path, "dahlia.jpg", how, **{"api-version": "2023-10-01"}, **query)
    assert answer.status_code == 400
    Checker(definitions("4.0"), "ErrorResponse").check(answer.json())


@pytest.mark.parametrize("version", CLASSIC)
def test_bytes_that_are_no_picture(service: LocalService, version: str) -> None:
    name = "ComputerVisionErrorResponse" if version == "v3.2" else "ComputerVisionError"
    for data, kind in (
        (b"no picture", "application/octet-stream"),
        (sample_path("dahlia.jpg").read_bytes()[:5000], "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"{'url", "application/json"),
        (b"picture", "image/jpeg"),
    ):
        headers = {"Ocp-Apim-Subscription-Key": service.key, "Content-Type": kind}
        url = f"{service.url}/vision/{version}/tag"
        answer = requests.post(url, headers=headers, data=data, timeout=10)
        Checker(definitions(version), name).check(answer.json())


@pytest.mark.parametrize("version", FILES)
def test_a_service_that_answers_nothing_would_fail(version: str) -> None:
    closed = [name for name, found in definitions(version).items() if found.get("required")]
    assert len(closed) > 15
    for name in closed:
        assert not Checker(definitions(version), name).validator.is_valid({}), name


REFUSALS = (
    errors.bad_argument("."),
    errors.invalid_image_url("."),
    errors.invalid_image_format("."),
    errors.invalid_image_size("."),
    errors.not_supported_language("."),
    errors.internal_error(),
    errors.ApiError(408, "Timeout", "."),
    errors.ApiError(415, "UnsupportedMediaType", "."),
)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("path", ["/tag", "/read/analyze"])
def test_every_refusal_has_the_form_of_its_version(version: Version, path: str) -> None:
    name = error_of(version.name, path)
    for error in REFUSALS:
        _, content = version.error_body(error, "an-id", f"{version.root}{path}")
        Checker(definitions(version.name), name).check(content)
    for error in (
        errors.access_denied("http://localhost"),
        errors.not_found(),
        errors.too_many_requests(1, "."),
    ):
        said, content = version.error_body(error, "an-id", f"{version.root}{path}")
        jsonschema.validate(content, GATEWAY)
        assert content["error"]["code"] == str(error.status)
        assert (version.name == "4.0") == ("x-ms-error-code" in said.headers)
