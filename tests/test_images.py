from __future__ import annotations

import socket
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image

from visionhelpers import images
from visionhelpers.errors import ImageError
from visionhelpers.images import fetch, is_url, load_image, read_bytes, sample, samples, upright

ORIENTATION = 0x0112
Serve = Callable[[int, bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer at an address with a status and a body."""
    answer: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer[-1]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def at(status: int, body: bytes) -> str:
        answer.append((status, body))
        return f"http://127.0.0.1:{server.server_port}/a.png"

    yield at
    server.shutdown()
    server.server_close()


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def halves() -> Image.Image:
    """Two pixels wide, one high: red on the left, blue on the right, each 20 pixels."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    return image


def test_every_kind_of_picture_is_the_same_picture(tmp_path: Path, serve: Serve) -> None:
    data = encoded(halves())
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        file.read(3)
        kinds = [str(path), path, data, bytearray(data), memoryview(data), file, halves()]
        loaded = [load_image(picture) for picture in [*kinds, serve(200, data)]]
    for image in loaded:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.asarray(halves()))


def test_a_picture_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = load_image(encoded(halves(), "JPEG", exif=exif, quality=95))
    assert turned.size == (20, 40)
    top, bottom = np.asarray(turned)[5, 10], np.asarray(turned)[35, 10]
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]
    assert ORIENTATION not in turned.getexif()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_picture_with_broken_exif_data_is_still_read() -> None:
    for exif in (b"Exif\0\0nothing of the kind", b"Exif\0\0II*\0\xff\0\0\0"):
        assert load_image(encoded(halves(), "JPEG", exif=exif)).size == (40, 20)


def test_what_is_transparent_lies_on_white() -> None:
    half = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    half.putpixel((1, 0), (0, 0, 0, 0))
    palette = half.quantize(4)
    for image in (half, load_image(encoded(palette)), load_image(encoded(half))):
        assert np.asarray(upright(image)).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    deep = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    assert np.asarray(load_image(encoded(deep)))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "data", [b"ten bytes!", b"<html></html>", encoded(halves())[:60], b"\xff\xd8\xff\xe0"]
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
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


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ImageError, match=r"a\.jpg' is empty"):
        load_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "wrong", ["file:///a.jpg", "ftp://example.org/a.jpg", "data:image/png;base64,", "www.a.org/b"]
)
def test_an_address_of_another_kind_is_told_what_addresses_begin_with(wrong: str) -> None:
    with pytest.raises(ImageError, match=r"an address begins with http:// or https://"):
        load_image(wrong)


@pytest.mark.parametrize("wrong", [None, 3, ["a.jpg"]])
def test_what_is_no_kind_of_picture_is_refused(wrong: object) -> None:
    with pytest.raises(ImageError, match="A picture is a URL, a path"):
        read_bytes(wrong)  # type: ignore[arg-type]


def test_a_text_file_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    with (tmp_path / "a.txt").open() as file, pytest.raises(ImageError):
        read_bytes(file)  # type: ignore[arg-type]


def test_only_web_addresses_are_urls() -> None:
    assert is_url("HTTPS://example.org/a.jpg")
    assert not any(map(is_url, ["a.jpg", "ftp://example.org/a.jpg", Path("http://a"), b"http://a"]))


def test_an_address_that_fails_is_named_with_its_status(serve: Serve) -> None:
    url = serve(404, b"")
    with pytest.raises(ImageError, match=r"/a\.png: it answers 404"):
        fetch(url)
    with pytest.raises(
        ImageError, match=r"Cannot fetch http://127\.0\.0\.1:9/a: nobody answers there"
    ):
        fetch("http://127.0.0.1:9/a")


def test_a_web_page_is_no_picture(serve: Serve) -> None:
    with pytest.raises(ImageError, match=r"a\.png' is not an image"):
        load_image(serve(200, b"<html>"))


def test_a_download_is_bounded(serve: Serve) -> None:
    began = time.monotonic()
    with pytest.raises(ImageError, match="larger than 20 MB"):
        fetch(serve(200, bytes(images.DOWNLOAD_LIMIT + 1)))
    assert time.monotonic() - began < images.DOWNLOAD_SECONDS


@pytest.mark.parametrize(
    ("gap", "said"), [(0.2, "takes longer than 1 seconds"), (3.0, "is silent for 1 seconds")]
)
def test_a_download_that_drips_or_stops_ends_in_time(
    gap: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\n")
            while not ended.wait(gap):
                connection.sendall(b"x")

    monkeypatch.setattr(images, "DOWNLOAD_SECONDS", 1.0)
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(ImageError, match=said):
            fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg")
        ended.set()
    assert time.monotonic() - began < 10


def test_a_download_that_breaks_off_is_said_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def tear() -> None:
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\nx")

        Thread(target=tear, daemon=True).start()
        with pytest.raises(ImageError, match="breaks off before its end"):
            fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg")


def test_downloads_go_by_the_name_and_address_of_the_project() -> None:
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    repository = tomllib.loads(pyproject.read_text())["project"]["urls"]["Repository"]
    assert images.user_agent() == f"visionhelpers ({repository})"


def test_every_sample_is_a_picture_with_its_credits() -> None:
    assert samples()
    for name, credit in samples().items():
        assert load_image(sample(name)).size > (50, 50)
        assert all([credit.title, credit.author, credit.licence, credit.source])


def test_an_unknown_sample_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ImageError, match=r"'no\.jpg'; there are .*grace_hopper\.jpg"):
        sample("no.jpg")
