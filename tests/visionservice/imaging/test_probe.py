from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from visionservice.errors import ApiError
from visionservice.imaging.probe import MAX_FILE_BYTES, InputLimits, probe


def picture(format: str, width: int = 60, height: int = 50) -> bytes:  # noqa: A002
    file = BytesIO()
    Image.new("RGB", (width, height), "red").save(file, format)
    return file.getvalue()


@pytest.mark.parametrize("name", ["Jpeg", "Png", "Gif", "Bmp"])
def test_the_formats_of_the_api_are_told_apart(name: str) -> None:
    header = probe(picture(name.upper()), InputLimits())
    assert (header.format, header.width, header.height, header.pixels) == (name, 60, 50, 3000)


def test_a_format_that_the_operation_does_not_take_is_refused_by_name() -> None:
    with pytest.raises(ApiError, match="Gif") as refusal:
        probe(picture("GIF"), InputLimits(formats=("Jpeg", "Png")))
    assert refusal.value.code == "InvalidImageFormat"


@pytest.mark.parametrize(
    ("width", "height", "good"),
    [(40, 60, True), (39, 60, False), (60, 39, False), (100, 60, True), (101, 60, False)],
)
def test_both_ends_of_the_allowed_sides_are_allowed(width: int, height: int, good: bool) -> None:
    data = picture("PNG", width, height)
    limits = InputLimits(shortest=40, longest=100)
    if good:
        assert probe(data, limits).width == width
        return
    with pytest.raises(ApiError, match=f"{width}x{height}") as refusal:
        probe(data, limits)
    assert refusal.value.code == "InvalidImageSize"


def test_a_file_of_four_megabytes_is_too_large_and_one_byte_less_is_not() -> None:
    data = picture("BMP")
    assert probe(data.ljust(MAX_FILE_BYTES, b"\0"), InputLimits()).format == "Bmp"
    with pytest.raises(ApiError, match="4 MB"):
        probe(data.ljust(4 << 20, b"\0"), InputLimits())


def test_a_picture_weighs_its_pixels_or_its_bytes() -> None:
    assert probe(picture("PNG", 300, 200), InputLimits()).weight == 60_000
    assert probe(picture("BMP").ljust(70_000, b"\0"), InputLimits()).weight == 70_000


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    assert probe(data, InputLimits()).format == "Jpeg"
    with pytest.raises(ApiError, match="scans"):
        probe(data[:-2] + last * 200 + data[-2:], InputLimits())


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + b"\0" * 60, b"x" * 99]
)
def test_what_only_begins_like_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        probe(data, InputLimits())
    assert refusal.value.code in ("InvalidImageFormat", "InvalidImageSize")
