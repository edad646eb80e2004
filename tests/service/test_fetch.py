from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from tests.support.scripted_server import (
    CERTIFICATE,
    CUT_SHORT,
    DRIP,
    ScriptedServer,
    Step,
    scripted_server,
)
from tests.support.silent_server import SilentServer
from visionservice.errors import ApiError, invalid_image_size
from visionservice.fetch import download, is_public_address, tls_context

IMAGE = b"image" * 10
FOUND: Step = (200, {}, IMAGE)


def redirect(url: str) -> Step:
    return 302, {"Location": url}, b""


@pytest.fixture
def web() -> Iterator[ScriptedServer]:
    with scripted_server() as web:
        web.steps = [FOUND]
        yield web


@pytest.fixture
def secure_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A server with TLS, whose certificate is for localhost and 127.0.0.1."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls_context.cache_clear()
    with scripted_server(tls=True) as web:
        web.steps = [FOUND]
        yield web
    tls_context.cache_clear()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A replacement of the system's resolver: each name has these IPv4 addresses."""

    def use(**names: list[str]) -> None:
        def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[Any]:
            addresses = names.get(host.removesuffix(".test")) or [str(ip_address(host))]
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return use


def fetch(url: str, is_allowed: Callable[[str], bool] | None = None) -> bytes:
    """Download at most 1000 bytes."""

    def check_size(size: int) -> None:
        if size > 1000:
            raise invalid_image_size("more than 1000 bytes")

    return asyncio.run(download(url, check_size=check_size, is_allowed=is_allowed))


def hint_of(url: str, is_allowed: Callable[[str], bool] | None = None) -> str:
    """Return the hint of the error that a download raises."""
    with pytest.raises(ApiError) as error:
        fetch(url, is_allowed)
    assert (error.value.status, error.value.code) == (400, "InvalidImageUrl")
    assert error.value.message == "The provided image url is not accessible."
    return error.value.hint


def named(web: ScriptedServer, host: str) -> str:
    return f"{web.url.replace('127.0.0.1', host)}/image"


@pytest.mark.parametrize(
    ("path", "requested", "redirects"),
    [
        ("/image", "/image", 0),
        ("/image?a=b c&d=é#there", "/image?a=b%20c&d=%C3%A9", 0),
        ("/image", "/5", 5),
    ],
)
def test_an_image_is_downloaded_after_at_most_five_redirects(
    web: ScriptedServer, path: str, requested: str, redirects: int
) -> None:
    web.steps = [redirect(f"/{number}") for number in range(1, redirects + 1)] + [FOUND]
    localhost = web.url.replace("127.0.0.1", "localhost")
    assert fetch(localhost + path) == IMAGE
    request = web.requests[-1]
    assert (request.path, request.headers["Host"]) == (requested, localhost[len("http://") :])


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ((404, {}, b""), "The image host 127.0.0.1 returned HTTP 404"),
        (redirect("/again"), "redirects more than 5 times"),
        (redirect("file:///etc/passwd"), "use an http or https URL"),
        (redirect("http://[::1/image"), "Invalid URL"),
        (CUT_SHORT, "not accessible"),
        (DRIP, "did not arrive within 0.5 s"),
    ],
)
def test_a_url_without_an_image_is_rejected_with_the_reason_and_without_secrets(
    web: ScriptedServer, monkeypatch: pytest.MonkeyPatch, step: Step, reason: str
) -> None:
    """The service logs hints, and the query of an image may contain a signature."""
    monkeypatch.setattr("visionservice.fetch.FETCH_SECONDS", 0.5)
    web.steps = [step]
    hint = hint_of(f"{named(web, 'me:secret@127.0.0.1')}?sig=secret#secret")
    assert reason in hint
    assert "secret" not in hint


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/b", "http://", "http://a:b/", "http://a:0/", "http://a:65536/", "http://a..b/"],
)
def test_an_invalid_url_is_rejected(url: str) -> None:
    hint = hint_of(url)
    assert "Invalid URL" in hint or "not accessible" in hint


@pytest.mark.parametrize("rest", ["a/b\n?sig=secret\n#secret", "xn--zz/#secret", "a/\ud800?secret"])
def test_the_hint_to_an_invalid_url_contains_no_secrets(rest: str) -> None:
    hint = hint_of(f"http://me:secret@{rest}")
    assert f"Invalid URL 'http://{rest[:2]}" in hint
    assert "secret" not in hint


def test_a_closed_port_is_reported_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reason = f"not accessible (Connect call failed ('127.0.0.1', {port}))"
    assert reason in hint_of(f"http://127.0.0.1:{port}/image")


def test_too_many_bytes_are_rejected(web: ScriptedServer) -> None:
    web.steps = [(200, {}, b"x" * 1001)]
    with pytest.raises(ApiError, match="more than 1000 bytes"):
        fetch(web.url)


def test_a_redirect_is_followed_without_its_body(web: ScriptedServer) -> None:
    endless = SilentServer()
    with ThreadPoolExecutor(1) as threads:
        fetching = threads.submit(fetch, endless.url)
        with endless.accept() as connection:
            head = f"HTTP/1.1 302 Found\r\nLocation: {web.url}\r\nContent-Length: 9\r\n\r\n"
            connection.sendall(head.encode())
            assert fetching.result(10) == IMAGE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])  # noqa: S104
def test_a_public_service_never_connects_to_its_own_machine(web: ScriptedServer, host: str) -> None:
    assert "private network" in hint_of(named(web, host), is_public_address)
    assert not web.requests


def test_every_hop_of_a_redirect_is_checked_once(web: ScriptedServer) -> None:
    checked: list[str] = []

    def is_allowed(address: str) -> bool:
        checked.append(address)
        return address == "127.0.0.1"

    web.steps = [redirect("/once"), redirect(named(web, "127.0.0.2"))]
    assert "127.0.0.2 is in a private network" in hint_of(web.url, is_allowed)
    assert checked == ["127.0.0.1", "127.0.0.1", "127.0.0.2"]


def test_a_name_with_one_private_address_is_rejected(
    web: ScriptedServer, resolve: Callable[..., None]
) -> None:
    resolve(two=["93.184.215.14", "127.0.0.1"])
    assert "two.test is in a private network" in hint_of(named(web, "two.test"), is_public_address)
    assert not web.requests


def test_an_address_that_does_not_answer_delays_the_next_by_a_moment(
    web: ScriptedServer, resolve: Callable[..., None]
) -> None:
    address = ("127.0.0.3", web.server_port)
    with socket.create_server(address, backlog=0), ExitStack() as stack:
        for _ in range(4):  # fill its backlog: further connections get no answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        resolve(dual=["127.0.0.3", "127.0.0.1"])
        begin = monotonic()
        assert fetch(named(web, "dual.test")) == IMAGE
        assert monotonic() - begin > 0.2


def test_https_checks_the_certificate_for_the_name(
    secure_web: ScriptedServer, resolve: Callable[..., None]
) -> None:
    resolve(localhost=["127.0.0.1"], other=["127.0.0.1"])
    for host in ("127.0.0.1", "localhost"):
        assert fetch(named(secure_web, host)) == IMAGE
    assert "certificate" in hint_of(named(secure_web, "other.test"))


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class Tunnel(BaseHTTPRequestHandler):
    """A proxy for https that connects to this machine only."""

    requested: list[str]

    def do_CONNECT(self) -> None:
        self.requested.append(f"{self.path} {self.headers.get('Proxy-Authorization')}")
        host, _, port = self.path.partition(":")
        self.send_response(200 if host == "localhost" else 403)
        self.end_headers()
        if host == "localhost":
            with socket.create_connection(("127.0.0.1", int(port))) as target:
                back = Thread(target=copy, args=(target, self.connection))
                back.start()
                copy(self.connection, target)
                back.join()

    def log_message(self, *_: object) -> None:
        """Write no log."""


def test_https_goes_through_a_tunnel_of_the_proxy(
    secure_web: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.fetch.LOOPBACK", ())
    monkeypatch.setattr(Tunnel, "requested", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Tunnel) as proxy:
        Thread(target=proxy.serve_forever, args=[0.01], daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://user:word@127.0.0.1:{proxy.server_port}")
        assert fetch(named(secure_web, "localhost")) == IMAGE
        assert "403" in hint_of("https://images.test/a.jpg")
        proxy.shutdown()
    login = f"Basic {b64encode(b'user:word').decode()}"
    port = secure_web.server_port
    assert Tunnel.requested == [f"localhost:{port} {login}", f"images.test:443 {login}"]


def test_a_proxy_may_be_private_and_its_targets_may_not(
    web: ScriptedServer, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", web.url)
    monkeypatch.setenv("HTTPS_PROXY", web.url)
    resolve(public=["93.184.215.14"], inside=["10.0.0.5"])
    for private in ("http://inside.test/", "https://inside.test/", "http://169.254.169.254/"):
        assert "private network" in hint_of(private, is_public_address)
    assert fetch("http://public.test/a.jpg?b=c", is_public_address) == IMAGE
    web.steps = [redirect("http://127.0.0.2/image")]
    assert "127.0.0.2 is in a private" in hint_of("http://public.test/more", is_public_address)
    requested = [request.path for request in web.requests]
    assert requested == ["http://public.test/a.jpg?b=c", "http://public.test/more"]


def test_no_proxy_is_used_for_the_hosts_of_no_proxy_and_for_this_machine(
    web: ScriptedServer, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(images=["127.0.0.1"], localhost=["127.0.0.1"])
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "other.test,.test")
    for host in ("images.test", "localhost", "127.0.0.1"):
        assert fetch(named(web, host)) == IMAGE


@pytest.mark.parametrize("proxy", ["http://[::1", "gopher://proxy.test", "socks5://proxy.test"])
def test_an_unusable_proxy_is_reported(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert "proxy" in hint_of("http://images.test/a.jpg")


PRIVATE = {
    "metadata of clouds": ["168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254"],
    "embedded metadata": ["::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::"],
    "private IPv4": ["10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    "reserved IPv4": ["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"],  # noqa: S104
    "private IPv6": ["fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1"],
    "reserved IPv6": ["::1", "::", "ff02::1"],
    "embedded private": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
    "embedded otherwise": ["::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1"],
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_private_addresses_are_not_public_even_if_embedded(kind: str) -> None:
    assert [address for address in PRIVATE[kind] if is_public_address(address)] == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public_address(address)
