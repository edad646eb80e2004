from __future__ import annotations

import os
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from time import thread_time

import pytest
from PIL import Image

from visionhelpers.images import sample_path
from visionservice.api.limits import IMAGE, IMAGE_V4, READ_V3
from visionservice.errors import ApiError
from visionservice.imaging.decode import decode
from visionservice.imaging.probe import is_pdf, probe


def encoded(format_name: str, width: int = 60, height: int = 50, **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "red").save(file, format_name, **options)
    return file.getvalue()


@pytest.mark.parametrize("name", ["Jpeg", "Png", "Gif", "Bmp"])
def test_the_formats_of_the_api_are_recognized(name: str) -> None:
    info = probe(encoded(name.upper()), IMAGE)
    assert (info.format, info.width, info.height) == (name, 60, 50)


@pytest.mark.parametrize("name", ["Webp", "Ico", "Tiff"])
def test_the_further_formats_of_api_4_0_are_recognized_where_they_are_accepted(name: str) -> None:
    data = encoded(name.upper(), 64, 64)
    info = probe(data, IMAGE_V4)
    assert (info.format, info.width, info.height) == (name, 64, 64)
    with pytest.raises(ApiError, match="Input data is not a valid image"):
        probe(data, IMAGE)


def test_a_format_that_the_operation_does_not_accept_is_named_in_the_hint() -> None:
    with pytest.raises(ApiError, match="Input data is not a valid image") as error:
        probe(encoded("GIF"), replace(IMAGE, formats=("Jpeg", "Png")))
    assert error.value.code == "InvalidImageFormat"
    assert error.value.hint == "This operation reads Jpeg, Png, not Gif."


@pytest.mark.parametrize(
    ("width", "height", "limit"),
    [
        (40, 60, ""),
        (39, 60, "at least 40 pixels in width and height"),
        (60, 39, "at least 40 pixels in width and height"),
        (100, 60, ""),
        (101, 60, "at most 100 pixels in width and height"),
    ],
)
def test_a_side_may_have_the_minimum_and_the_maximum_length(
    width: int, height: int, limit: str
) -> None:
    data = encoded("PNG", width, height)
    limits = replace(IMAGE, shortest=40, longest=100)
    if not limit:
        assert probe(data, limits).width == width
        return
    with pytest.raises(ApiError, match=limit) as error:
        probe(data, limits)
    assert error.value.code == "InvalidImageSize"
    assert f"{width}x{height}" in error.value.hint


def test_an_image_of_too_many_pixels_is_an_error() -> None:
    file = BytesIO()
    Image.new("1", (6000, 5500)).save(file, "PNG")
    with pytest.raises(ApiError, match="at most 32000000 pixels"):
        probe(file.getvalue(), IMAGE)


def test_a_file_of_four_megabytes_is_too_large_and_one_byte_less_is_not() -> None:
    data = encoded("BMP")
    assert probe(data.ljust(IMAGE.bytes, b"\0"), IMAGE).format == "Bmp"
    with pytest.raises(ApiError, match="4 MB"):
        probe(data.ljust(4 << 20, b"\0"), IMAGE)


def test_the_weight_of_an_image_is_its_pixels_or_its_bytes() -> None:
    assert probe(encoded("PNG", 300, 200), IMAGE).weight == 60_000
    assert probe(encoded("BMP").ljust(70_000, b"\0"), IMAGE).weight == 70_000


def test_a_jpeg_of_many_scans_is_an_error_before_it_is_decoded() -> None:
    data = encoded("JPEG", 64, 64, progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert probe(data, IMAGE).format == "Jpeg"
    with pytest.raises(ApiError, match="Input data is not a valid image") as error:
        probe(data[:-2] + last * 200 + data[-2:], IMAGE)
    assert error.value.hint == "The JPEG has more than 100 scans."


def test_a_jpeg_followed_by_a_video_is_accepted() -> None:
    """A motion photo; 8 MB of random bytes contain FF DA 121 times."""
    data = encoded("JPEG") + os.urandom(1000) + b"\xff\xda" * 121
    assert probe(data, IMAGE).format == "Jpeg"


def test_a_jpeg_with_a_preview_in_its_exif_data_is_accepted() -> None:
    exif = Image.Exif()
    exif[0x927C] = b"\xff\xda" * 121 + b"\xff\xd9"  # a maker note
    data = encoded("JPEG", exif=exif)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert probe(data, IMAGE).format == "Jpeg"
    with pytest.raises(ApiError):
        probe(data[:-2] + last * 200 + data[-2:], IMAGE)


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xfe\0\2", b"\xff\xd0", b"\xff\0"])
def test_the_segments_of_a_jpeg_are_counted_fast(filling: bytes) -> None:
    data, begun = encoded("JPEG"), thread_time()
    start = data.rindex(b"\xff\xda") + 12
    data = data[:start] + filling * (20_000_000 // len(filling)) + data[start:]
    with suppress(ApiError):
        probe(data, READ_V3)
    assert thread_time() - begun < 3


def icon(*images: tuple[bytes, int, int]) -> bytes:
    """An ICO of these PNG or bitmap files, and what its directory gives as their sizes."""
    directory, data = struct.pack("<HHH", 0, 1, len(images)), b""
    start = 6 + 16 * len(images)
    for content, width, height in images:
        entry = (width % 256, height % 256, 0, 0, 1, 32, len(content), start + len(data))
        directory += struct.pack("<BBBBHHII", *entry)
        data += content
    return directory + data


MEASURE = r"""
import re, sys
from pathlib import Path
from visionservice.api.limits import IMAGE_V4
from visionservice.errors import ApiError
from visionservice.imaging.probe import probe
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
try:
    probe(Path(sys.argv[1]).read_bytes(), IMAGE_V4)
except ApiError as error:
    print(error.code, (peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_icon_is_measured_before_it_is_decoded(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (11_000, 11_000)).save(file, "PNG")
    path = tmp_path / "large.ico"
    path.write_bytes(icon((file.getvalue(), 256, 256)))
    command = [sys.executable, "-c", MEASURE, path]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    code, megabytes = run.stdout.split()
    assert code == "InvalidImageSize"
    assert int(megabytes) < 20


def test_an_icon_has_the_size_of_its_largest_image() -> None:
    data = icon((encoded("PNG", 60, 60), 60, 60), (encoded("PNG", 200, 180), 200, 180))
    info = probe(data, IMAGE_V4)
    assert (info.width, info.height) == (200, 180)
    assert decode(data, info).shape == (180, 200, 3)


def test_the_bitmap_of_an_icon_is_measured_without_its_mask() -> None:
    file = BytesIO()
    Image.new("RGBA", (64, 64)).save(file, "ICO", bitmap_format="bmp")
    info = probe(file.getvalue(), IMAGE_V4)
    assert (info.width, info.height) == (64, 64)
    assert decode(file.getvalue(), info).shape == (64, 64, 3)


def test_every_header_in_an_icon_is_measured() -> None:
    """Pillow uses the last header of a PNG, which need not be its first chunk."""
    large, small = (b"\0\0\0\rIHDR" + struct.pack(">II", side, side) for side in (11_000, 64))
    data = encoded("PNG", 60, 60)
    for before in (b"\0\0\0\x08priv" + small[8:] + bytes(4), small + data[24:33], small[:14]):
        image = data[:8] + before + large + data[24:]
        with pytest.raises(ApiError, match="at most 32000000 pixels"):
            probe(icon((image, 64, 64)), IMAGE_V4)


@pytest.mark.parametrize("size", [0, 10, 20, 22, 30])
def test_a_truncated_icon_is_an_error(size: int) -> None:
    with pytest.raises(ApiError):
        probe(icon((encoded("PNG"), 60, 50))[:size], IMAGE_V4)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_an_image_that_contains_the_mark_of_a_pdf_is_an_image(name: str) -> None:
    data = encoded(name, comment=b"%PDF-1.7")
    data = data if b"%PDF-" in data else data + b"%PDF-1.7"
    assert b"%PDF-" in data
    assert not is_pdf(data)
    if name.capitalize() in READ_V3.formats:
        assert probe(data, READ_V3).format == name.capitalize()


def test_a_pdf_after_the_header_of_a_mail_is_a_pdf() -> None:
    file = BytesIO()
    Image.open(sample_path("printed_page.jpg")).save(file, "PDF")
    data = b"Content-Type: application/pdf\r\n\r\n" + file.getvalue()
    assert is_pdf(data)
    assert (probe(data, READ_V3).format, probe(data, READ_V3).pages) == ("Pdf", 1)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + b"\0" * 60, b"x" * 99]
)
def test_the_first_bytes_of_an_image_alone_are_an_error(data: bytes) -> None:
    with pytest.raises(ApiError) as error:
        probe(data, IMAGE)
    assert error.value.code in ("InvalidImageFormat", "InvalidImageSize")
