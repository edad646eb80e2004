from __future__ import annotations

from contextlib import closing, suppress
from io import BytesIO
from struct import pack
from typing import Any

import numpy as np
import psutil
import pytest
import requests
from PIL import Image, ImageDraw, ImageFont

from tests.support.api import finished
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.analysis import ImageAnalysis, PageAnalysis
from visionservice.api.limits import READ_V3
from visionservice.engines.text.reader import RapidOcrReader
from visionservice.errors import ApiError
from visionservice.imaging import decode as decoding
from visionservice.imaging import document
from visionservice.imaging.document import Document
from visionservice.imaging.document_process import DocumentProcess
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


def opened(data: bytes) -> Document:
    return Document(data, probe(data, READ_V3))


def text_of(document: Document, number: int) -> str:
    (line,) = RapidOcrReader().read(document.page(number).full).lines
    return line.text


def processes() -> list[psutil.Process]:
    """Return the processes that read documents; other tests leave children of other kinds."""
    return [p for p in psutil.Process().children() if DocumentProcess.__module__ in p.cmdline()]


def children() -> int:
    return len(processes())


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_pages_are_read_by_number_in_any_order(kind: str) -> None:
    document = opened(file(kind))
    assert document.pages == 3
    assert [text_of(document, number) for number in (3, 1, 2)] == [WORDS[2], WORDS[0], WORDS[1]]
    document.close()


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_one_process_draws_all_pages_and_ends_when_the_document_is_closed(kind: str) -> None:
    before = children()
    document = opened(file(kind))
    assert children() == before
    document.page(1)
    (process,) = processes()
    document.page(3)
    assert processes() == [process]
    document.close()
    assert children() == before


def test_a_document_that_is_closed_while_its_process_starts_ends_that_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = children()
    document, start = opened(file("TIFF")), DocumentProcess.__init__

    def start_slowly(self: DocumentProcess, *arguments: Any) -> None:
        start(self, *arguments)
        document.close()  # by another thread

    monkeypatch.setattr(DocumentProcess, "__init__", start_slowly)
    with suppress(ApiError):
        document.page(1)
    assert children() == before


def test_of_many_documents_each_ends_its_process_after_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "MAX_PROCESSES", 2)
    before = children()
    documents = [opened(file("TIFF")) for _ in range(4)]
    for each in documents * 2:
        each.page(1)
    assert children() == before + 2
    for each in documents:
        each.close()
    assert children() == before


def pages_read(service: LocalService, path: str, data: bytes) -> list[dict[str, Any]]:
    """Send a file to an operation; return the pages of its result."""
    key = {"Ocp-Apim-Subscription-Key": service.key}
    headers = key | {"Content-Type": "application/octet-stream"}
    accepted = requests.post(f"{service.url}/vision/{path}", data, headers=headers, timeout=60)
    result = finished(accepted.headers["Operation-Location"], key).json()
    pages: list[dict[str, Any]] = (
        result.get("recognitionResults") or (result["analyzeResult"]["readResults"])
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
def test_the_result_has_the_requested_pages_with_their_words(
    service: LocalService, kind: str, path: str, numbers: list[int]
) -> None:
    before = children()
    pages = pages_read(service, path, file(kind))
    found = [(page["page"], [line["text"] for line in page["lines"]]) for page in pages]
    assert found == [(number, [WORDS[number - 1]]) for number in numbers]
    assert children() <= before


def test_an_image_is_a_document_of_one_page_in_pixels() -> None:
    document = opened(sample_path("printed_page.jpg").read_bytes())
    assert (document.pages, document.unit) == (1, "pixel")
    assert document.page(1).size == Image.open(sample_path("printed_page.jpg")).size


def test_an_image_is_decoded_once_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    data = sample_path("printed_page.jpg").read_bytes()
    calls, decode = [], decoding.decode

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return decode(*arguments)

    monkeypatch.setattr(decoding, "decode", counted)
    opened_document = opened(data)
    first = opened_document.page(1).full
    assert len(calls) == 1
    assert np.array_equal(opened_document.page(1).full, first)
    assert len(calls) == 2


def test_an_image_that_was_checked_is_not_decoded_before_its_pixels_are_used() -> None:
    data = sample_path("printed_page.jpg").read_bytes()
    document = Document(data[:3000], probe(data, READ_V3), checked=True)
    page = document.page(1)
    with pytest.raises(ApiError, match="not a valid image"):
        _ = page.full


def test_pages_of_a_pdf_are_measured_in_inches() -> None:
    document = opened(file("PDF", resolution=100))
    image = ImageAnalysis(document.page(2), "Pdf", None)  # type: ignore[arg-type]
    document.close()
    analysis = PageAnalysis(2, image, document.unit)
    assert analysis.unit == "inch"
    size = [analysis.to_unit(side) for side in analysis.image.size]
    assert size == pytest.approx([8.5, 4.0], abs=0.01)
    (line,) = analysis.image.ocr().lines
    left, top = (analysis.to_unit(value) for value in line.polygon[0])
    assert (left, top) == pytest.approx((0.6, 1.3), abs=0.15)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16"])
def test_a_tiff_of_any_mode_is_read(mode: str) -> None:
    buffer = BytesIO()
    page = drawn(WORDS[0])
    if mode == "I;16":
        page = page.convert("L").point(lambda value: value * 257, "I").convert("I;16")
    else:
        page = page.convert(mode)
    page.save(buffer, "TIFF")
    document = opened(buffer.getvalue())
    assert text_of(document, 1) == WORDS[0]
    document.close()


def test_a_page_of_a_tiff_is_turned_upright() -> None:
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn(WORDS[0]).transpose(Image.Transpose.ROTATE_90).save(buffer, "TIFF", exif=exif)
    document = opened(buffer.getvalue())
    assert np.array_equal(document.page(1).full, np.asarray(drawn(WORDS[0])))
    document.close()


def test_a_pdf_that_cannot_be_read_is_an_error() -> None:
    for data in (b"%PDF-1.7\nnothing", file("PDF")[:300]):
        with pytest.raises(ApiError, match="not a valid image") as error:
            opened(data)
        assert error.value.code == "InvalidImageFormat"
        assert "is damaged" in error.value.hint


def test_a_page_of_more_than_17_inches_is_an_error() -> None:
    with pytest.raises(ApiError, match=r"17 inches.*42\.5"):
        opened(file("PDF", resolution=20))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_truncated_tiff_is_an_error_when_it_is_opened_or_drawn() -> None:
    data = file("TIFF")
    before = children()
    with (
        pytest.raises(ApiError, match="not a valid image"),
        closing(opened(data[: len(data) // 2])) as document,
    ):
        document.page(3)
    assert children() == before


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
def test_a_tiff_with_a_page_too_large_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ApiError) as error:
        opened(tiff([(60, 60), size]))
    assert error.value.code == "InvalidImageSize"


def test_a_circular_tiff_has_each_page_once() -> None:
    assert opened(tiff([(60, 60)] * 3, circular=True)).pages == 3


def test_pages_that_the_api_does_not_read_are_not_counted() -> None:
    assert opened(tiff([(60, 60)] * 2100)).pages == 2000
