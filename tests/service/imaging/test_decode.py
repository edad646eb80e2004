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
from PIL import Image

from visionhelpers.images import to_upright_rgb
from visionservice.api.limits import IMAGE_V4
from visionservice.engines.geometry import Box
from visionservice.errors import ApiError
from visionservice.imaging import decode as decoding
from visionservice.imaging.decode import MAX_DECODING, LazyImage, RGBImage, decode
from visionservice.imaging.probe import probe


def encoded(image: Image.Image, format_name: str, orientation: int = 1, **options: object) -> bytes:
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    image.save(file, format_name, **{"exif": exif} | options)
    return file.getvalue()


def decoded(data: bytes) -> RGBImage:
    return decode(data, probe(data, IMAGE_V4))


def opened(data: bytes) -> LazyImage:
    return LazyImage.from_file(data, probe(data, IMAGE_V4))


def gradient(mode: str = "RGB", size: tuple[int, int] = (80, 60)) -> Image.Image:
    """An image without two equal corners, transparent toward the right if the mode allows it."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    if mode == "I;16":
        return across.convert(mode)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGBA", (across, down, across, across)).convert(mode)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_an_image_is_turned_by_its_exif_orientation(format_name: str, orientation: int) -> None:
    data = encoded(gradient(), format_name, orientation)
    assert np.array_equal(decoded(data), to_upright_rgb(Image.open(BytesIO(data))))


def test_an_image_with_a_description_that_is_a_fraction_is_turned() -> None:
    entries = struct.pack(">HHHIIHHIHHI", 2, 0x010E, 5, 1, 0, 0x0112, 3, 1, 6, 0, 0)
    data = encoded(gradient(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08" + entries)
    assert decoded(data).shape == (80, 60, 3)


@pytest.mark.parametrize(
    ("mode", "format_name"),
    [("1", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("P", "GIF"), ("RGBA", "WEBP"), ("CMYK", "JPEG"),
     ("1", "TIFF"), ("P", "TIFF"), ("RGBA", "TIFF"), ("CMYK", "TIFF"), ("I;16", "TIFF")],
)  # fmt: skip
def test_every_mode_becomes_rgb_in_strips_as_in_one_piece(
    mode: str, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "STRIP_PIXELS", 1000)
    data = encoded(gradient(mode), format_name)
    image = decoded(data)
    assert (image.shape, image.dtype) == ((60, 80, 3), np.uint8)
    assert np.array_equal(image, to_upright_rgb(Image.open(BytesIO(data))))


def test_a_transparent_color_of_a_palette_becomes_white() -> None:
    data = encoded(gradient().quantize(8), "PNG", transparency=0)
    assert (decoded(data) == 255).all(axis=2).any()


@pytest.mark.parametrize(("orientation", "mode"), [(1, "RGB"), (2, "L"), (5, "CMYK"), (6, "RGB")])
def test_a_large_jpeg_is_reduced_to_half_its_size(orientation: int, mode: str) -> None:
    image = opened(encoded(gradient(mode, (2301, 1999)), "JPEG", orientation, quality=95))
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


def test_each_size_and_its_parts_are_decoded_once_at_their_first_use() -> None:
    image = opened(encoded(gradient("RGB", (2400, 2000)), "JPEG"))
    part = image.crop(Box(100, 200, 600, 400))
    assert (image.size, part.size) == ((2400, 2000), (600, 400))
    assert not {"reduced", "full"} & set(vars(image))
    assert image.reduced is image.reduced
    assert np.array_equal(part.reduced, image.reduced[100:300, 50:350])
    assert "full" not in vars(image)
    assert image.full is image.full
    assert np.array_equal(part.full, image.full[200:600, 100:700])


def test_a_truncated_image_is_an_error_in_both_sizes() -> None:
    data = encoded(gradient("RGB", (2400, 2000)), "JPEG")
    image = LazyImage.from_file(data[: len(data) // 2], probe(data, IMAGE_V4))
    for attribute in ("reduced", "full"):
        with pytest.raises(ApiError, match="Input data is not a valid image") as error:
            getattr(image, attribute)
        assert error.value.code == "InvalidImageFormat"
        assert error.value.hint == "The image is truncated or damaged."


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
    data = encoded(gradient(), "PNG")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decoded, [data] * 16))
    assert most == MAX_DECODING
