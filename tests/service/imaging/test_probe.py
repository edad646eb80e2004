from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from time import thread_time

import pytest
from PIL import Image

from visionservice.api.limits import IMAGE, IMAGE_V4, READ_V3
from visionservice.errors import ApiError
from visionservice.imaging.decode import decode
from visionservice.imaging.probe import InputLimits, is_pdf, probe


def encoded(
    format_name: str, width: int = 64, height: int = 50, mode: str = "RGB", **options: object
) -> bytes:
    file = BytesIO()
    Image.new(mode, (width, height)).save(file, format_name, **options)
    return file.getvalue()


def icon(*images: tuple[bytes, int, int]) -> bytes:
    """An ICO of these PNG or bitmap files, and what its directory gives as their sizes."""
    directory, data = struct.pack("<HHH", 0, 1, len(images)), b""
    start = 6 + 16 * len(images)
    for content, width, height in images:
        entry = (width % 256, height % 256, 0, 0, 1, 32, len(content), start + len(data))
        directory += struct.pack("<BBBBHHII", *entry)
        data += content
    return directory + data


@pytest.mark.parametrize("name", ["Jpeg", "Png", "Gif", "Bmp", "Webp", "Tiff"])
def test_the_format_and_the_size_of_an_image(name: str) -> None:
    data = encoded(name.upper())
    info = probe(data, IMAGE_V4)
    assert (info.format, info.width, info.height) == (name, 64, 50)
    assert info.weight == max(64 * 50, len(data))


@pytest.mark.parametrize(
    ("format_name", "limits", "hint"),
    [
        ("WEBP", IMAGE, ""),
        ("ICO", IMAGE, ""),
        ("TIFF", IMAGE, ""),
        (
            "GIF",
            replace(IMAGE, formats=("Jpeg", "Png")),
            "This operation reads Jpeg, Png, not Gif.",
        ),
    ],
)
def test_a_format_that_the_operation_does_not_accept_is_an_error(
    format_name: str, limits: InputLimits, hint: str
) -> None:
    with pytest.raises(ApiError, match="Input data is not a valid image") as error:
        probe(encoded(format_name), limits)
    assert (error.value.code, error.value.hint) == ("InvalidImageFormat", hint)


def test_the_limits_are_accepted_and_no_more() -> None:
    data = encoded("BMP")
    limits = replace(IMAGE, shortest=50, longest=64, bytes=len(data))
    assert probe(data, limits).format == "Bmp"
    for limit, message in (
        ({"shortest": 51}, "at least 51 pixels in width and height. The image has 64x50"),
        ({"longest": 63}, "at most 63 pixels in width and height. The image has 64x50"),
        ({"bytes": len(data) - 1}, f"The image has {len(data)} bytes"),
    ):
        with pytest.raises(ApiError) as error:
            probe(data, replace(limits, **limit))
        assert error.value.code == "InvalidImageSize"
        assert message in f"{error.value.message} {error.value.hint}"


SCANS = b"\xff\xda" * 121
NOTED = Image.Exif()
NOTED[0x927C] = SCANS + b"\xff\xd9"  # a maker note


@pytest.mark.parametrize("exif", [Image.Exif(), NOTED], ids=["no EXIF data", "a preview in it"])
def test_a_jpeg_of_many_scans_is_an_error_before_it_is_decoded(exif: Image.Exif) -> None:
    data = encoded("JPEG", progressive=True, exif=exif)
    assert probe(data, IMAGE).format == "Jpeg"
    last = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ApiError, match="Input data is not a valid image") as error:
        probe(data[:-2] + last * 200 + data[-2:], IMAGE)
    assert error.value.hint == "The JPEG has more than 100 scans."


def test_a_jpeg_followed_by_a_video_is_accepted() -> None:
    """A motion photo; 8 MB of random bytes contain FF DA 121 times."""
    assert probe(encoded("JPEG") + os.urandom(1000) + SCANS, IMAGE).format == "Jpeg"


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xfe\0\2", b"\xff\xd0", b"\xff\0"])
def test_the_segments_of_a_jpeg_are_counted_fast(filling: bytes) -> None:
    data, begun = encoded("JPEG"), thread_time()
    start = data.rindex(b"\xff\xda") + 12
    data = data[:start] + filling * (20_000_000 // len(filling)) + data[start:]
    with suppress(ApiError):
        probe(data, READ_V3)
    assert thread_time() - begun < 3


def test_the_size_of_an_icon_is_that_of_its_largest_image_without_a_mask() -> None:
    two = icon((encoded("PNG", 60, 60), 60, 60), (encoded("PNG", 200, 180), 200, 180))
    bitmap = encoded("ICO", 64, 64, "RGBA", bitmap_format="bmp")
    for data, size in ((two, (200, 180)), (bitmap, (64, 64))):
        info = probe(data, IMAGE_V4)
        assert (info.format, info.width, info.height) == ("Ico", *size)
        assert decode(data, info).shape[1::-1] == size


def test_every_header_in_an_icon_is_measured_before_it_is_decoded() -> None:
    """Pillow uses the last header of a PNG, which need not be its first chunk."""
    large, small = (b"\0\0\0\rIHDR" + struct.pack(">II", side, side) for side in (11_000, 64))
    data = encoded("PNG", 60, 60)
    for before in (b"\0\0\0\x08priv" + small[8:] + bytes(4), small + data[24:33], small[:14]):
        image = data[:8] + before + large + data[24:]
        with pytest.raises(ApiError, match="at most 32000000 pixels"):
            probe(icon((image, 64, 64)), IMAGE_V4)


ICON = icon((encoded("PNG"), 64, 50))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + bytes(60), b"x" * 99,
     ICON[:4], ICON[:10], ICON[:22], ICON[:30]],
)  # fmt: skip
def test_the_first_bytes_of_an_image_alone_are_an_error(data: bytes) -> None:
    with pytest.raises(ApiError) as error:
        probe(data, IMAGE_V4)
    assert error.value.code in ("InvalidImageFormat", "InvalidImageSize")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "BMP", "TIFF"])
def test_an_image_that_contains_the_mark_of_a_pdf_is_an_image(name: str) -> None:
    data = encoded(name, mode="1", comment=b"%PDF-1.7")
    data = data if b"%PDF-" in data else data + b"%PDF-1.7"
    assert b"%PDF-" in data[:1024]
    assert probe(data, READ_V3).format == name.capitalize()


def test_a_pdf_after_the_header_of_a_mail_is_a_pdf() -> None:
    data = b"Content-Type: application/pdf\r\n\r\n" + encoded("PDF")
    assert is_pdf(data)
    assert (probe(data, READ_V3).format, probe(data, READ_V3).pages) == ("Pdf", 1)
