from __future__ import annotations

import sys
import zlib
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionservice.api.limits import IMAGE_V4, READ_V3
from visionservice.errors import ApiError
from visionservice.imaging import document_process
from visionservice.imaging.decode import decode
from visionservice.imaging.document import Document
from visionservice.imaging.document_process import DocumentProcess
from visionservice.imaging.probe import probe


def file(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of them its catalogue."""
    data, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, count = len(data), len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % count
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return bytes(data) + tail % (count, start)


def stream(content: bytes, keys: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (keys, len(content), content)


def measured(data: bytes) -> tuple[int, int, int]:
    with closing(DocumentProcess(data, "Pdf")) as process:
        return process.measure()


def drawn(data: bytes, number: int = 1) -> np.ndarray:
    with closing(DocumentProcess(data, "Pdf")) as process:
        return process.draw(number)


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"


def pages(box: bytes = b"0 0 200 100", count: int = 1, more: bytes = b"") -> bytes:
    """The same page `count` times."""
    kids = b"3 0 R " * count
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]%s>>" % (box, more)
    return file(CATALOGUE, b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids), page)


def with_content(content: bytes, keys: bytes = b"", *objects: bytes) -> bytes:
    """One page that shows this, and may use the form X, the fifth object."""
    page = b"<</Parent 2 0 R/Type/Page/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<<%s>>>>"
    form = b"/XObject<</X 5 0 R>>"
    tree = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
    return file(CATALOGUE, tree, page % form, stream(content, keys), *objects)


def nested(depth: int, width: int) -> bytes:
    """A form that shows a form many times, that shows another many times, and so on."""
    keys = b"/Type/XObject/Subtype/Form/BBox[0 0 200 100]"
    next_one = b"/Resources<</XObject<</X %d 0 R>>>>"
    forms = [stream(b"/X Do " * width, keys + next_one % (n + 6)) for n in range(depth)]
    return with_content(b"/X Do", b"", *forms, stream(b"0 0 10 10 re f", keys))


def test_a_page_is_drawn_at_its_size() -> None:
    data = with_content(b"1 0 0 rg 0 50 200 50 re f")
    assert measured(data) == (1, 556, 278)
    page = drawn(data)
    assert page.shape == (278, 556, 3)
    assert page[20, 50].tolist() == [255, 0, 0]
    assert page[250, 50].tolist() == [255, 255, 255]


def test_a_million_pages_are_counted_and_one_is_drawn() -> None:
    with closing(DocumentProcess(pages(count=1_000_000), "Pdf")) as process:
        assert process.measure()[0] == 1_000_000
        assert process.draw(999_999).shape == (278, 556, 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7\n", "InvalidImageFormat"),
        (pages()[:150], "InvalidImageFormat"),
        (file(CATALOGUE, b"<</Type/Pages/Count 0/Kids[]>>"), "InvalidImageFormat"),
        (file(CATALOGUE, b"<</Type/Pages/Count 5/Kids[2 0 R 2 0 R]>>"), "InvalidImageFormat"),
        (file(CATALOGUE, b"<</Type/Pages/Count 2/Kids[3 0 R null]>>"), "InvalidImageFormat"),
        (pages().replace(b"/Count 1/", b"/Count 1500/"), "InvalidImageFormat"),
        (pages(box=b"0 0 1000000 1000000"), "InvalidImageSize"),
    ],
    ids=["head", "cut", "no pages", "circle", "no such page", "too many", "huge"],
)
def test_what_cannot_be_read_is_an_error(data: bytes, code: str) -> None:
    with pytest.raises(ApiError) as error:
        measured(data)
    assert (error.value.status, error.value.code) == (400, code)


def test_a_script_is_not_run() -> None:
    action = b"/AA<</O<</S/JavaScript/JS(while\\(true\\){})>>>>"
    assert drawn(pages(more=action)).shape == (278, 556, 3)


def test_a_large_page_after_those_that_were_measured_is_not_drawn() -> None:
    kids = b"3 0 R " * 2000 + b"4 0 R"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d 100]>>"
    tree = b"<</Type/Pages/Count 2001/Kids[%s]>>" % kids
    data = file(CATALOGUE, tree, page % 200, page % 90_000)
    assert measured(data)[0] == 2001
    with pytest.raises(ApiError, match="at most 17 inches"):
        drawn(data, 2001)


@pytest.mark.parametrize(
    "data",
    [
        nested(9, 10),
        with_content(zlib.compress(b"0 0 m 200 100 l S " * 5_000_000), b"/Filter/FlateDecode"),
    ],
    ids=["nested", "long"],
)
def test_a_page_that_would_take_hours_is_given_up(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_process, "TIMEOUT_SECONDS", 2.0)
    with pytest.raises(ApiError) as error:
        drawn(data)
    assert "longer than 2 seconds" in error.value.hint


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that takes the place of the worker."""
    program = tmp_path / "worker.py"
    monkeypatch.setattr(document_process, "_COMMAND", [sys.executable, program])
    return program


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_a_crash_of_the_decoder_is_an_error_of_this_file_alone(kind: str, worker: Path) -> None:
    worker.write_text(
        "import os, sys\n"
        "sys.stdin.buffer.read(int(sys.argv[2]))\n"
        "for line in sys.stdin:\n"
        "    print('ok 1 90 60', flush=True) if line[0] == 's' else os.abort()\n"
    )
    buffer = BytesIO()
    Image.new("RGB", (90, 60)).save(buffer, kind)
    document = Document(buffer.getvalue(), probe(buffer.getvalue(), READ_V3))
    with closing(document), pytest.raises(ApiError, match="not a valid image") as error:
        document.page(1)
    assert error.value.hint == f"The {kind} cannot be read."


@pytest.mark.parametrize(
    "reply", ["", "nonsense", "ok", "ok 1", "ok 1 9", "ok 1 99999999 99999999", "ok 1 5 5"]
)
def test_an_invalid_reply_of_the_process_is_an_error(reply: str, worker: Path) -> None:
    worker.write_text(f"print({reply!r})")
    with (
        closing(DocumentProcess(b"", "Pdf")) as process,
        pytest.raises(ApiError, match="not a valid"),
    ):
        process.draw(1)


def test_a_tiff_is_decoded_in_a_process_for_an_operation_on_images(worker: Path) -> None:
    worker.write_text("raise SystemExit")
    buffer = BytesIO()
    Image.new("RGB", (90, 60)).save(buffer, "TIFF")
    info = probe(buffer.getvalue(), IMAGE_V4)
    with pytest.raises(ApiError) as error:
        decode(buffer.getvalue(), info)
    assert error.value.hint == "The TIFF cannot be read."
