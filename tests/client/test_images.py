from __future__ import annotations

import re
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO, get_args

import numpy as np
import pytest
from PIL import Image

from tests.support.images import blank_png, noise
from tests.support.scripted_server import scripted_server
from visionhelpers import ImageInput, images
from visionhelpers.endpoint import ImageLimits
from visionhelpers.errors import ImageError
from visionhelpers.images import (
    SAMPLES,
    Upload,
    download,
    encode_image,
    is_url,
    load_image,
    read_bytes,
    sample_credits,
    sample_path,
    to_upright_rgb,
)

ORIENTATION = 0x0112
LICENCES = {"Public domain", "CC0 1.0", "CC BY 2.0"}
MEGABYTE = 1 << 20
PHOTO = ImageLimits()
PAGE = ImageLimits(frozenset({"JPEG", "PNG", "BMP"}), max_side=3200, max_pixels=10_000_000)
DOCUMENT = ImageLimits(frozenset({"JPEG", "PNG", "BMP", "TIFF"}), 50 * MEGABYTE, documents=True)
Serve = Callable[[int, bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a status and a body at a URL."""
    with scripted_server() as server:

        def at(status: int, body: bytes) -> str:
            server.steps = [(status, {}, body)]
            return f"{server.url}/a.png"

        yield at


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def document(form: str, *pages: Image.Image, **options: object) -> bytes:
    return encoded(pages[0], form, save_all=True, append_images=pages[1:], **options)


def halves() -> Image.Image:
    """Draw 40 x 20 pixels: red on the left, blue on the right."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    return image


# Loading


def test_image_input_is_the_union_of_the_types() -> None:
    for value in ("a.png", Path("a.png"), b"", bytearray(), memoryview(b""), halves()):
        assert isinstance(value, ImageInput)
    assert BinaryIO in get_args(ImageInput)
    assert not isinstance(3, ImageInput)


def test_every_kind_of_input_gives_the_same_image(tmp_path: Path, serve: Serve) -> None:
    data = encoded(halves())
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        file.read(3)
        kinds = [str(path), path, data, bytearray(data), memoryview(data), file, halves()]
        loaded = [load_image(kind) for kind in [*kinds, serve(200, data)]]
    for image in loaded:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.asarray(halves()))


def test_the_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = load_image(encoded(halves(), "JPEG", exif=exif, quality=95))
    assert turned.size == (20, 40)
    top, bottom = np.asarray(turned)[5, 10], np.asarray(turned)[35, 10]
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]
    assert ORIENTATION not in turned.getexif()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_an_image_with_invalid_exif_data_is_loaded() -> None:
    for exif in (b"Exif\0\0nothing of the kind", b"Exif\0\0II*\0\xff\0\0\0"):
        assert load_image(encoded(halves(), "JPEG", exif=exif)).size == (40, 20)


def test_transparent_pixels_become_white() -> None:
    half = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    half.putpixel((1, 0), (0, 0, 0, 0))
    palette = half.quantize(4)
    for image in (half, load_image(encoded(palette)), load_image(encoded(half))):
        assert np.asarray(to_upright_rgb(image)).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_sixteen_bit_gray_keeps_its_shades() -> None:
    deep = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    assert np.asarray(load_image(encoded(deep)))[0, :, 0].tolist() == [0, 128, 255]


def test_loading_does_not_change_a_pillow_image() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    with Image.open(BytesIO(encoded(halves(), "JPEG", exif=exif))) as image:
        assert load_image(image).size == (20, 40)
        assert image.size == (40, 20)
        assert load_image(image).size == (20, 40)


@pytest.mark.parametrize(
    "data", [b"ten bytes!", b"<html></html>", encoded(halves())[:60], b"\xff\xd8\xff\xe0"]
)
def test_invalid_and_truncated_images_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="not an image that Pillow can read"):
        load_image(data)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(ImageError, match=r"a\.txt"):
        load_image(tmp_path / "a.txt")
    with pytest.raises(ImageError, match=r"b\.txt.*No such file"):
        load_image(tmp_path / "b.txt")
    with pytest.raises(ImageError, match=r"c.*null byte"):
        load_image("c\0.jpg")


def test_an_empty_file_is_named_as_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ImageError, match=r"a\.jpg' is empty"):
        load_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "wrong", ["file:///a.jpg", "ftp://example.org/a.jpg", "data:image/png;base64,", "www.a.org/b"]
)
def test_another_kind_of_url_is_explained(wrong: str) -> None:
    with pytest.raises(ImageError, match=r"a URL begins with http:// or https://"):
        load_image(wrong)


@pytest.mark.parametrize("wrong", [None, 3, ["a.jpg"]])
def test_another_type_is_a_type_error(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"use a URL, a path, bytes") as caught:
        read_bytes(wrong)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"Invalid image {wrong!r}:")


def test_a_file_opened_as_text_is_a_type_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    with (tmp_path / "a.txt").open() as file, pytest.raises(TypeError, match="a binary file"):
        read_bytes(file)  # type: ignore[arg-type]


def test_only_http_and_https_are_urls() -> None:
    assert is_url("HTTPS://example.org/a.jpg")
    assert not any(map(is_url, ["a.jpg", "ftp://example.org/a.jpg", Path("http://a"), b"http://a"]))


# Downloads


def test_a_url_that_fails_is_named_with_its_status(serve: Serve) -> None:
    with pytest.raises(ImageError, match=r"/a\.png: the server returns 404"):
        download(serve(404, b""))
    with pytest.raises(ImageError, match=r"download http://127\.0\.0\.1:9/a: .* be reached"):
        download("http://127.0.0.1:9/a")


def test_a_web_page_is_not_an_image(serve: Serve) -> None:
    with pytest.raises(ImageError, match=r"a\.png' is not an image"):
        load_image(serve(200, b"<html>"))


def test_the_size_of_a_download_is_limited(serve: Serve) -> None:
    with pytest.raises(ImageError, match="larger than 20 MB"):
        download(serve(200, bytes(images.MAX_DOWNLOAD_BYTES + 1)))


@pytest.mark.parametrize("gap", [0.1, 600.0])
def test_a_download_that_drips_or_stops_ends_in_time(
    gap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\n")
            while not ended.wait(gap):
                connection.sendall(b"x")

    monkeypatch.setattr(images, "DOWNLOAD_SECONDS", 0.6)
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg"
        with pytest.raises(ImageError, match=r"takes longer than 0\.6 seconds"):
            download(url)
        ended.set()


def test_a_download_that_is_cut_off_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def cut_off() -> None:
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\nx")

        Thread(target=cut_off, daemon=True).start()
        with pytest.raises(ImageError, match="the connection was cut off"):
            download(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg")


def test_downloads_send_the_name_and_the_url_of_the_project() -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    with scripted_server() as server:
        server.steps = [(200, {}, b"x")]
        download(server.url)
        sent = server.requests[0].headers["User-Agent"]
    assert sent == f"visionhelpers/{pyproject['version']} (+{pyproject['urls']['Repository']})"


def test_a_sample_url_of_a_service_that_has_ended_gives_the_installed_file() -> None:
    for name in ("coffee_cup.jpg", "gallery/celebrities/Grace%20Hopper/portrait.jpg"):
        path = SAMPLES / name.replace("%20", " ")
        assert download(f"http://127.0.0.1:9/samples/{name}") == path.read_bytes()
    assert load_image("http://127.0.0.1:9/samples/coffee_cup.jpg").size == (600, 400)


def test_a_sample_url_at_a_port_of_another_program_gives_the_installed_file(serve: Serve) -> None:
    url = serve(404, b"Not found").replace("a.png", "samples/coffee_cup.jpg")
    assert load_image(url).size == (600, 400)


@pytest.mark.parametrize(
    "path", ["coffee_cup.jpg", "samples/no.jpg", "samples/credits.json", "samples/../__init__.py"]
)
def test_any_other_url_of_this_machine_does_not_name_an_installed_file(path: str) -> None:
    with pytest.raises(ImageError, match="cannot be reached"):
        download(f"http://127.0.0.1:9/{path}")


# Uploads


def sent(upload: Upload) -> Image.Image:
    return Image.open(BytesIO(upload.body["data"]))


def test_a_url_is_sent_as_json() -> None:
    assert encode_image("https://example.org/a.jpg", PHOTO).body == {
        "json": {"url": "https://example.org/a.jpg"}
    }


def test_bytes_within_the_limits_are_sent_unchanged() -> None:
    exact = encoded(halves(), "JPEG")
    for data in (exact, exact + bytes(PHOTO.max_bytes - len(exact))):
        upload = encode_image(data, PHOTO)
        assert upload.body["data"] == data
        assert (upload.size, upload.scale, upload.note) == (None, 1.0, "")


def test_bytes_that_pillow_cannot_read_are_sent_unchanged() -> None:
    assert encode_image(b"ten bytes!", PHOTO).body["data"] == b"ten bytes!"


def test_a_pillow_image_is_sent_without_loss_if_that_fits() -> None:
    image = noise(80, 60)
    assert np.array_equal(np.asarray(sent(encode_image(image, PHOTO))), np.asarray(image))


def test_a_pillow_image_too_large_for_png_is_sent_as_jpeg_without_a_note() -> None:
    small, large = (encode_image(noise(*size), PHOTO) for size in ((200, 100), (1500, 1000)))
    assert small.note == large.note == ""
    assert (sent(small).format, sent(large).format) == ("PNG", "JPEG")
    assert sent(large).size == (1500, 1000)
    assert len(large.body["data"]) <= PHOTO.max_bytes


def test_an_image_with_too_many_bytes_is_resized_with_a_note() -> None:
    large = encode_image(noise(2800, 2000), PHOTO)
    width, height = sent(large).size
    assert len(large.body["data"]) <= PHOTO.max_bytes
    assert width / height == pytest.approx(2800 / 2000, rel=0.01)
    assert large.size == (2800, 2000)
    assert large.scale == pytest.approx(2800 / width)
    expected = f"image of 2800 x 2000 pixels is too large .* was sent as {width} x {height};"
    assert re.search(expected, large.note)
    assert not large.note.endswith(".")


def test_an_image_with_too_many_pixels_is_resized_although_its_file_is_small() -> None:
    data = blank_png(4800, 2400)
    assert len(data) < 100_000
    large = encode_image(data, PAGE)
    assert sent(large).size == (3200, 1600)
    assert (large.size, large.scale) == ((4800, 2400), 1.5)
    assert "4800 x 2400" in large.note


def test_an_image_of_too_many_megapixels_is_resized() -> None:
    large = encode_image(blank_png(3200, 3200), PAGE)
    width, height = sent(large).size
    assert 9_900_000 < width * height <= 10_000_000
    assert large.note


def test_a_pillow_image_with_too_many_pixels_is_resized() -> None:
    large = encode_image(Image.new("RGB", (4800, 2400)), PAGE)
    assert (sent(large).size, large.scale) == ((3200, 1600), 1.5)


def test_an_image_at_the_limits_of_pixels_is_sent_unchanged() -> None:
    for data in (blank_png(3200, 3125), blank_png(3125, 3200)):
        assert encode_image(data, PAGE).body["data"] == data


def test_a_page_of_one_line_keeps_its_aspect_ratio() -> None:
    large = encode_image(blank_png(9600, 90), PAGE)
    assert sent(large).size == (3200, 30)
    assert large.scale == 3


def test_a_file_that_is_too_large_is_turned_upright_before_it_is_encoded() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(noise(2400, 1600), "JPEG", quality=100, subsampling=0, exif=exif)
    assert len(data) > PHOTO.max_bytes
    large = encode_image(data, PHOTO)
    assert sent(large).width < sent(large).height
    assert ORIENTATION not in sent(large).getexif()


@pytest.mark.parametrize("form", ["WEBP", "TIFF", "PPM"])
def test_a_format_that_the_operation_does_not_take_is_sent_as_png(form: str) -> None:
    upload = encode_image(encoded(noise(60, 50), form), PHOTO)
    assert (sent(upload).format, sent(upload).size, upload.note) == ("PNG", (60, 50), "")


def test_a_gif_is_converted_only_where_the_operation_takes_none() -> None:
    data = encoded(halves(), "GIF")
    assert encode_image(data, PHOTO).body["data"] == data
    for limits in (PAGE, DOCUMENT):
        assert sent(encode_image(data, limits)).format == "PNG"


def test_an_animated_gif_is_converted_to_its_first_frame() -> None:
    data = document("GIF", halves(), Image.new("RGB", (40, 20), "green"))
    image = sent(encode_image(data, PAGE)).convert("RGB")
    assert image.getpixel((1, 1)) == (255, 0, 0)


# Documents


def test_a_document_is_sent_whole_whatever_its_size() -> None:
    small = document("TIFF", halves(), halves(), halves(), compression="tiff_lzw")
    large = document("TIFF", *[noise(1600, 1100)] * 3)
    assert len(small) < 10_000 < 15_000_000 < len(large)
    for data in (small, large, document("PDF", halves(), halves()), b"%PDF-1.7" + bytes(10**7)):
        upload = encode_image(data, DOCUMENT)
        assert upload.body["data"] == data
        assert upload.note == ""


@pytest.mark.parametrize("pages", [2, 3])
@pytest.mark.parametrize("size", [(40, 20), (1600, 1100)])
def test_a_tiff_of_several_pages_is_refused_where_one_image_is_taken(
    pages: int, size: tuple[int, int]
) -> None:
    data = document("TIFF", *[noise(*size)] * pages)
    for limits in (PHOTO, PAGE):
        with pytest.raises(ImageError, match=f"a TIFF of {pages} pages.*recognize_text"):
            encode_image(data, limits)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", document("PDF", noise(1600, 1100), halves())])
def test_a_pdf_is_refused_where_one_image_is_taken(data: bytes) -> None:
    for limits in (PHOTO, PAGE):
        with pytest.raises(ImageError, match=r"a PDF.*recognize_text"):
            encode_image(data, limits)


def test_a_document_over_the_limit_is_refused_with_its_size() -> None:
    with pytest.raises(ImageError, match=r"51\.0 MB.* at most 50 MB.*split it"):
        encode_image(b"%PDF" + bytes(51 * MEGABYTE), DOCUMENT)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ImageError, match="0 x 5 pixels"):
        encode_image(Image.new("RGB", (0, 5)), PHOTO)


# Samples


def samples() -> set[str]:
    found = {
        path.relative_to(SAMPLES).as_posix()
        for path in SAMPLES.rglob("*")
        if path.is_file() and path.name != "credits.json"
    }
    assert found
    return found


def test_every_file_has_a_credit_and_every_credit_a_file() -> None:
    assert samples() == set(sample_credits())


def test_every_credit_is_complete_and_free() -> None:
    for name, credit in sample_credits().items():
        assert credit.file == name
        assert all((credit.title, credit.author, credit.source)), credit
        assert credit.licence in LICENCES, credit


def test_the_credits_may_be_changed_without_an_effect() -> None:
    sample_credits().clear()
    assert sample_credits()
    assert sample_path("coffee_cup.jpg").exists()


def test_the_credits_of_altered_cc_by_images_mention_the_change() -> None:
    originals = {"summer_palace.jpg", "dahlia.jpg"}
    licensed = {credit for credit in sample_credits().values() if credit.licence == "CC BY 2.0"}
    assert originals < {credit.file for credit in licensed}
    assert all("altered" in credit.source for credit in licensed if credit.file not in originals)


def test_all_samples_are_at_most_a_megabyte_and_a_half() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in samples()) < 1.5 * MEGABYTE


def test_each_sample_loads_and_has_a_size_that_the_api_takes() -> None:
    for name in samples():
        image = load_image(sample_path(name))
        assert image.mode == "RGB"
        assert 50 < min(image.size) <= max(image.size) <= 1024, name
        assert encode_image(sample_path(name), PAGE).body["data"] == (SAMPLES / name).read_bytes()


def test_each_sample_has_the_format_of_its_name() -> None:
    formats = {".jpg": "JPEG", ".png": "PNG"}
    for name in samples():
        with Image.open(SAMPLES / name) as image:
            assert image.format == formats[Path(name).suffix]


def test_the_galleries_contain_a_person_and_a_place() -> None:
    folders = {Path(name).parent.as_posix() for name in samples() if name.startswith("gallery/")}
    assert folders == {"gallery/celebrities/Grace Hopper", "gallery/landmarks/Summer Palace"}


def test_an_unknown_sample_is_named_with_the_known_ones() -> None:
    with pytest.raises(ImageError, match=r"'no\.jpg': use one of .*grace_hopper\.jpg"):
        sample_path("no.jpg")
