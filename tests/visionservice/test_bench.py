from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep

import pytest
import requests
from joblib import cpu_count
from PIL import Image

from tests.asking import page
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.imaging import pdf
from visionservice.pool import FEWEST

KEY = "Ocp-Apim-Subscription-Key"
BYTES = {"Content-Type": "application/octet-stream"}
PHOTO = sample_path("coffee_cup.jpg").read_bytes()
PLACES = "v1.0/models/landmarks/analyze"
READ = "v3.2/read/analyze"
WORKERS = max(FEWEST, cpu_count())


def post(service: LocalService, path: str, data: bytes, **headers: str) -> requests.Response:
    headers = {KEY: service.key} | BYTES | headers
    return requests.post(f"{service.url}/vision/{path}", data, headers=headers, timeout=60)


def status(service: LocalService, accepted: requests.Response) -> str:
    where = accepted.headers["Operation-Location"]
    answer = requests.get(where, headers={KEY: service.key}, timeout=30)
    return str(answer.json()["status"])


def until(service: LocalService, accepted: requests.Response, *wanted: str) -> None:
    end = monotonic() + 60
    while (now := status(service, accepted)) not in wanted:
        assert monotonic() < end, now
        sleep(0.05)


def png(width: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, 60)).save(file, "PNG")
    return file.getvalue()


def with_pages(count: int) -> bytes:
    """A PDF that has the same page, of a few words, so many times."""
    file = BytesIO()
    page("one and a second line").save(file, "PDF", resolution=200)
    data = file.getvalue()
    kid = data.partition(b"/Kids [ ")[2].partition(b" ]")[0]
    data = data.replace(b"/Count 1", b"/Count %d" % count)
    return data.replace(b"/Kids [ " + kid, b"/Kids [ " + b" ".join([kid] * count))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """A service that ends with the test, whatever it is at work on."""
    monkeypatch.setattr("visionservice.ending.FINISH_SECONDS", 0.1)
    with LocalService(gallery=tmp_path) as service:
        yield service


def test_documents_of_thousands_of_pages_hold_up_neither_pictures_nor_short_documents(
    own: LocalService,
) -> None:
    long = [post(own, READ, with_pages(2000)) for _ in range(WORKERS + 1)]
    for accepted in long:
        until(own, accepted, "running")
    assert post(own, "v1.0/analyze?visualFeatures=Color", PHOTO).status_code == 200
    until(own, post(own, READ, sample_path("handwritten_note.jpg").read_bytes()), "succeeded")
    until(own, post(own, READ, with_pages(1)), "succeeded")
    assert [status(own, accepted) for accepted in long] == ["running"] * len(long)


HANGING = """
import sys, time
from pathlib import Path
while sys.argv[1] == {question!r} and not Path({go!r}).exists():
    time.sleep(0.05)
print(1, 100, 100)
"""


@pytest.mark.parametrize("question", ["size", "draw"])
def test_pdfs_that_hang_hold_up_no_picture(
    own: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    until(own, post(own, READ, png(60)), "succeeded")  # so that the models are there
    program, go = tmp_path / "hang.py", tmp_path / "go"
    program.write_text(HANGING.format(question=question, go=str(go)))
    monkeypatch.setattr(pdf, "_PROGRAM", program)
    with ThreadPoolExecutor(WORKERS) as threads:
        hanging = [threads.submit(post, own, READ, with_pages(1)) for _ in range(WORKERS)]
        sleep(0.7)
        assert post(own, "v1.0/analyze?visualFeatures=Color", PHOTO).status_code == 200
        until(own, post(own, READ, png(60)), "succeeded")
        if question == "draw":
            assert "running" in [status(own, future.result()) for future in hanging]
        else:
            assert not any(future.done() for future in hanging)
        go.touch()
