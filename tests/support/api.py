"""Questions to a running service, in the words of docs/compatibility.md."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
from PIL import Image, ImageDraw, ImageFont

from tests.support.poll import poll_until
from visionhelpers.images import sample_credits, sample_path
from visionservice import LocalService

RESULTS = {
    "textOperations/{operationId}": "recognizeText",
    "read/operations/{operationId}": "read/core/asyncBatchAnalyze",
    "read/analyzeResults/{operationId}": "read/analyze",
}
"""Which operation begins what is asked for with a GET."""

DEFAULTS = {
    "models/{model}/analyze": "model=landmarks",
    "generateThumbnail": "width=80&height=60",
    "recognizeText": "mode=Printed",
    "imageanalysis:analyze": "api-version=2023-10-01&features=tags",
}
"""What an operation is asked with, unless a row says otherwise."""

PLAIN, TINY = "plain.png", "tiny.png"
IDS = {"requestId", "createdDateTime", "lastUpdatedDateTime"}
"""What two responses to the same question differ in."""


def finished(location: str, key: dict[str, str]) -> requests.Response:
    """Poll an operation until it has ended, and return its last response."""

    def ended() -> requests.Response | None:
        found = requests.get(location, headers=key, timeout=60)
        assert found.ok, found.text
        return found if found.json()["status"].lower() in ("succeeded", "failed") else None

    found = poll_until(ended, pause=0.02)
    assert found is not None
    return found


class Asker:
    """Asks a service, the same question once."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        self.key = {"Ocp-Apim-Subscription-Key": service.key}
        self.ask = cache(self._ask)

    def _ask(self, operation: str, version: str, image: str, query: str = "") -> requests.Response:
        """Return the response, of what takes long the finished one."""
        if operation in RESULTS and "operationId" not in query:
            operation = RESULTS[operation]
        if operation == "models" or operation in RESULTS:
            where, _ = self.address(operation, version, query)
            return requests.get(where, headers=self.key, timeout=60)
        response = self.post(operation, version, query, json={"url": self.url(image)})
        if response.status_code != 202:
            return response
        return finished(response.headers["Operation-Location"], self.key)

    def post(self, operation: str, version: str, query: str = "", **body: Any) -> requests.Response:
        headers = self.key | body.pop("headers", {})
        where, asked = self.address(operation, version, query)
        return requests.post(where, params=asked, headers=headers, timeout=60, **body)

    def address(self, operation: str, version: str, query: str) -> tuple[str, dict[str, str]]:
        """Return the address of an operation, and the query without what the path holds."""
        asked = dict(parse_qsl(DEFAULTS.get(operation, ""))) | dict(parse_qsl(query, True))
        for name in [name for name in asked if f"{{{name}}}" in operation]:
            operation = operation.replace(f"{{{name}}}", asked.pop(name))
        root = "computervision" if version == "4.0" else f"vision/{version}"
        return f"{self.service.url}/{root}/{operation}", asked

    def url(self, image: str) -> str:
        known = image in sample_credits()
        return f"{self.service.url}/samples/{image}" if known else f"https://a.invalid/{image}"

    def tag(self, version: str, **body: Any) -> requests.Response:
        """Ask what every version can be asked with an image."""
        return self.post("imageanalysis:analyze" if version == "4.0" else "tag", version, **body)


def draw_images(folder: Path) -> None:
    """Draw what the table names beside the samples, under the names it has there."""
    Image.new("RGB", (60, 60), "grey").save(folder / PLAIN)
    Image.new("RGB", (30, 30), "grey").save(folder / TINY)
    turned = Image.open(sample_path("printed_page.jpg")).transpose(Image.Transpose.ROTATE_90)
    turned.save(folder / "a page turned by a quarter", "JPEG")
    page("one and a second line", "three and a fourth line").save(folder / "two columns", "PNG")
    pages = [page(f"page {number}") for number in ("one", "two", "three")]
    pages[0].save(folder / "a TIFF", "TIFF")
    pages[0].save(folder / "three pages", "PDF", save_all=True, append_images=pages[1:])


def page(*columns: str) -> Image.Image:
    """Draw columns of text, a few words a line."""
    drawn = Image.new("RGB", (400 * len(columns), 220), "white")
    for left, column in enumerate(columns):
        text = column.replace(" and ", "\n")
        ImageDraw.Draw(drawn).text(
            (40 + 400 * left, 40), text, "black", ImageFont.load_default(32), spacing=24
        )
    return drawn


def paths(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Give every field below with its value; parents of parents are not gone into."""
    if path.endswith(".parent.parent"):
        return
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{path}[]")
    if isinstance(value, dict):
        for key, below in value.items():
            name = f"{path}.{key}".removeprefix(".")
            yield name, below
            yield from paths(below, name)


def code(response: requests.Response) -> str:
    """Return the code of an error, the innermost one."""
    error = response.json().get("error", response.json())
    while "innererror" in error:
        error = error["innererror"]
    return str(error["code"])


def content(response: requests.Response) -> object:
    assert response.ok, response.text
    if response.headers["content-type"] == "image/jpeg":
        return response.content
    return {name: value for name, value in response.json().items() if name not in IDS}


def refusals(asker: Asker, strict: Asker, version: str) -> dict[str, requests.Response]:
    """Ask wrongly in every way that the page names; `strict` has no request left."""
    large, tiff, small = BytesIO(), BytesIO(), BytesIO()
    Image.new("1", (6000, 6000)).save(large, "PNG")
    Image.new("RGB", (60, 60)).save(tiff, "TIFF")
    Image.new("RGB", (40, 40)).save(small, "PNG")
    photo = sample_path("dahlia.jpg").read_bytes()
    stream, other = "application/octet-stream", "application/json"
    bodies = {
        "empty body": (stream, b""),
        "body is not an image": (stream, b"no image"),
        "TIFF image": (stream, tiff.getvalue()),
        "image of 40x40 pixels": (stream, small.getvalue()),
        "image of 36 megapixels": (stream, large.getvalue()),
        "file of 5 MB": (stream, photo + bytes(5 * 1024 * 1024)),
        "file of 21 MB": (stream, photo + bytes(21 * 1024 * 1024)),
        "body is not JSON": (other, b"{"),
        "no `url` in the body": (other, b"{}"),
        "unreachable URL": (other, b'{"url": "http://127.0.0.1:9/"}'),
        "unknown content type": ("text/plain", b"x"),
    }
    return {
        name: asker.tag(version, data=data, headers={"Content-Type": kind})
        for name, (kind, data) in bodies.items()
    } | {
        "missing or wrong key": asker.tag(version, json={}, headers=dict.fromkeys(asker.key, "x")),
        "unknown path": asker.post("nothing", version, json={}),
        "more requests than `--rate`": strict.post("nothing", version, json={}),
    }
