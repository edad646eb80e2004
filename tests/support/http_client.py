"""Requests to a local service over HTTP, and files to send."""

from __future__ import annotations

from io import BytesIO
from os import urandom
from typing import Any

import requests
from PIL import Image

from tests.support.api import finished, page
from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.engines.runtime import cpu_count
from visionservice.scheduler import MIN_WEIGHT

KEY = "Ocp-Apim-Subscription-Key"
BYTES = {"Content-Type": "application/octet-stream"}
PLACES = "v1.0/models/landmarks/analyze"
READ = "v3.2/read/analyze"
WORKERS = cpu_count() + 1


def post(service: LocalService, path: str, data: bytes, **headers: str) -> requests.Response:
    headers = {KEY: service.key} | BYTES | headers
    return requests.post(f"{service.url}/vision/{path}", data, headers=headers, timeout=60)


def status(service: LocalService, accepted: requests.Response) -> str:
    where = accepted.headers["Operation-Location"]
    response = requests.get(where, headers={KEY: service.key}, timeout=30)
    return str(response.json()["status"])


def until(service: LocalService, accepted: requests.Response, *wanted: str) -> None:
    poll_until(lambda: status(service, accepted) in wanted, pause=0.05)


def waiting(service: LocalService) -> int:
    """The number of images that wait for a worker."""
    return service._service.images.waiting() // MIN_WEIGHT


def png(width: int) -> bytes:
    """A black image; no two have the same bytes, so that they are analyzed at the same time."""
    file = BytesIO()
    Image.new("RGB", (width, 60)).save(file, "PNG")
    return file.getvalue() + urandom(8)


def with_pages(count: int) -> bytes:
    """A PDF with copies of one page of a few words."""
    file = BytesIO()
    page("one and a second line").save(file, "PDF", resolution=200)
    data = file.getvalue()
    kid = data.partition(b"/Kids [ ")[2].partition(b" ]")[0]
    data = data.replace(b"/Count 1", b"/Count %d" % count)
    return data.replace(b"/Kids [ " + kid, b"/Kids [ " + b" ".join([kid] * count))


def post_sample(service: LocalService, path: str, name: str, **query: str) -> requests.Response:
    return requests.post(
        f"{service.url}/vision/{path}",
        headers={KEY: service.key, **BYTES},
        params=query,
        data=sample_path(name).read_bytes(),
        timeout=60,
    )


def read_sample(service: LocalService, path: str, name: str, **query: str) -> dict[str, Any]:
    accepted = post_sample(service, path, name, **query)
    assert (accepted.status_code, accepted.content) == (202, b""), accepted.text
    location = accepted.headers["Operation-Location"]
    body: dict[str, Any] = finished(location, {KEY: service.key}).json()
    return body
