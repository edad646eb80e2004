"""Bad requests beyond those of docs/compatibility.md, which tests/contract tries in every version.

The service returns the status and the code of the API, and works on.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
import requests

from tests.support.http_client import BYTES, KEY
from tests.support.images import blank_png
from visionhelpers import sample_path
from visionservice import LocalService

PHOTO = sample_path("coffee_cup.jpg").read_bytes()
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data"}
CHUNKS = repeat(b"x" * 1_000_000, 40)
"""Forty megabytes without a length."""

BAD: dict[str, tuple[str, dict[str, str], Any, int, str]] = {
    "half an image": ("v1.0/analyze", BYTES, PHOTO[:30_000], 400, "InvalidImageFormat"),
    "half to read": ("v1.0/recognizeText", BYTES, PHOTO[:9000], 400, "InvalidImageFormat"),
    "40 MB": ("v1.0/tag", BYTES, bytes(40_000_000), 400, "InvalidImageSize"),
    "40 MB in chunks": ("v1.0/tag", BYTES, CHUNKS, 400, "InvalidImageSize"),
    "too long": ("v1.0/tag", BYTES, blank_png(16_001, 60), 400, "InvalidImageSize"),
    "a bomb": ("v1.0/tag", BYTES, blank_png(15_000, 15_000), 400, "InvalidImageSize"),
    "39 pixels": ("v1.0/ocr", BYTES, blank_png(39, 500), 400, "InvalidImageSize"),
    "3201 pixels": ("v1.0/ocr", BYTES, blank_png(3201, 50), 400, "InvalidImageSize"),
    "of text": ("v1.0/recognizeText", BYTES, blank_png(3201, 50), 400, "InvalidImageSize"),
    "4201 pixels": ("v2.0/ocr", BYTES, blank_png(4201, 50), 400, "InvalidImageSize"),
    "no width": ("v1.0/generateThumbnail?height=50", BYTES, PHOTO, 400, "BadArgument"),
    "neither body nor type": ("v1.0/analyze", {}, b"", 400, "BadArgument"),
    "deep JSON": ("v1.0/analyze", JSON, "[" * 9000, 400, "BadArgument"),
    "a JSON list": ("v1.0/analyze", JSON, "[1]", 400, "BadArgument"),
    "endless JSON": ("v1.0/analyze", JSON, "[" + "1," * 99_999, 400, "BadArgument"),
    "no boundary": ("v1.0/analyze", FORM, b"--x", 400, "BadArgument"),
    "no type": ("v1.0/analyze", {}, PHOTO, 415, "BadArgument"),
    "a file": ("v1.0/tag", JSON, '{"url": "file:///etc/passwd"}', 400, "InvalidImageUrl"),
    "wrong key, 40 MB": ("v1.0/tag", {KEY: "x"}, bytes(40_000_000), 401, "401"),
    "unknown version": ("v9.9/analyze", BYTES, PHOTO, 404, "404"),
    "no method but POST": ("v1.0/analyze", {}, None, 404, "404"),
}


@pytest.mark.parametrize(("path", "headers", "body", "status", "code"), BAD.values(), ids=BAD)
def test_bad_input_returns_its_code_and_the_next_request_succeeds(
    service: LocalService, path: str, headers: dict[str, str], body: Any, status: int, code: str
) -> None:
    def send(path: str, headers: dict[str, str], body: Any) -> requests.Response:
        method, url = "POST" if body is not None else "GET", f"{service.url}/vision/{path}"
        headers = {KEY: service.key} | headers
        return requests.request(method, url, headers=headers, data=body, timeout=60)

    response = send(path, headers, body)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    content = response.json()
    error = content.get("error", content)
    assert (response.status_code, error["code"]) == (status, code), content
    assert error["message"].strip()
    assert "Traceback" not in response.text
    if "requestId" in content:
        assert content["requestId"] == response.headers["apim-request-id"]
        assert len(content["requestId"]) == 36
    good = send("v1.0/analyze?visualFeatures=Color", BYTES, PHOTO)
    assert good.json()["color"]["dominantColors"]
