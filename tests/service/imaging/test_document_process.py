from __future__ import annotations

import sys
import zlib
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionservice.api.limits import IMAGE_V4
from visionservice.errors import ApiError
from visionservice.imaging import document_process
from visionservice.imaging.decode import decode
from visionservice.imaging.document_process import DocumentProcess
from visionservice.imaging.probe import probe

CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"


def pdf(*objects: bytes) -> bytes:
    """A PDF with a catalogue and these objects, numbered from 2: the tree of the pages, a page."""
    data, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate((CATALOGUE, *objects), 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, count = len(data), len(places) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % count
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(data) + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, start)


def tree(kids: bytes, count: int) -> bytes:
    return b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids)


def page(width: int = 200, more: bytes = b"") -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d 100]%s>>" % (width, more)


def drawing(content: bytes, keys: bytes = b"") -> bytes:
    """A PDF with one page that shows this."""
    stream = b"<<%s/Length %d>>stream\n%s\nendstream" % (keys, len(content), content)
    return pdf(tree(b"3 0 R", 1), page(more=b"/Contents 4 0 R"), stream)


def measured(data: bytes) -> tuple[int, int, int]:
    with closing(DocumentProcess(data, "Pdf")) as process:
        return process.measure()


def drawn(data: bytes, number: int = 1) -> np.ndarray:
    with closing(DocumentProcess(data, "Pdf")) as process:
        return process.draw(number)


def test_a_page_is_drawn_at_its_size() -> None:
    data = drawing(b"1 0 0 rg 0 50 200 50 re f")
    assert measured(data) == (1, 556, 278)
    image = drawn(data)
    assert image.shape == (278, 556, 3)
    assert image[20, 50].tolist() == [255, 0, 0]
    assert image[250, 50].tolist() == [255, 255, 255]


def test_a_million_pages_are_counted_and_one_is_drawn() -> None:
    data = pdf(tree(b"3 0 R " * 1_000_000, 1_000_000), page())
    with closing(DocumentProcess(data, "Pdf")) as process:
        assert process.measure()[0] == 1_000_000
        assert process.draw(999_999).shape == (278, 556, 3)


ONE = pdf(tree(b"3 0 R", 1), page())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"%PDF-1.7\n", id="only the first line"),
        pytest.param(ONE[:150], id="cut"),
        pytest.param(pdf(tree(b"", 0)), id="no pages"),
        pytest.param(pdf(tree(b"2 0 R 2 0 R", 5)), id="a tree that contains itself"),
        pytest.param(pdf(tree(b"3 0 R null", 2), page()), id="a missing page"),
        pytest.param(ONE.replace(b"/Count 1/", b"/Count 1500/"), id="fewer pages than it counts"),
    ],
)
def test_a_damaged_pdf_is_an_error(data: bytes) -> None:
    with pytest.raises(ApiError, match="not a valid image") as error:
        measured(data)
    assert (error.value.status, error.value.code) == (400, "InvalidImageFormat")
    assert "is damaged" in error.value.hint


def test_a_page_of_more_than_17_inches_is_neither_measured_nor_drawn() -> None:
    with pytest.raises(ApiError, match=r"17 inches.*42\.5") as error:
        measured(pdf(tree(b"3 0 R", 1), page(width=3060)))
    assert error.value.code == "InvalidImageSize"
    data = pdf(tree(b"3 0 R " * 2000 + b"4 0 R", 2001), page(), page(width=90_000))
    assert measured(data)[0] == 2001  # of which 2000 are measured
    with pytest.raises(ApiError, match="at most 17 inches"):
        drawn(data, 2001)


def test_a_script_is_not_run() -> None:
    action = b"/AA<</O<</S/JavaScript/JS(while\\(true\\){})>>>>"
    assert drawn(pdf(tree(b"3 0 R", 1), page(more=action))).shape == (278, 556, 3)


def test_a_page_that_would_take_hours_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_process, "TIMEOUT_SECONDS", 2.0)
    lines = zlib.compress(b"0 0 m 200 100 l S " * 5_000_000)
    with pytest.raises(ApiError) as error:
        drawn(drawing(lines, b"/Filter/FlateDecode"))
    assert "longer than 2 seconds" in error.value.hint


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that takes the place of the worker."""
    program = tmp_path / "worker.py"
    monkeypatch.setattr(document_process, "_COMMAND", [sys.executable, program])
    return program


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("import os; os.abort()", id="a crash"),
        *(
            f"print({reply!r})"
            for reply in ("", "nonsense", "ok", "ok 1", "ok 1 9", "ok 1 99999999 9999", "ok 1 5 5")
        ),
    ],
)
def test_a_crash_or_an_invalid_reply_of_the_process_is_an_error_of_the_file(
    program: str, worker: Path
) -> None:
    worker.write_text(program)
    with pytest.raises(ApiError, match="not a valid image") as error:
        drawn(ONE)
    assert error.value.hint == "The PDF cannot be read."


def test_a_tiff_is_decoded_in_a_process_for_an_operation_on_images(worker: Path) -> None:
    worker.write_text("raise SystemExit")
    file = BytesIO()
    Image.new("RGB", (90, 60)).save(file, "TIFF")
    info = probe(file.getvalue(), IMAGE_V4)
    with pytest.raises(ApiError) as error:
        decode(file.getvalue(), info)
    assert error.value.hint == "The TIFF cannot be read."
