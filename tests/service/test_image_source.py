from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import current_thread

import pytest
from starlette.requests import Request
from starlette.types import Message

from visionservice.api.limits import IMAGE
from visionservice.errors import ApiError
from visionservice.image_source import ImageSource
from visionservice.imaging.probe import InputLimits
from visionservice.settings import ServiceSettings

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--b\r\nContent-Disposition: form-data; name="x"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\nPIXELS\r\n--b--\r\n"
)
BYTES = "application/octet-stream"
MEGABYTE = 1 << 20


def request_of(kind: str, *chunks: bytes, length: int | None = None) -> tuple[Request, list[bytes]]:
    """Return a request with this body, and the chunks that were not read so far."""
    left = list(chunks)

    async def receive() -> Message:
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    headers = [(b"content-type", kind.encode()), (b"host", b"localhost")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    scope["server"] = ("127.0.0.1", 80)
    return Request(scope, receive), left


def read(
    kind: str, *chunks: bytes, source: ImageSource | None = None, limits: InputLimits | None = None
) -> bytes:
    async def run() -> bytes:
        opened = source or ImageSource(ServiceSettings())
        async with opened.open(request_of(kind, *chunks)[0], limits or IMAGE) as data:
            return data

    return asyncio.run(run())


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace downloads: a URL leads to itself."""

    async def download(url: str, **_: object) -> bytes:
        return url.encode()

    monkeypatch.setattr("visionservice.fetch.download", download)


@pytest.mark.parametrize(
    "body",
    [
        b'{"url": "http://a/b.jpg"}',
        b"{'url':'http://a/b.jpg'}",
        b'\xef\xbb\xbf{"Url": "http://a/b.jpg", "more": 1}',
        b" {'url': ' http://a/b.jpg ',} ",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
@pytest.mark.usefixtures("no_download")
def test_a_url_is_read_leniently(kind: str, body: bytes) -> None:
    assert read(kind, body) == b"http://a/b.jpg"


def test_single_quotes_are_parsed_and_never_run() -> None:
    for body in (b"__import__('os').abort()", b"{'url': __import__('os').getcwd()}"):
        with pytest.raises(ApiError, match="JSON"):
            read("application/json", body)


def test_bytes_are_joined() -> None:
    assert read("application/octet-stream", b"ab", b"", b"cd") == b"abcd"


def test_the_first_file_of_a_form_is_the_image() -> None:
    assert read("multipart/form-data; boundary=b", FORM[:30], FORM[30:]) == b"PIXELS"


def test_a_form_without_a_file_is_rejected() -> None:
    with pytest.raises(ApiError, match="no file"):
        read(
            "multipart/form-data; boundary=b",
            FORM.partition(b'--b\r\nContent-Disposition: form-data; name="x"')[0] + b"--b--\r\n",
        )


def test_an_invalid_form_is_rejected_in_one_sentence() -> None:
    with pytest.raises(ApiError, match=r"Invalid multipart body: [^.]+\.$"):
        read("multipart/form-data; boundary=b", b"--b\r\n: x\r\n\r\n--b--\r\n")


def test_a_form_with_an_unusable_charset_is_rejected() -> None:
    with pytest.raises(ApiError, match=r"Invalid multipart body: .*undefined"):
        read("multipart/form-data; boundary=b; charset=undefined", FORM)


@pytest.mark.parametrize(("kind", "named"), [("Image/JPEG", "'image/jpeg'"), ("", "type ''")])
def test_the_error_names_an_unsupported_content_type(kind: str, named: str) -> None:
    with pytest.raises(ApiError, match=named) as error:
        read(kind, b"PIXELS")
    assert error.value.status == 415


def test_a_body_is_rejected_as_soon_as_it_is_too_large() -> None:
    with pytest.raises(ApiError) as error:
        read("application/octet-stream", b"x" * (3 << 20), b"x" * (3 << 20), b"never read")
    assert error.value.code == "InvalidImageSize"


def test_a_body_that_stops_is_rejected_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionservice.image_source.BODY_SECONDS", 0.2)

    async def receive() -> Message:
        await asyncio.sleep(600)
        raise AssertionError

    async def run() -> None:
        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        async with ImageSource(ServiceSettings()).open(request, IMAGE):
            raise AssertionError

    with pytest.raises(ApiError, match="did not arrive") as error:
        asyncio.run(run())
    assert error.value.status == 408


def test_bytes_in_use_are_limited_before_a_body_is_read() -> None:
    source, limits = (
        ImageSource(ServiceSettings(), 10 * MEGABYTE),
        replace(IMAGE, bytes=8 * MEGABYTE),
    )

    async def run() -> None:
        first, _ = request_of(BYTES, b"x" * 6 * MEGABYTE)  # chunked: the length is unknown
        async with source.open(first, limits) as data:
            assert len(data) == 6 * MEGABYTE
            second, unread = request_of(BYTES, b"x" * 5 * MEGABYTE, length=5 * MEGABYTE)
            with pytest.raises(ApiError) as error:
                async with source.open(second, limits):
                    raise AssertionError
            assert (error.value.status, int(error.value.headers["Retry-After"])) == (429, 1)
            assert unread
            small, _ = request_of(BYTES, b"x", length=4 * MEGABYTE)
            async with source.open(small, limits) as data:
                assert data == b"x"
        third, _ = request_of(BYTES, b"x" * 5 * MEGABYTE, length=5 * MEGABYTE)
        async with source.open(third, limits) as data:
            assert len(data) == 5 * MEGABYTE

    asyncio.run(run())


def test_bytes_that_have_not_arrived_do_not_count() -> None:
    source, limits = (
        ImageSource(ServiceSettings(), 10 * MEGABYTE),
        replace(IMAGE, bytes=8 * MEGABYTE),
    )

    async def stop_after_a_byte() -> None:
        request, _ = request_of(BYTES, b"x", length=8 * MEGABYTE)
        messages = iter([b"x"])

        async def receive() -> Message:
            for body in messages:
                return {"type": "http.request", "body": body, "more_body": True}
            await asyncio.sleep(60)
            raise AssertionError

        async with source.open(Request(request.scope, receive), limits):
            raise AssertionError

    async def run() -> None:
        stopped = [asyncio.create_task(stop_after_a_byte()) for _ in range(5)]
        await asyncio.sleep(0.05)
        request, _ = request_of(BYTES, b"x" * 8 * MEGABYTE, length=8 * MEGABYTE)
        async with source.open(request, limits) as data:
            assert len(data) == 8 * MEGABYTE
        for task in stopped:
            task.cancel()

    asyncio.run(run())


def test_bytes_are_returned_after_an_error() -> None:
    source = ImageSource(ServiceSettings(), 4 * MEGABYTE)
    for _ in range(3):
        with pytest.raises(ApiError, match="no file"):
            read("multipart/form-data; boundary=b", b"--b--\r\n", source=source)
        with pytest.raises(ApiError, match="not supported"):
            read("text/plain", b"x" * 3 * MEGABYTE, source=source)
    assert read(BYTES, b"x" * 3 * MEGABYTE, source=source)


def test_downloads_count_against_the_bytes_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    async def download(_: str, *, check_size: Callable[[int], None], **__: object) -> bytes:
        check_size(3 * MEGABYTE)
        return b"x"

    monkeypatch.setattr("visionservice.fetch.download", download)
    body = b'{"url": "http://a/b.jpg"}'
    assert read("application/json", body)
    with pytest.raises(ApiError) as error:
        read("application/json", body, source=ImageSource(ServiceSettings(), 2 * MEGABYTE))
    assert error.value.status == 429
    with pytest.raises(ApiError, match="smaller than 2 MB") as error:
        read("application/json", body, limits=replace(IMAGE, bytes=2 * MEGABYTE - 1))
    assert error.value.code == "InvalidImageSize"


def test_files_of_the_folder_count_against_the_bytes_in_use(tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(b"x" * 3 * MEGABYTE)
    body, settings = b'{"url": "http://a/large.jpg"}', ServiceSettings(images=tmp_path)
    source = ImageSource(settings, 4 * MEGABYTE)
    for _ in range(3):  # the bytes are returned each time
        assert len(read("application/json", body, source=source)) == 3 * MEGABYTE
    with pytest.raises(ApiError) as error:
        read("application/json", body, source=ImageSource(settings, 2 * MEGABYTE))
    assert error.value.status == 429


def test_the_size_of_a_file_is_checked_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def too_many_bytes(*_: object) -> ApiError:
        threads.append(current_thread())
        return ApiError(400, "InvalidImageSize", "too large")

    monkeypatch.setattr("visionservice.errors.too_many_bytes", too_many_bytes)
    (tmp_path / "large.jpg").write_bytes(b"x" * 5 * MEGABYTE)
    with pytest.raises(ApiError, match="too large"):
        read(
            "application/json",
            b'{"url": "http://a/large.jpg"}',
            source=ImageSource(ServiceSettings(images=tmp_path)),
        )
    assert threads == [current_thread()]  # the count of free bytes has no lock


@pytest.mark.parametrize("name", ["..%2Fsecret.jpg", "link.jpg", "inner", "", "a%00.jpg"])
@pytest.mark.usefixtures("no_download")
def test_only_files_directly_in_the_folder_are_read(tmp_path: Path, name: str) -> None:
    folder, secret = tmp_path / "images", tmp_path / "secret.jpg"
    (folder / "inner").mkdir(parents=True)
    secret.write_bytes(b"SECRET")
    (folder / "link.jpg").symlink_to(secret)
    url = f"http://a/{name}".encode()
    source = ImageSource(ServiceSettings(images=folder))
    assert read("application/json", b'{"url": "%s"}' % url, source=source) == url


def test_files_of_forms_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def rollover(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SpooledTemporaryFile, "rollover", rollover)
    photo = b"x" * 3 * MEGABYTE
    assert read("multipart/form-data; boundary=b", FORM.replace(b"PIXELS", photo)) == photo


def test_a_name_that_is_not_in_the_folder_of_images_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def download(*_: object, **__: object) -> bytes:
        raise ApiError(400, "InvalidImageUrl", "no", hint="Not accessible.")

    monkeypatch.setattr("visionservice.fetch.download", download)
    (tmp_path / "invoice.jpg").write_bytes(b"PIXELS")
    source = ImageSource(ServiceSettings(images=tmp_path))
    assert read("application/json", b'{"url": "http://a/invoice.jpg?b=c"}', source=source)
    with pytest.raises(ApiError) as error:
        read("application/json", b'{"url": "http://a/INVOICE.JPG"}', source=source)
    assert error.value.hint == (
        "Not accessible. The folder of images has no file 'INVOICE.JPG'; names are case-sensitive."
    )


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (ServiceSettings(), "not accessible"),
        (ServiceSettings(allow_hosts=("vision.example.org",)), "private network"),
        (ServiceSettings(host="0.0.0.0"), "private network"),  # noqa: S104
    ],
)
def test_a_service_behind_a_proxy_does_not_connect_to_private_addresses(
    settings: ServiceSettings, hint: str
) -> None:
    with pytest.raises(ApiError) as error:
        read(
            "application/json",
            b'{"url": "http://127.0.0.1:9/image.jpg"}',
            source=ImageSource(settings),
        )
    assert hint in error.value.hint
