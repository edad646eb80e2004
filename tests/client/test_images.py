from __future__ import annotations

import re
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import visionhelpers as vh
from tests.support.images import blank_png, noise
from tests.support.scripted_server import CUT_SHORT, DRIP, HANG, ScriptedServer, Step
from visionhelpers import images
from visionhelpers.endpoint import ImageLimits
from visionhelpers.images import SAMPLES, Upload, download, encode_image, is_url, read_bytes

ORIENTATION = 0x0112
MEGABYTE = 1 << 20
PHOTO = ImageLimits()
PAGE = ImageLimits(frozenset({"JPEG", "PNG", "BMP"}), max_side=3200, max_pixels=10_000_000)
DOCUMENT = ImageLimits(frozenset({"JPEG", "PNG", "BMP", "TIFF"}), 50 * MEGABYTE, documents=True)
CUP = SAMPLES / "coffee_cup.jpg"
NOWHERE = "http://127.0.0.1:9"


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def turned() -> Image.Exif:
    """Return EXIF data of an image that is displayed after a quarter turn."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return exif


def halves() -> Image.Image:
    """Draw 40 x 20 pixels: red on the left, blue on the right."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    return image


def document(form: str, *pages: Image.Image) -> bytes:
    return encoded(pages[0], form, save_all=True, append_images=pages[1:])


JPEG, GIF = encoded(halves(), "JPEG"), encoded(halves(), "GIF")
ANIMATION = document("GIF", halves(), Image.new("RGB", (40, 20), "green"))
TWO_PAGES = document("TIFF", halves(), halves())
THREE_PAGES = document("TIFF", *[noise(1600, 1100)] * 3)  # 15 MB

# Loading


def test_every_kind_of_input_gives_the_same_image(tmp_path: Path, server: ScriptedServer) -> None:
    data = encoded(halves())
    server.steps = [(200, {}, data)]
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        file.read(3)
        kinds = [str(path), path, data, bytearray(data), memoryview(data), halves()]
        assert all(isinstance(kind, vh.ImageInput) for kind in kinds)
        loaded = [vh.load_image(kind) for kind in [*kinds, file, f"{server.url}/a.png"]]
    for image in loaded:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.asarray(halves()))


def test_the_exif_orientation_is_applied_to_a_copy() -> None:
    with Image.open(BytesIO(encoded(halves(), "JPEG", exif=turned(), quality=95))) as image:
        upright = vh.load_image(image)
        assert image.size == (40, 20)
        assert vh.load_image(image).size == upright.size == (20, 40)
    top, bottom = np.asarray(upright)[5, 10], np.asarray(upright)[35, 10]
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]
    assert ORIENTATION not in upright.getexif()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_an_image_with_invalid_exif_data_is_loaded() -> None:
    for exif in (b"Exif\0\0nothing of the kind", b"Exif\0\0II*\0\xff\0\0\0"):
        assert vh.load_image(encoded(halves(), "JPEG", exif=exif)).size == (40, 20)


def test_transparent_pixels_become_white() -> None:
    half = Image.new("RGBA", (2, 1), "red")
    half.putpixel((1, 0), (0, 0, 0, 0))
    for image in (half, encoded(half.quantize(4)), encoded(half)):
        assert np.asarray(vh.load_image(image)).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_sixteen_bit_gray_keeps_its_shades() -> None:
    deep = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    assert np.asarray(vh.load_image(encoded(deep)))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        *[
            (data, "The image is not an image that Pillow can read")
            for data in (b"ten bytes!", encoded(halves())[:60], b"\xff\xd8\xff\xe0")
        ],
        ("words.txt", r"'.*words\.txt' is not an image"),
        ("empty.jpg", r"empty\.jpg' is empty"),
        ("missing.jpg", r"missing\.jpg.*No such file"),
        ("null\0.jpg", r"null.*null byte"),
        *[
            (url, r"a URL begins with http:// or https://")
            for url in ("ftp://example.org/a.jpg", "data:image/png;base64,", "www.a.org/b")
        ],
    ],
)
def test_what_is_not_an_image_is_named(
    image: str | bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("words")
    Path("empty.jpg").touch()
    with pytest.raises(vh.ImageError, match=message):
        vh.load_image(image)


def test_another_type_is_a_type_error() -> None:
    with Path(__file__).open() as file:
        for wrong in (None, 3, ["a.jpg"], file):
            with pytest.raises(TypeError, match="a path, bytes, a binary file or") as caught:
                read_bytes(wrong)
            assert str(caught.value).startswith(f"Invalid image {wrong!r:.80}:")


def test_only_http_and_https_are_urls() -> None:
    assert is_url("HTTPS://example.org/a.jpg")
    assert not any(map(is_url, ["a.jpg", "ftp://example.org/a", Path("http://a"), b"http://a"]))


# Downloads


@pytest.mark.parametrize(
    ("step", "message"),
    [
        pytest.param((404, {}, b""), "the server returns 404", id="an error response"),
        pytest.param((200, {}, bytes(20 * MEGABYTE + 1)), "larger than 20 MB", id="too large"),
        pytest.param(CUT_SHORT, "the connection was cut off", id="cut off"),
        pytest.param(DRIP, r"takes longer than 0\.6 seconds", id="slow"),
        pytest.param(HANG, r"takes longer than 0\.6 seconds", id="no response"),
    ],
)
def test_a_download_that_fails_is_explained(
    server: ScriptedServer, step: Step, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.steps = [step]
    if step in (DRIP, HANG):
        monkeypatch.setattr(images, "DOWNLOAD_SECONDS", 0.6)
    with pytest.raises(vh.ImageError, match=rf"{server.url}/a\.png.* {message}"):
        download(f"{server.url}/a.png")


def test_downloads_send_the_name_and_the_url_of_the_project(server: ScriptedServer) -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    download(server.url)
    sent = server.requests[0].headers["User-Agent"]
    assert sent == f"visionhelpers/{pyproject['version']} (+{pyproject['urls']['Repository']})"


def test_a_sample_of_a_service_that_has_ended_is_installed(server: ScriptedServer) -> None:
    server.steps = [(404, {}, b"Not found")]  # another program at the port of the service
    for root in (NOWHERE, server.url):
        assert download(f"{root}/samples/coffee_cup.jpg") == CUP.read_bytes()
    portrait = SAMPLES / "gallery/celebrities/Grace Hopper/portrait.jpg"
    url = f"{NOWHERE}/samples/gallery/celebrities/Grace%20Hopper/portrait.jpg"
    assert download(url) == portrait.read_bytes()


@pytest.mark.parametrize(
    "path", ["coffee_cup.jpg", "samples/no.jpg", "samples/credits.json", "samples/../__init__.py"]
)
def test_any_other_url_of_this_machine_does_not_name_an_installed_file(path: str) -> None:
    with pytest.raises(vh.ImageError, match=rf"download {NOWHERE}/{path}: .* cannot be reached"):
        download(f"{NOWHERE}/{path}")


# Uploads


def sent(upload: Upload) -> Image.Image:
    return Image.open(BytesIO(upload.body["data"]))


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        pytest.param(b"ten bytes!", PHOTO, id="bytes that Pillow cannot read"),
        pytest.param(JPEG.ljust(PHOTO.max_bytes, b"\0"), PHOTO, id="the largest file"),
        pytest.param(GIF, PHOTO, id="a GIF"),
        pytest.param(blank_png(3200, 3125), PAGE, id="the widest image"),
        pytest.param(blank_png(3125, 3200), PAGE, id="the highest image"),
        pytest.param(TWO_PAGES, DOCUMENT, id="a TIFF"),
        pytest.param(THREE_PAGES, DOCUMENT, id="a large TIFF"),
        pytest.param(b"%PDF-1.7" + bytes(10**7), DOCUMENT, id="a large PDF"),
    ],
)
def test_what_the_operation_takes_is_sent_unchanged(data: bytes, limits: ImageLimits) -> None:
    upload = encode_image(data, limits)
    assert upload.body["data"] == data
    assert (upload.size, upload.scale, upload.note) == (None, 1.0, "")


@pytest.mark.parametrize(
    ("image", "limits", "form"),
    [
        pytest.param(noise(200, 100), PHOTO, "PNG", id="a Pillow image without loss if that fits"),
        pytest.param(noise(1500, 1000), PHOTO, "JPEG", id="a Pillow image too large for PNG"),
        pytest.param(encoded(noise(60, 50), "WEBP"), PHOTO, "PNG", id="a WebP"),
        pytest.param(encoded(noise(60, 50), "TIFF"), PHOTO, "PNG", id="a TIFF for photos"),
        pytest.param(GIF, DOCUMENT, "PNG", id="a GIF for Read"),
        pytest.param(ANIMATION, PAGE, "PNG", id="the first frame of an animated GIF"),
    ],
)
def test_an_image_is_encoded_at_its_size_without_a_note(
    image: Image.Image | bytes, limits: ImageLimits, form: str
) -> None:
    upload, original = encode_image(image, limits), vh.load_image(image)
    assert (sent(upload).format, sent(upload).size) == (form, original.size)
    assert len(upload.body["data"]) <= limits.max_bytes
    assert (upload.size, upload.scale, upload.note) == (None, 1.0, "")
    if form == "PNG":
        assert np.array_equal(np.asarray(sent(upload)), np.asarray(original))


@pytest.mark.parametrize(
    ("image", "size", "resized"),
    [
        (blank_png(4800, 2400), (4800, 2400), (3200, 1600)),
        (Image.new("RGB", (4800, 2400)), (4800, 2400), (3200, 1600)),
        (blank_png(9600, 90), (9600, 90), (3200, 30)),
        (blank_png(3200, 3200), (3200, 3200), (3162, 3162)),
    ],
)
def test_an_image_with_too_many_pixels_is_resized(
    image: Image.Image | bytes, size: tuple[int, int], resized: tuple[int, int]
) -> None:
    upload = encode_image(image, PAGE)
    assert sent(upload).size == resized
    assert upload.size == size
    assert upload.scale == pytest.approx(size[0] / resized[0])
    assert f"{size[0]} x {size[1]}" in upload.note


def test_an_image_with_too_many_bytes_is_resized_with_a_note() -> None:
    large = encode_image(noise(2800, 2000), PHOTO)
    width, height = sent(large).size
    assert len(large.body["data"]) <= PHOTO.max_bytes
    assert width / height == pytest.approx(2800 / 2000, rel=0.01)
    assert (large.size, large.scale) == ((2800, 2000), pytest.approx(2800 / width))
    expected = f"image of 2800 x 2000 pixels is too large .* was sent as {width} x {height};"
    assert re.search(expected, large.note)
    assert not large.note.endswith(".")


def test_a_file_that_is_too_large_is_turned_upright_before_it_is_encoded() -> None:
    data = encoded(noise(2400, 1600), "JPEG", quality=100, subsampling=0, exif=turned())
    assert len(data) > PHOTO.max_bytes
    image = sent(encode_image(data, PHOTO))
    assert image.width < image.height
    assert ORIENTATION not in image.getexif()


@pytest.mark.parametrize("limits", [PHOTO, PAGE])
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (TWO_PAGES, "a TIFF of 2 pages.*recognize_text"),
        (THREE_PAGES, "a TIFF of 3 pages.*recognize_text"),
        (b"%PDF-1.7\n", "a PDF.*recognize_text"),
        (Image.new("RGB", (0, 5)), "0 x 5 pixels is empty"),
    ],
)
def test_several_images_or_none_are_refused(
    image: Image.Image | bytes, message: str, limits: ImageLimits
) -> None:
    with pytest.raises(vh.ImageError, match=message):
        encode_image(image, limits)


def test_a_document_over_the_limit_is_refused_with_its_size() -> None:
    with pytest.raises(vh.ImageError, match=r"51\.0 MB.* at most 50 MB.*split it"):
        encode_image(b"%PDF" + bytes(51 * MEGABYTE), DOCUMENT)


# Samples


@pytest.fixture(scope="module")
def samples() -> dict[str, Path]:
    files = [path for path in SAMPLES.rglob("*") if path.is_file() and path.name != "credits.json"]
    assert files
    return {path.relative_to(SAMPLES).as_posix(): path for path in files}


def test_every_file_has_a_complete_and_free_credit(samples: dict[str, Path]) -> None:
    vh.sample_credits().clear()  # changes a copy
    credits_ = vh.sample_credits()
    assert samples.keys() == credits_.keys()
    for name, credit in credits_.items():
        assert credit.file == name
        assert all((credit.title, credit.author, credit.source)), credit
        assert credit.licence in {"Public domain", "CC0 1.0", "CC BY 2.0"}, credit
    licensed = {name for name, credit in credits_.items() if credit.licence == "CC BY 2.0"}
    originals = {"summer_palace.jpg", "dahlia.jpg"}
    assert originals < licensed
    assert all("altered" in credits_[name].source for name in licensed - originals)


def test_each_sample_has_a_size_and_format_that_the_api_takes(samples: dict[str, Path]) -> None:
    for name, path in samples.items():
        assert encode_image(vh.sample_path(name), PAGE).body["data"] == path.read_bytes()
        with Image.open(path) as image:
            assert image.format == {".jpg": "JPEG", ".png": "PNG"}[path.suffix]
            assert 50 < min(image.size) <= max(image.size) <= 1024, name
    assert sum(path.stat().st_size for path in samples.values()) < 1.5 * MEGABYTE
