from __future__ import annotations

import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from PIL import Image, ImageOps

from visionhelpers.images import sample_path, to_upright_rgb
from visionservice.api.limits import IMAGE_V4
from visionservice.engines.geometry import Box
from visionservice.errors import ApiError
from visionservice.imaging import decode as decoding
from visionservice.imaging.decode import MAX_DECODING, LazyImage, RGBImage, decode
from visionservice.imaging.probe import probe

ORIENTATION = 0x0112


def encoded(image: Image.Image, format_name: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def decoded(data: bytes) -> RGBImage:
    return decode(data, probe(data, IMAGE_V4))


def gradient(mode: str, size: tuple[int, int] = (90, 64)) -> Image.Image:
    """An image without two equal corners, transparent toward the right if the mode allows it."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGBA", (across, down, across, across)).convert(mode)


def test_an_image_is_an_array_of_rows_by_columns_by_rgb() -> None:
    image = decoded(encoded(Image.new("L", (80, 60), 7), "PNG"))
    assert (image.shape, image.dtype) == ((60, 80, 3), np.uint8)
    assert (image == 7).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(gradient("RGB"), "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert np.array_equal(decoded(data), np.asarray(upright))


@pytest.mark.parametrize(("tag", "type_"), [(0x010E, 5), (0x011A, 2), (0x0128, 2)])
def test_exif_data_of_an_invalid_type_does_not_prevent_the_rotation(tag: int, type_: int) -> None:
    """A description that is a fraction, a resolution and its unit that are text."""
    entries = struct.pack(">HHIHHHHI4s", tag, type_, 1, 0, 8, ORIENTATION, 3, 1, b"\0\6\0\0")
    if tag > ORIENTATION:
        entries = entries[12:] + entries[:12]
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + entries + bytes(4)
    assert decoded(encoded(Image.new("RGB", (80, 60)), "JPEG", exif=exif)).shape == (80, 60, 3)


@pytest.mark.parametrize(
    ("mode", "format_name"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("RGBA", "WEBP"),
     ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("RGBA", "TIFF"), ("I;16", "TIFF"), ("RGBA", "ICO")],
)  # fmt: skip
def test_every_mode_is_converted_as_in_one_piece(
    mode: str, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "STRIP_PIXELS", 1000)
    image = gradient("L").convert("I;16") if mode == "I;16" else gradient(mode)
    data = encoded(image.crop((0, 0, 64, 64)), format_name)
    whole = np.asarray(to_upright_rgb(Image.open(BytesIO(data))))
    assert np.array_equal(decoded(data), whole)


def test_a_transparent_color_of_a_palette_becomes_white() -> None:
    image = gradient("RGB").quantize(8)
    assert (decoded(encoded(image, "PNG", transparency=0)) == 255).all(axis=2).any()


def test_a_truncated_image_is_an_error() -> None:
    data = sample_path("coffee_cup.jpg").read_bytes()
    with pytest.raises(ApiError, match="Input data is not a valid image") as error:
        decoded(data[: len(data) // 2])
    assert (error.value.code, error.value.hint) == (
        "InvalidImageFormat", "The image is truncated or damaged.",
    )  # fmt: skip


def opened(data: bytes) -> LazyImage:
    return LazyImage.from_file(data, probe(data, IMAGE_V4))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_large_jpeg_is_reduced_to_half_its_size(orientation: int, mode: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = opened(encoded(gradient(mode, (2301, 1999)), "JPEG", exif=exif, quality=95))
    assert image.size == ((2301, 1999) if orientation < 5 else (1999, 2301))
    assert image.full.shape[1::-1] == image.size
    assert image.reduced.shape[1::-1] == tuple((side + 1) // 2 for side in image.size)
    whole = Image.fromarray(image.full).reduce(2)
    assert np.abs(np.asarray(whole, np.int16) - image.reduced).max() <= 3


@pytest.mark.parametrize(
    ("format_name", "size"), [("PNG", (2000, 2000)), ("JPEG", (1999, 2000)), ("BMP", (2500, 2000))]
)
def test_other_images_are_not_reduced(format_name: str, size: tuple[int, int]) -> None:
    image = opened(encoded(gradient("RGB", size), format_name))
    assert image.reduced is image.full
    assert image.size == size


def test_each_size_is_decoded_once_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded_sizes: list[tuple[int, int]] = []
    to_array = decoding.to_array

    def counted(image: Image.Image) -> RGBImage:
        decoded_sizes.append(image.size)
        return to_array(image)

    monkeypatch.setattr(decoding, "to_array", counted)
    image = opened(encoded(gradient("RGB", (2400, 2000)), "JPEG"))
    assert decoded_sizes == []
    for _ in range(2):
        assert image.reduced.shape == (1000, 1200, 3)
        assert image.size == (2400, 2000)
    assert decoded_sizes == [(1200, 1000)]
    assert image.full is image.full
    assert decoded_sizes == [(1200, 1000), (2400, 2000)]


def test_a_truncated_large_jpeg_is_an_error_in_both_sizes() -> None:
    data = encoded(gradient("RGB", (2400, 2000)), "JPEG")
    image = LazyImage.from_file(data[: len(data) // 2], probe(data, IMAGE_V4))
    for attribute in ("reduced", "full"):
        with pytest.raises(ApiError) as error:
            getattr(image, attribute)
        assert error.value.hint == "The image is truncated or damaged."


def test_a_part_of_a_large_jpeg_is_cut_from_the_size_that_is_used() -> None:
    image = opened(encoded(gradient("RGB", (2400, 2000)), "JPEG"))
    part = image.crop(Box(100, 200, 600, 400))
    assert part.size == (600, 400)
    assert np.array_equal(part.reduced, image.reduced[100:300, 50:350])
    assert "full" not in vars(image)
    assert np.array_equal(part.full, image.full[200:600, 100:700])


MEASURE = r"""
import re, sys
from pathlib import Path
from visionservice.api.limits import IMAGE
from visionservice.imaging.decode import decode
from visionservice.imaging.probe import probe
data = Path(sys.argv[1]).read_bytes()
info = probe(data, IMAGE)
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
decode(data, info)
print((peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_transparent_image_needs_at_most_250_megabytes(tmp_path: Path) -> None:
    """The image of 32 million pixels needs 128 MB in Pillow, the array 96."""
    Image.new("RGBA", (8000, 4000), (200, 30, 40, 128)).save(tmp_path / "a.png")
    command = [sys.executable, "-c", MEASURE, tmp_path / "a.png"]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    assert int(run.stdout) <= 250


def test_few_images_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most = 0

    def slow(_: Image.Image) -> RGBImage:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        sleep(0.02)
        running.pop()
        return np.zeros((60, 90, 3), np.uint8)

    monkeypatch.setattr(decoding, "to_array", slow)
    data = encoded(gradient("RGB"), "PNG")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decoded, [data] * 16))
    assert most == MAX_DECODING
