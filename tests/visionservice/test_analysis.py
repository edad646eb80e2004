from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.errors import ApiError
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.probe import InputLimits, probe


def opened(data: bytes, folder: Path) -> ImageAnalysis:
    return ImageAnalysis.decode(data, probe(data, InputLimits()), Gallery(folder))


def test_a_picture_is_rgb_rows_by_columns(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("L", (80, 60), 7).save(file, "PNG")
    picture = opened(file.getvalue(), tmp_path)
    assert picture.image.shape == (60, 80, 3)
    assert picture.image.dtype == np.uint8
    assert (picture.width, picture.height, picture.format) == (80, 60, "Png")
    assert (picture.image == 7).all()


def test_a_picture_stands_as_its_exif_data_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (80, 60), "black")
    image.paste("white", (0, 0, 80, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    picture = opened(file.getvalue(), tmp_path)
    assert (picture.width, picture.height) == (60, 80)
    assert picture.image[:, 45:].mean() > 200
    assert picture.image[:, :15].mean() < 50


@pytest.mark.parametrize(("tag", "type_"), [(0x010E, 5), (0x011A, 2), (0x0128, 2)])
def test_a_value_of_another_type_than_its_tag_does_not_stop_the_turning(
    tmp_path: Path, tag: int, type_: int
) -> None:
    """A description that is a fraction, a resolution and its unit that are text."""
    entries = struct.pack(">HHIHHHHI4s", tag, type_, 1, 0, 8, 0x0112, 3, 1, b"\0\6\0\0")
    if tag > 0x0112:
        entries = entries[12:] + entries[:12]
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + entries + bytes(4)
    file = BytesIO()
    Image.new("RGB", (80, 60)).save(file, "JPEG", exif=exif)
    picture = opened(file.getvalue(), tmp_path)
    assert (picture.width, picture.height) == (60, 80)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    data = sample_path("coffee_cup.jpg").read_bytes()
    with pytest.raises(ApiError, match="truncated") as refusal:
        opened(data[: len(data) // 2], tmp_path)
    assert refusal.value.code == "InvalidImageFormat"


def test_what_was_seen_is_kept(tmp_path: Path) -> None:
    picture = opened(sample_path("grace_hopper.jpg").read_bytes(), tmp_path)
    assert picture.faces
    assert picture.faces is picture.faces
    assert picture.evidence.faces is picture.faces
    assert picture.text is picture.ocr(detect_orientation=True)
    assert picture.evidence.names == ("Grace Hopper",)


def test_a_smart_thumbnail_keeps_a_face_that_the_middle_would_lose(tmp_path: Path) -> None:
    whole = opened(sample_path("eileen_collins_off_centre.jpg").read_bytes(), tmp_path)
    assert len(whole.faces) == 1
    cut = whole.thumbnail(200, 200, smart=True)
    assert cut.shape == (200, 200, 3)
    assert len(ImageAnalysis(cut, "Jpeg", Gallery(tmp_path)).faces) == 1
