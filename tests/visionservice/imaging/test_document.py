from __future__ import annotations

from io import BytesIO
from pathlib import Path
from struct import pack
from time import sleep
from typing import Any

import pytest
import requests
from PIL import Image, ImageDraw, ImageFont

from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.api.limits import READ_V3
from visionservice.errors import ApiError
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.document import Document
from visionservice.imaging.probe import probe

WORDS = ("First light", "Second wind", "Third degree")


def drawn(text: str, size: tuple[int, int] = (850, 400)) -> Image.Image:
    """A page with one line of print."""
    page = Image.new("RGB", size, "white")
    font = ImageFont.load_default(48)
    ImageDraw.Draw(page).text((60, 120), text, "black", font)
    return page


def file(kind: str, **options: object) -> bytes:
    """Three pages as a TIFF or a PDF."""
    first, *others = map(drawn, WORDS)
    buffer = BytesIO()
    options = {"resolution": 200} | options
    first.save(buffer, kind, save_all=True, append_images=others, **options)
    return buffer.getvalue()


def opened(data: bytes, gallery: Path) -> Document:
    return Document.decode(data, probe(data, READ_V3), Gallery(gallery))


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_every_page_has_its_own_words(kind: str, tmp_path: Path) -> None:
    document = opened(file(kind), tmp_path)
    assert document.pages == 3
    for number in (3, 1, 2):
        (line,) = document.page(number).text.lines
        assert line.text == WORDS[number - 1]


def pages_read(service: LocalService, path: str, data: bytes) -> list[dict[str, Any]]:
    """Send a file to an operation; return the pages of its result."""
    key = {"Ocp-Apim-Subscription-Key": service.key}
    headers = key | {"Content-Type": "application/octet-stream"}
    accepted = requests.post(f"{service.url}/vision/{path}", data, headers=headers, timeout=60)
    where = accepted.headers["Operation-Location"]
    while (answer := requests.get(where, headers=key, timeout=60).json())["status"].lower() in (
        "notstarted",
        "running",
    ):
        sleep(0.05)
    pages: list[dict[str, Any]] = (
        answer.get("recognitionResults") or (answer["analyzeResult"]["readResults"])
    )
    return pages


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("v2.1/read/core/asyncBatchAnalyze", [1, 2, 3]),
        ("v3.2/read/analyze", [1, 2, 3]),
        ("v3.2/read/analyze?pages=2-3", [2, 3]),
    ],
)
def test_the_pages_asked_for_come_with_their_own_words(
    service: LocalService, kind: str, path: str, numbers: list[int]
) -> None:
    pages = pages_read(service, path, file(kind))
    read = [(page["page"], [line["text"] for line in page["lines"]]) for page in pages]
    assert read == [(number, [WORDS[number - 1]]) for number in numbers]


def test_a_picture_is_a_document_of_one_page_in_pixels(tmp_path: Path) -> None:
    document = opened(sample_path("printed_page.jpg").read_bytes(), tmp_path)
    page = document.page(1)
    assert (document.pages, page.unit) == (1, "pixel")
    assert (page.width, page.height) == Image.open(sample_path("printed_page.jpg")).size
    assert page.to_unit(12.6) == 13


def test_pages_of_a_pdf_are_measured_in_inches(tmp_path: Path) -> None:
    page = opened(file("PDF", resolution=100), tmp_path).page(2)
    assert page.unit == "inch"
    assert (page.width, page.height) == pytest.approx((8.5, 4.0), abs=0.01)
    (line,) = page.text.lines
    left, top = (page.to_unit(value) for value in line.polygon[0])
    assert (left, top) == pytest.approx((0.6, 1.3), abs=0.15)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16"])
def test_a_tiff_of_any_kind_of_pixels_is_read(mode: str, tmp_path: Path) -> None:
    buffer = BytesIO()
    page = drawn(WORDS[0])
    if mode == "I;16":
        page = page.convert("L").point(lambda value: value * 257, "I").convert("I;16")
    else:
        page = page.convert(mode)
    page.save(buffer, "TIFF")
    (line,) = opened(buffer.getvalue(), tmp_path).page(1).text.lines
    assert line.text == WORDS[0]


def test_a_pdf_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for data in (b"%PDF-1.7\nnothing", file("PDF")[:300]):
        with pytest.raises(ApiError, match="damaged") as refusal:
            opened(data, tmp_path)
        assert refusal.value.code == "InvalidImageFormat"


def test_a_page_of_more_than_17_inches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=r"17 inches.*42\.5"):
        opened(file("PDF", resolution=20), tmp_path)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_truncated_tiff_is_refused_or_its_page_is(tmp_path: Path) -> None:
    data = file("TIFF")
    with pytest.raises(ApiError, match=r"damaged|not a valid image"):
        opened(data[: len(data) // 2], tmp_path).page(3)


def tiff(frames: list[tuple[int, int]], circular: bool = False) -> bytes:
    """Frames of these sizes, one bit a pixel, that share the same few bytes."""
    length, data = 2 + 8 * 12 + 4, b""
    end = 8 + length * len(frames)
    for number, (width, height) in enumerate(frames, 1):
        tags = [
            (256, width),
            (257, height),
            (258, 1),
            (259, 4),
            (262, 1),
            (273, end),
            (278, height),
        ]
        entries = b"".join(pack("<HHII", tag, 4, 1, value) for tag, value in [*tags, (279, 4)])
        following = 8 + length * number if number < len(frames) else 8 * circular
        data += pack("<H", 8) + entries + pack("<I", following)
    return b"II*\0" + pack("<I", 8) + data + b"\0\x10\0\x10"


@pytest.mark.parametrize("size", [(12_000, 12_000), (30_000, 30_000), (1, 33_000_000)])
def test_a_tiff_with_a_page_too_large_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(ApiError) as refusal:
        opened(tiff([(60, 60), size]), tmp_path)
    assert refusal.value.code == "InvalidImageSize"


def test_a_tiff_in_a_circle_ends(tmp_path: Path) -> None:
    assert opened(tiff([(60, 60)] * 3, circular=True), tmp_path).pages == 3


def test_pages_past_those_the_api_reads_are_not_counted(tmp_path: Path) -> None:
    assert opened(tiff([(60, 60)] * 2100), tmp_path).pages == 2000
