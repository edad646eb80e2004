"""Requests to a local service over HTTP, and files to send."""

from __future__ import annotations

from io import BytesIO
from os import urandom

import requests
from PIL import Image

from tests.asking import page
from tests.support.poll import poll_until
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
