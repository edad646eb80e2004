from __future__ import annotations

from contextlib import closing, suppress
from io import BytesIO
from struct import pack
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.support.api import Asker, finished
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.api.limits import READ_V3
from visionservice.engines.text.reader import RapidOcrReader
from visionservice.errors import ApiError
from visionservice.imaging import document
from visionservice.imaging.document import Document
from visionservice.imaging.document_process import DocumentProcess
from visionservice.imaging.probe import probe

WORDS = ("First light", "Second wind", "Third degree")
PAGE = sample_path("printed_page.jpg").read_bytes()


def drawn(text: str) -> Image.Image:
    """A page with one line of print."""
    page = Image.new("RGB", (850, 400), "white")
    ImageDraw.Draw(page).text((60, 120), text, "black", ImageFont.load_default(48))
    return page


def file(kind: str) -> bytes:
    """Three pages as a TIFF or a PDF."""
    first, *others = map(drawn, WORDS)
    buffer = BytesIO()
    first.save(buffer, kind, save_all=True, append_images=others, resolution=200)
    return buffer.getvalue()


def opened(data: bytes) -> Document:
    return Document(data, probe(data, READ_V3))


def processes() -> list[psutil.Process]:
    """Return the processes that read documents; other tests leave children of other kinds."""
    return [p for p in psutil.Process().children() if DocumentProcess.__module__ in p.cmdline()]


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_one_process_draws_the_pages_in_any_order_until_the_document_is_closed(kind: str) -> None:
    before = processes()
    document = opened(file(kind))
    assert document.pages == 3
    assert processes() == before
    workers = set()
    for number in (3, 1, 2):
        (line,) = RapidOcrReader().read(document.page(number).full).lines
        assert line.text == WORDS[number - 1]
        workers |= set(processes())
    assert len(workers - set(before)) == 1
    document.close()
    assert processes() == before


def test_a_document_that_is_closed_while_its_process_starts_ends_that_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = processes()
    document, start = opened(file("TIFF")), DocumentProcess.__init__

    def start_slowly(self: DocumentProcess, *arguments: Any) -> None:
        start(self, *arguments)
        document.close()  # by another thread

    monkeypatch.setattr(DocumentProcess, "__init__", start_slowly)
    with suppress(ApiError):
        document.page(1)
    assert processes() == before


def test_of_many_documents_each_ends_its_process_after_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "MAX_PROCESSES", 2)
    before = len(processes())
    documents = [opened(file("TIFF")) for _ in range(4)]
    for each in documents * 2:
        each.page(1)
    assert len(processes()) == before + 2
    for each in documents:
        each.close()
    assert len(processes()) == before


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
@pytest.mark.parametrize(
    ("operation", "version", "query", "numbers"),
    [
        ("read/core/asyncBatchAnalyze", "v2.1", "", [1, 2, 3]),
        ("read/analyze", "v3.2", "pages=2-3", [2, 3]),
    ],
)
def test_the_result_has_the_requested_pages_with_their_words(
    service: LocalService, kind: str, operation: str, version: str, query: str, numbers: list[int]
) -> None:
    before, asker = len(processes()), Asker(service)
    headers = {"Content-Type": "application/octet-stream"}
    accepted = asker.post(operation, version, query, data=file(kind), headers=headers)
    result = finished(accepted.headers["Operation-Location"], asker.key).json()
    pages = result.get("recognitionResults") or result["analyzeResult"]["readResults"]
    found = [(page["page"], [line["text"] for line in page["lines"]]) for page in pages]
    assert found == [(number, [WORDS[number - 1]]) for number in numbers]
    assert len(processes()) <= before


def test_an_image_is_a_document_of_one_page_in_pixels_that_is_decoded_once_and_not_kept() -> None:
    document = opened(PAGE)
    assert (document.pages, document.unit) == (1, "pixel")
    first, again = document.page(1), document.page(1)
    assert "full" in vars(first)
    assert "full" not in vars(again)
    assert np.array_equal(first.full, again.full)


def test_an_image_that_was_checked_is_not_decoded_before_its_pixels_are_used() -> None:
    page = Document(PAGE[:3000], probe(PAGE, READ_V3), checked=True).page(1)
    with pytest.raises(ApiError, match="not a valid image"):
        _ = page.full


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_truncated_tiff_is_an_error_when_it_is_opened_or_drawn() -> None:
    data, before = file("TIFF"), processes()
    with (
        pytest.raises(ApiError, match="not a valid image"),
        closing(opened(data[: len(data) // 2])) as document,
    ):
        document.page(3)
    assert processes() == before


def tiff(*frames: tuple[int, int], circular: bool = False) -> bytes:
    """Frames of these sizes, one bit a pixel, that share the same few bytes."""
    length, data = 2 + 8 * 12 + 4, b""
    end = 8 + length * len(frames)
    for number, (width, height) in enumerate(frames, 1):
        tags = {256: width, 257: height, 258: 1, 259: 4, 262: 1, 273: end, 278: height, 279: 4}
        entries = b"".join(pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
        following = 8 + length * number if number < len(frames) else 8 * circular
        data += pack("<H", 8) + entries + pack("<I", following)
    return b"II*\0" + pack("<I", 8) + data + b"\0\x10\0\x10"


@pytest.mark.parametrize("size", [(30_000, 30_000), (1, 33_000_000)])
def test_a_tiff_with_a_page_too_large_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ApiError) as error:
        opened(tiff((60, 60), size))
    assert error.value.code == "InvalidImageSize"


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        pytest.param(tiff(*[(60, 60)] * 3, circular=True), 3, id="each page of a circle once"),
        pytest.param(tiff(*[(60, 60)] * 2100), 2000, id="as many as the API reads"),
    ],
)
def test_the_pages_of_a_tiff_are_counted(data: bytes, pages: int) -> None:
    assert opened(data).pages == pages
