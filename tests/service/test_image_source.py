from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import current_thread

import pytest
from starlette.requests import Request
from starlette.types import Message

from visionservice import errors
from visionservice.api.limits import IMAGE
from visionservice.errors import ApiError
from visionservice.image_source import ImageSource
from visionservice.settings import ServiceSettings

BYTES, JSON, FORM = (
    "application/octet-stream",
    "application/json",
    "multipart/form-data; boundary=b",
)
NOTE = b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
PARTS = (
    NOTE + b'--b\r\nContent-Disposition: form-data; name="x"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\nPIXELS\r\n--b--\r\n"
)
URL = b'{"url": "http://a/b.jpg"}'
MEGABYTE = 1 << 20


def request_of(kind: str, *chunks: bytes, length: int = 0, ends: bool = True) -> Request:
    """A request with a body whose last byte arrives, or that stops after the chunks."""
    left = list(chunks)

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(600)
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left) or not ends}

    headers = [(b"content-type", kind.encode()), (b"host", b"localhost")]
    headers += [(b"content-length", str(length).encode())] if length else []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Request(scope | {"query_string": b"", "server": ("127.0.0.1", 80)}, receive)


def source(megabytes: int = 256, **settings: object) -> ImageSource:
    return ImageSource(ServiceSettings(**settings), megabytes * MEGABYTE)


async def data_of(request: Request, of: ImageSource) -> bytes:
    async with of.open(request, IMAGE) as data:
        return data


def read(kind: str, *chunks: bytes, of: ImageSource | None = None) -> bytes:
    return asyncio.run(data_of(request_of(kind, *chunks), of or source()))


def assert_rejected(
    status: int, message: str, kind: str, *chunks: bytes, of: ImageSource | None = None
) -> ApiError:
    with pytest.raises(ApiError, match=message) as error:
        read(kind, *chunks, of=of)
    assert error.value.status == status
    return error.value


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace downloads: a URL leads to itself."""

    async def download(url: str, **_: object) -> bytes:
        return url.encode()

    monkeypatch.setattr("visionservice.fetch.download", download)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Application/JSON; charset=utf-8", URL),
        (JSON, b"{'url':'http://a/b.jpg'}"),
        (JSON, b'\xef\xbb\xbf{"Url": "http://a/b.jpg", "more": 1}'),
        (JSON, b" {'url': ' http://a/b.jpg ',} "),
    ],
)
@pytest.mark.usefixtures("no_download")
def test_a_url_is_read_leniently(kind: str, body: bytes) -> None:
    assert read(kind, body) == b"http://a/b.jpg"


def test_bytes_are_joined_and_the_first_file_of_a_form_is_the_image() -> None:
    assert read(BYTES, b"ab", b"", b"cd") == b"abcd"
    assert read(FORM, PARTS[:30], PARTS[30:]) == b"PIXELS"


@pytest.mark.parametrize(
    ("status", "message", "kind", "body"),
    [
        (400, "Invalid JSON", JSON, b"{'url': __import__('os').getcwd()}"),  # parsed, and never run
        (400, "no file", FORM, NOTE + b"--b--\r\n"),
        (400, r"^Invalid multipart body: [^.]+\.$", FORM, b"--b\r\n: x\r\n\r\n--b--\r\n"),
        (400, "Invalid multipart body: .*undefined", f"{FORM}; charset=undefined", PARTS),
        (415, "'image/jpeg'", "Image/JPEG", b"PIXELS"),
        (415, "type ''", "", b"PIXELS"),
    ],
)
def test_an_invalid_body_is_rejected(status: int, message: str, kind: str, body: bytes) -> None:
    assert_rejected(status, message, kind, body)


def test_a_body_is_rejected_as_soon_as_it_is_too_large() -> None:
    request = request_of(BYTES, bytes(3 * MEGABYTE), bytes(3 * MEGABYTE), ends=False)
    with pytest.raises(ApiError, match="smaller than 4 MB") as error:
        asyncio.run(data_of(request, source()))
    assert error.value.code == "InvalidImageSize"


def test_bytes_in_use_are_limited_before_a_body_is_read() -> None:
    limited, data = source(5), bytes(3 * MEGABYTE)

    async def run() -> None:
        async with limited.open(request_of(BYTES, data), IMAGE):  # chunked: the length is unknown
            with pytest.raises(ApiError) as error:
                await data_of(request_of(BYTES, length=len(data)), limited)
            assert (error.value.status, error.value.headers["Retry-After"]) == (429, "1")
            assert await data_of(request_of(BYTES, b"x", length=2 * MEGABYTE), limited) == b"x"
        stopped = [request_of(BYTES, b"x", length=len(data), ends=False) for _ in range(5)]
        stopping = [asyncio.create_task(data_of(request, limited)) for request in stopped]
        await asyncio.sleep(0.05)
        request = request_of(BYTES, data, length=len(data))
        assert await data_of(request, limited) == data  # what has not arrived does not count
        for task in stopping:
            task.cancel()

    asyncio.run(run())


def test_bytes_are_returned_after_an_error() -> None:
    limited = source(4)
    for _ in range(3):
        assert_rejected(400, "no file", FORM, b"--b--\r\n", of=limited)
        assert_rejected(415, "not supported", "text/plain", b"x" * 3 * MEGABYTE, of=limited)
    assert read(BYTES, b"x" * 3 * MEGABYTE, of=limited)


def test_downloads_count_against_the_bytes_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    async def download(_: str, *, check_size: Callable[[int], None], **__: object) -> bytes:
        check_size(sizes.pop())
        return b"x"

    monkeypatch.setattr("visionservice.fetch.download", download)
    sizes = [5 * MEGABYTE, 3 * MEGABYTE, 3 * MEGABYTE]
    assert read(JSON, URL)
    assert_rejected(429, "too many images", JSON, URL, of=source(2))
    assert assert_rejected(400, "smaller than 4 MB", JSON, URL).code == "InvalidImageSize"


def test_files_of_the_folder_count_against_the_bytes_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.jpg").write_bytes(b"x" * 3 * MEGABYTE)
    limited = source(4, images=tmp_path)
    for _ in range(3):  # the bytes are returned each time
        assert len(read(JSON, URL, of=limited)) == 3 * MEGABYTE
    assert_rejected(429, "too many images", JSON, URL, of=source(2, images=tmp_path))
    threads = []

    def too_many_bytes(*_: object) -> ApiError:
        threads.append(current_thread())
        return ApiError(400, "InvalidImageSize", "too large")

    monkeypatch.setattr(errors, "too_many_bytes", too_many_bytes)
    (tmp_path / "b.jpg").write_bytes(b"x" * 5 * MEGABYTE)
    assert_rejected(400, "too large", JSON, URL, of=source(images=tmp_path))
    assert threads == [current_thread()]  # the count of free bytes has no lock


@pytest.mark.parametrize(
    "name",
    ["..%2Fout.jpg", "..%5Cout.jpg", "link.jpg", "loop.jpg", "inner", "", "..", "%00", "a" * 400],
)
@pytest.mark.usefixtures("no_download")
def test_only_files_directly_in_the_folder_are_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "images"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "out.jpg").write_bytes(b"SECRET")
    (folder / "link.jpg").symlink_to(tmp_path / "out.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    url = f"http://a/{name}".encode()
    assert read(JSON, b'{"url": "%s"}' % url, of=source(images=folder)) == url


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="every file is readable to root")
def test_a_file_that_cannot_be_read_is_named() -> None:
    own = source(images="/proc/self")
    assert_rejected(400, "'mem'.*cannot be read: Input/o", JSON, b'{"url": "http://a/mem"}', of=own)


def test_files_of_forms_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def rollover(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SpooledTemporaryFile, "rollover", rollover)
    photo = b"x" * 3 * MEGABYTE
    assert read(FORM, PARTS.replace(b"PIXELS", photo)) == photo


def test_a_name_that_is_not_in_the_folder_of_images_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def download(*_: object, **__: object) -> bytes:
        raise ApiError(400, "InvalidImageUrl", "no", hint="Not accessible.")

    monkeypatch.setattr("visionservice.fetch.download", download)
    (tmp_path / "an invoice.jpg").write_bytes(b"PIXELS")
    own = source(images=tmp_path)
    assert read(JSON, b'{"url": "http://a/an%20invoice.jpg?b=c"}', of=own) == b"PIXELS"
    hint = assert_rejected(400, "no", JSON, b'{"url": "http://a/INVOICE.JPG"}', of=own).hint
    assert hint.startswith("Not accessible. The folder of images has no file 'INVOICE.JPG'; names")


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "not accessible"),
        ({"allow_hosts": ("vision.example.org",)}, "private network"),
        ({"host": "0.0.0.0"}, "private network"),  # noqa: S104
    ],
)
def test_only_a_public_service_does_not_connect_to_private_addresses(
    settings: dict[str, object], hint: str
) -> None:
    url = b'{"url": "http://127.0.0.1:9/image.jpg"}'
    assert hint in assert_rejected(400, "not accessible", JSON, url, of=source(**settings)).hint
