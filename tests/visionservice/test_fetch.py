from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep

import pytest

from visionservice.errors import ApiError
from visionservice.fetch import allow_any, download, is_public_address

HITS: list[tuple[str, str]] = []


class Web(BaseHTTPRequestHandler):
    """A small web with everything that can go wrong in it."""

    def do_GET(self) -> None:
        HITS.append((self.headers["Host"], self.path))
        port = self.server.server_address[1]
        places = {
            "/once": "/picture",
            "/loop": "/loop",
            "/elsewhere": f"http://127.0.0.2:{port}/picture",
            "/file": "file:///etc/passwd",
            "/broken": "http://[::1/picture",
        }
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            self.end_headers()
        elif self.path.startswith("/picture"):
            self.reply(200, b"picture" * 10)
        elif self.path == "/large":
            self.reply(200, b"x" * 5000)
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b"x" * 100)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"x")
                sleep(0.05)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x")
        else:
            self.reply(404, b"not here")

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(("0.0.0.0", 0), Web) as server:  # noqa: S104
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with serving() as url:
        yield url


def fetch(url: str, most: int = 1000, allowed: Callable[[str], bool] = allow_any) -> bytes:
    return asyncio.run(download(url, most=most, allowed=allowed))


@pytest.mark.parametrize("path", ["/picture", "/once", "/picture?a=b c&d=é", "/picture#there"])
def test_a_picture_is_fetched_as_it_is(web: str, path: str) -> None:
    assert fetch(web + path) == b"picture" * 10


def test_a_name_is_asked_for_by_name(web: str) -> None:
    named = web.replace("127.0.0.1", "localhost")
    fetch(f"{named}/picture")
    assert HITS[-1] == (named.removeprefix("http://"), "/picture")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/nothing", "404"),
        ("/loop", "redirects more than"),
        ("/file", "not an http"),
        ("/cut", "not accessible"),
        ("/broken", "no valid address"),
        ("/picture\ud800", "no valid address"),
    ],
)
def test_an_address_without_a_picture_is_refused_as_such(web: str, url: str, reason: str) -> None:
    with pytest.raises(ApiError, match=reason) as refusal:
        fetch(web + url)
    assert refusal.value.code == "InvalidImageUrl"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "picture.jpg",
        "ftp://example.com/a.jpg",
        "http://",
        "http://a:b/",
        "http://[::1/a",
        "http://a..b/",
        "http://.example/",
        f"http://{'a' * 64}.example/",
        "http://\ud800/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ApiError) as refusal:
        fetch(url)
    assert refusal.value.code == "InvalidImageUrl"


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_too_many_bytes_are_refused(web: str, path: str) -> None:
    with pytest.raises(ApiError) as refusal:
        fetch(web + path)
    assert refusal.value.code == "InvalidImageSize"


def test_a_file_that_trickles_is_cut_off_in_time(web: str) -> None:
    begun = monotonic()
    with pytest.raises(ApiError, match="did not arrive"):
        asyncio.run(download(f"{web}/slow", most=1000, allowed=allow_any, seconds=0.5))
    assert monotonic() - begun < 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])  # noqa: S104
def test_a_public_service_never_asks_its_own_machine(web: str, host: str) -> None:
    HITS.clear()
    with pytest.raises(ApiError, match="private network") as refusal:
        fetch(f"{web.replace('127.0.0.1', host)}/picture", allowed=is_public_address)
    assert refusal.value.code == "InvalidImageUrl"
    assert not HITS


def test_every_hop_of_a_redirect_is_checked(web: str) -> None:
    HITS.clear()
    with pytest.raises(ApiError, match=r"127\.0\.0\.2 leads into a private network"):
        fetch(f"{web}/elsewhere", allowed=lambda number: number == "127.0.0.1")
    assert [path for _, path in HITS] == ["/elsewhere"]
    assert fetch(f"{web}/elsewhere") == b"picture" * 10


def test_a_name_is_looked_up_once_a_hop_and_the_checked_address_is_the_one_asked(web: str) -> None:
    checked: list[str] = []

    def note(number: str) -> bool:
        checked.append(number)
        return True

    fetch(f"{web}/once", allowed=note)
    assert checked == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
    ],
)
def test_private_addresses_are_known_whatever_they_are_wrapped_in(number: str) -> None:
    assert not is_public_address(number)


@pytest.mark.parametrize("number", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_public(number: str) -> None:
    assert is_public_address(number)
