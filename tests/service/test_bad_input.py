from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
import requests
from PIL import Image

from tests.support.images import blank_png
from visionhelpers.images import sample_path
from visionservice import LocalService

PHOTO = sample_path("coffee_cup.jpg").read_bytes()
BYTES = {"Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json"}
UNREACHABLE = '{"url": "http://127.0.0.1:9/image.jpg"}'


def webp() -> bytes:
    file = BytesIO()
    Image.new("RGB", (100, 100)).save(file, "WEBP")
    return file.getvalue()


def forty_megabytes_in_chunks() -> Iterator[bytes]:
    for _ in range(40):
        yield b"x" * 1_000_000


def post(path: str, data: object, headers: dict[str, str] = BYTES, **query: str) -> dict[str, Any]:
    return {"method": "POST", "path": path, "data": data, "headers": headers, "params": query}


BAD: dict[str, tuple[Callable[[], dict[str, Any]], int, str]] = {
    "not an image": (lambda: post("analyze", b"not an image" * 100), 400, "InvalidImageFormat"),
    "another format": (lambda: post("analyze", webp()), 400, "InvalidImageFormat"),
    "truncated": (lambda: post("analyze", PHOTO[: len(PHOTO) // 2]), 400, "InvalidImageFormat"),
    "truncated text": (lambda: post("recognizeText", PHOTO[:9000]), 400, "InvalidImageFormat"),
    "10 bytes": (lambda: post("describe", PHOTO[:10]), 400, "InvalidImageFormat"),
    "40 MB": (lambda: post("tag", b"x" * 40_000_000), 400, "InvalidImageSize"),
    "40 MB chunked": (lambda: post("tag", forty_megabytes_in_chunks()), 400, "InvalidImageSize"),
    "4 MB": (lambda: post("tag", b"x" * (4 << 20)), 400, "InvalidImageSize"),
    "20x20": (lambda: post("analyze", blank_png(20, 20)), 400, "InvalidImageSize"),
    "30x500 for ocr": (lambda: post("ocr", blank_png(30, 500)), 400, "InvalidImageSize"),
    "3201x50 for ocr": (lambda: post("ocr", blank_png(3201, 50)), 400, "InvalidImageSize"),
    "3201x50 of text": (
        lambda: post("recognizeText", blank_png(3201, 50)),
        400,
        "InvalidImageSize",
    ),
    "30000x30000": (lambda: post("analyze", blank_png(30_000, 30_000)), 400, "InvalidImageSize"),
    "15000x15000": (lambda: post("analyze", blank_png(15_000, 15_000)), 400, "InvalidImageSize"),
    "unknown feature": (
        lambda: post("analyze", PHOTO, visualFeatures="Tags,Smells"),
        400,
        "NotSupportedVisualFeature",
    ),
    "unknown detail": (lambda: post("analyze", PHOTO, details="Dogs"), 400, "InvalidDetails"),
    "unknown model": (lambda: post("models/dogs/analyze", PHOTO), 400, "BadArgument"),
    "unknown language": (
        lambda: post("analyze", PHOTO, language="tlh"),
        400,
        "NotSupportedLanguage",
    ),
    "unsupported language": (
        lambda: post("tag", PHOTO, language="zh"),
        400,
        "NotSupportedLanguage",
    ),
    "unknown ocr language": (
        lambda: post("ocr", PHOTO, language="xx"),
        400,
        "NotSupportedLanguage",
    ),
    "unsupported ocr language": (
        lambda: post("ocr", PHOTO, language="ru"),
        400,
        "NotSupportedLanguage",
    ),
    "width 0": (
        lambda: post("generateThumbnail", PHOTO, width="0", height="50"),
        400,
        "BadArgument",
    ),
    "height 1025": (
        lambda: post("generateThumbnail", PHOTO, width="50", height="1025"),
        400,
        "BadArgument",
    ),
    "no width": (lambda: post("generateThumbnail", PHOTO, height="50"), 400, "BadArgument"),
    "no captions": (lambda: post("describe", PHOTO, maxCandidates="0"), 400, "BadArgument"),
    "not a flag": (lambda: post("ocr", PHOTO, detectOrientation="maybe"), 400, "BadArgument"),
    "no body": (lambda: post("analyze", b"", {}), 400, "BadArgument"),
    "no bytes": (lambda: post("analyze", b""), 400, "BadArgument"),
    "broken JSON": (lambda: post("analyze", '{"url": "http', JSON), 400, "BadArgument"),
    "deep JSON": (lambda: post("analyze", "[" * 9000, JSON), 400, "BadArgument"),
    "a JSON list": (lambda: post("analyze", "[1]", JSON), 400, "BadArgument"),
    "endless JSON": (lambda: post("analyze", "[" + "1," * 99_999, JSON), 400, "BadArgument"),
    "no url": (lambda: post("analyze", "{}", JSON), 400, "InvalidImageUrl"),
    "broken multipart": (
        lambda: post("analyze", b"--x", {"Content-Type": "multipart/form-data"}),
        400,
        "BadArgument",
    ),
    "wrong type": (
        lambda: post("analyze", PHOTO, {"Content-Type": "text/plain"}),
        415,
        "BadArgument",
    ),
    "no type": (lambda: post("analyze", PHOTO, {}), 415, "BadArgument"),
    "missing key": (lambda: post("analyze", PHOTO, {**BYTES, KEY: ""}), 401, "401"),
    "wrong key": (lambda: post("analyze", PHOTO, {**BYTES, KEY: "0" * 32}), 401, "401"),
    "wrong key, 40 MB": (
        lambda: post("analyze", b"x" * 40_000_000, {**BYTES, KEY: "wrong"}),
        401,
        "401",
    ),
    "unknown path": (lambda: post("smell", PHOTO), 404, "404"),
    "unknown version": (lambda: post("../v9.9/analyze", PHOTO), 404, "404"),
    "wrong method": (lambda: {"method": "GET", "path": "analyze"}, 404, "404"),
    "unknown operation": (
        lambda: {"method": "GET", "path": "textOperations/00000000-0000-0000-0000-000000000000"},
        404,
        "BadArgument",
    ),
    "unreachable URL": (lambda: post("analyze", UNREACHABLE, JSON), 400, "InvalidImageUrl"),
    "no http URL": (
        lambda: post("analyze", '{"url": "file:///etc/passwd"}', JSON),
        400,
        "InvalidImageUrl",
    ),
    "unknown host": (
        lambda: post("analyze", '{"url": "http://nowhere.invalid/a.jpg"}', JSON),
        400,
        "InvalidImageUrl",
    ),
}
KEY = "Ocp-Apim-Subscription-Key"


def send(service: LocalService, call: dict[str, Any]) -> requests.Response:
    headers = {KEY: service.key} | call.pop("headers", {})
    url = f"{service.url}/vision/v1.0/{call.pop('path')}"
    return requests.request(url=url, headers=headers, timeout=60, **call)


@pytest.mark.parametrize(("call", "status", "code"), BAD.values(), ids=BAD.keys())
def test_bad_input_returns_its_code_and_the_next_request_succeeds(
    service: LocalService, call: Callable[[], dict[str, Any]], status: int, code: str
) -> None:
    response = send(service, call())
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    body = response.json()
    error = body.get("error", body)
    assert (response.status_code, error["code"]) == (status, code), body
    assert ("error" in body) == (code in ("401", "404", "429"))
    assert error["message"].strip()
    assert "Traceback" not in response.text
    good = send(service, post("analyze", PHOTO, visualFeatures="Color"))
    assert good.status_code == 200
    assert good.json()["color"]["dominantColors"]


def test_a_service_error_carries_the_id_of_its_request(service: LocalService) -> None:
    response = send(service, post("analyze", b"0123456789"))
    assert len(response.json()["requestId"]) == 36
    assert response.json()["requestId"] == response.headers["apim-request-id"]
    assert set(response.json()) == {"code", "requestId", "message"}


def test_the_response_to_a_wrong_key_names_the_header(service: LocalService) -> None:
    response = send(service, post("analyze", PHOTO, {**BYTES, KEY: "wrong"}))
    assert KEY in response.headers["www-authenticate"]
    assert service.key not in response.text
