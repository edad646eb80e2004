from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from visionservice.body import read_source
from visionservice.errors import ApiError
from visionservice.imaging.probe import InputLimits

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--b\r\nContent-Disposition: form-data; name="x"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\nPIXELS\r\n--b--\r\n"
)


def read(kind: str, *pieces: bytes) -> str | bytes:
    left = list(pieces)

    async def receive() -> Message:
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    headers = [(b"content-type", kind.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    return asyncio.run(read_source(Request(scope, receive), InputLimits()))


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
def test_an_address_is_read_leniently(kind: str, body: bytes) -> None:
    assert read(kind, body) == "http://a/b.jpg"


def test_single_quotes_are_data_and_never_run() -> None:
    for body in (b"__import__('os').abort()", b"{'url': __import__('os').getcwd()}"):
        with pytest.raises(ApiError, match="JSON"):
            read("application/json", body)


def test_bytes_arrive_whole_in_whatever_pieces() -> None:
    assert read("application/octet-stream", b"ab", b"", b"cd") == b"abcd"


def test_the_first_file_of_a_form_is_the_picture() -> None:
    assert read("multipart/form-data; boundary=b", FORM[:30], FORM[30:]) == b"PIXELS"


def test_a_form_without_a_file_is_refused() -> None:
    with pytest.raises(ApiError, match="no file"):
        read(
            "multipart/form-data; boundary=b",
            FORM.partition(b'--b\r\nContent-Disposition: form-data; name="x"')[0] + b"--b--\r\n",
        )


def test_a_broken_form_is_refused_in_one_sentence() -> None:
    with pytest.raises(ApiError, match=r"broken: [^.]+\.$"):
        read("multipart/form-data; boundary=b", b"--b\r\n: x\r\n\r\n--b--\r\n")


@pytest.mark.parametrize(("kind", "named"), [("Image/JPEG", "'image/jpeg'"), ("", "without a")])
def test_a_content_type_that_is_not_taken_is_named(kind: str, named: str) -> None:
    with pytest.raises(ApiError, match=named) as refusal:
        read(kind, b"PIXELS")
    assert refusal.value.status == 415


def test_a_body_is_refused_as_soon_as_it_is_too_large() -> None:
    with pytest.raises(ApiError) as refusal:
        read("application/octet-stream", b"x" * (3 << 20), b"x" * (3 << 20), b"never read")
    assert refusal.value.code == "InvalidImageSize"
