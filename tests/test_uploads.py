from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import noise
from visionhelpers.errors import ImageError
from visionhelpers.uploads import LIMIT, SIDE, Upload, upload

ORIENTATION = 0x0112


def sent(upload: Upload) -> Image.Image:
    return Image.open(BytesIO(upload.body["data"]))


def test_a_picture_that_fits_goes_as_it_is() -> None:
    data = b"\xff\xd8" + bytes(LIMIT - 3)
    assert upload(data).body["data"] == data


def test_a_pillow_image_too_large_for_png_goes_as_jpeg_without_a_notice() -> None:
    small, large = upload(noise(200, 100)), upload(noise(1500, 1000))
    assert small.note == large.note == ""
    assert (sent(small).format, sent(large).format) == ("PNG", "JPEG")
    assert sent(large).size == (1500, 1000)
    assert len(large.body["data"]) < LIMIT


def test_a_picture_too_large_is_scaled_down_with_a_notice() -> None:
    buffer = BytesIO()
    Image.new("RGB", (4800, 2400)).save(buffer, "BMP")
    large = upload(buffer)
    assert re.match("The picture of 4800 x 2400 pixels is too large .* sent as 3200", large.note)
    assert (sent(large).size, large.factor) == ((SIDE, SIDE // 2), 1.5)


def test_even_noise_is_made_to_fit() -> None:
    large = upload(noise(3200, 3000))
    assert large.note
    assert len(large.body["data"]) < LIMIT
    assert sent(large).width / sent(large).height == pytest.approx(3200 / 3000, rel=0.01)


def test_a_file_too_large_is_turned_upright_before_it_is_encoded() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = BytesIO()
    noise(2400, 1600).save(buffer, "JPEG", quality=100, subsampling=0, exif=exif)
    assert len(buffer.getvalue()) > LIMIT
    large = upload(buffer)
    assert sent(large).width < sent(large).height
    assert ORIENTATION not in sent(large).getexif()


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "PPM"])
def test_a_kind_that_the_api_does_not_take_goes_as_png(kind: str) -> None:
    buffer = BytesIO()
    noise(60, 50).save(buffer, kind)
    assert (sent(upload(buffer)).format, sent(upload(buffer)).size) == ("PNG", (60, 50))


def test_a_document_of_two_pages_goes_as_it_is() -> None:
    buffer = BytesIO()
    noise(60, 50).save(buffer, "TIFF", save_all=True, append_images=[noise(60, 50)])
    assert upload(buffer).body["data"] == buffer.getvalue()


def test_a_picture_of_no_pixels_is_refused() -> None:
    with pytest.raises(ImageError, match="0 x 5 pixels"):
        upload(Image.new("RGB", (0, 5)))


def test_a_file_too_large_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageError):
        upload(bytes(LIMIT))


def test_every_coordinate_is_scaled_up_again() -> None:
    answer = {
        "faces": [{"age": 40, "faceRectangle": {"left": 1, "top": 2, "width": 30, "height": 31}}],
        "regions": [{"boundingBox": "1,2,30,40", "lines": [{"boundingBox": "1,2,3,4"}]}],
        "lines": [{"boundingBox": [1, 2, 3, 4, 5, 6, 7, 8], "text": "1,2,3,4"}],
        "metadata": {"width": 100, "height": 50, "format": "Jpeg"},
        "tags": [{"name": "dog", "confidence": 0.5}],
    }
    assert Upload({}, (201, 100), 2.0).enlarge(answer) == {
        "faces": [{"age": 40, "faceRectangle": {"left": 2, "top": 4, "width": 60, "height": 62}}],
        "regions": [{"boundingBox": "2,4,60,80", "lines": [{"boundingBox": "2,4,6,8"}]}],
        "lines": [{"boundingBox": [2, 4, 6, 8, 10, 12, 14, 16], "text": "1,2,3,4"}],
        "metadata": {"width": 201, "height": 100, "format": "Jpeg"},
        "tags": [{"name": "dog", "confidence": 0.5}],
    }


def test_an_answer_to_a_picture_sent_whole_is_left_alone() -> None:
    answer = {"lines": [{"boundingBox": [1, 2]}]}
    assert upload(b"picture").enlarge(answer) is answer
