from __future__ import annotations

import asyncio
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from visionservice.errors import ApiError, invalid_image_size
from visionservice.fetch import download, is_public_address, tls_context

HITS: list[tuple[str, str]] = []
IMAGE = b"image" * 10
CERTIFICATE = Path(__file__).parents[1] / "support" / "localhost.pem"


class Web(BaseHTTPRequestHandler):
    """A web server with one image and many failures."""

    def do_GET(self) -> None:
        HITS.append((self.headers["Host"], self.path))
        port = self.server.server_address[1]
        places = {
            "/once": "/image",
            "/loop": "/loop",
            **{f"/hop{number}": f"/hop{number - 1}" for number in range(2, 6)},
            "/hop1": "/image",
            "/elsewhere": f"http://127.0.0.2:{port}/image",
            "/file": "file:///etc/passwd",
            "/broken": "http://[::1/image",
        }
        path = self.path.partition(".test")[2] or self.path
        if path in places:
            self.send_response(302)
            self.send_header("Location", places[path])
            self.end_headers()
        elif self.path.startswith("/image"):
            self.reply(200, IMAGE)
        elif self.path == "/large":
            self.reply(200, b"x" * 5000)
        elif self.path == "/endless_redirect":
            self.send_response(302)
            self.send_header("Location", "/image")
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 100_000)
        elif self.path in ("/endless", "/slow"):
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"x" * (100 if self.path == "/endless" else 1))
                sleep(0.001 if self.path == "/endless" else 0.05)
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
        """Write no log."""


@contextmanager
def serving(
    host: str = "0.0.0.0",  # noqa: S104
    handler: type[BaseHTTPRequestHandler] = Web,
    certificate: Path | None = None,
) -> Iterator[str]:
    with ThreadingHTTPServer((host, 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with serving() as url:
        yield url


def at_most(max_bytes: int) -> Callable[[int], None]:
    def check_size(size: int) -> None:
        if size > max_bytes:
            raise invalid_image_size(f"more than {max_bytes} bytes")

    return check_size


def fetch(url: str, is_allowed: Callable[[str], bool] | None = None) -> bytes:
    return asyncio.run(download(url, check_size=at_most(1000), is_allowed=is_allowed))


def hint_of(url: str, **options: Any) -> str:
    """Return the hint of the error that a download raises."""
    with pytest.raises(ApiError) as error:
        fetch(url, **options)
    assert (error.value.status, error.value.code) == (400, "InvalidImageUrl")
    assert error.value.message == "The provided image url is not accessible."
    return error.value.hint


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("path", ["/image", "/once", "/image?a=b c&d=é", "/image#there"])
def test_an_image_is_downloaded(web: str, path: str) -> None:
    assert fetch(web + path) == IMAGE


def test_the_host_header_contains_the_name(web: str) -> None:
    named = web.replace("127.0.0.1", "localhost")
    fetch(f"{named}/image")
    assert HITS[-1] == (named.removeprefix("http://"), "/image")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing", r"127\.0\.0\.1 returned HTTP 404"),
        ("/loop", "redirects more than 5 times"),
        ("/file", "use an http or https URL"),
        ("/cut", "not accessible"),
        ("/broken", "Invalid URL"),
        ("/image\ud800", "Invalid URL"),
    ],
)
def test_a_url_without_an_image_is_rejected_with_the_reason(
    web: str, path: str, reason: str
) -> None:
    assert re.search(reason, hint_of(web + path))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "image.jpg",
        "ftp://example.com/a.jpg",
        "http://",
        "http://a:b/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://[::1/a",
        "http://a..b/",
        "http://.example/",
        f"http://{'a' * 64}.example/",
        "http://\ud800/",
        "http://xn--zz/",
    ],
)
def test_an_invalid_url_is_rejected(url: str) -> None:
    assert hint_of(url)


@pytest.mark.parametrize("path", ["nothing", "image\n", "loop"])
def test_a_hint_contains_no_login_and_no_query(web: str, path: str) -> None:
    """The service logs hints, and the query of an image may contain a signature."""
    hint = hint_of(f"{web.replace('//', '//me:secret@')}/{path}?sig=secret\n#secret")
    assert "127.0.0.1" in hint
    assert "secret" not in hint


def test_a_closed_port_is_reported_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reason = f"not accessible (Connect call failed ('127.0.0.1', {port}))"
    assert reason in hint_of(f"http://127.0.0.1:{port}/image")


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_too_many_bytes_are_rejected(web: str, path: str) -> None:
    with pytest.raises(ApiError, match="more than 1000 bytes") as error:
        fetch(web + path)
    assert error.value.code == "InvalidImageSize"


def test_a_redirect_is_followed_without_its_body(web: str) -> None:
    assert fetch(f"{web}/endless_redirect") == IMAGE


def test_a_slow_download_ends_at_the_deadline(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionservice.fetch.FETCH_SECONDS", 0.5)
    assert "did not arrive within 0.5 s" in hint_of(f"{web}/slow")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])  # noqa: S104
def test_a_public_service_never_connects_to_its_own_machine(web: str, host: str) -> None:
    HITS.clear()
    url = f"{web.replace('127.0.0.1', host)}/image"
    assert "private network" in hint_of(url, is_allowed=is_public_address)
    assert not HITS


def test_five_redirects_are_followed(web: str) -> None:
    assert fetch(f"{web}/hop5") == IMAGE


def test_every_hop_of_a_redirect_is_checked(web: str) -> None:
    HITS.clear()
    hint = hint_of(f"{web}/elsewhere", is_allowed=lambda address: address == "127.0.0.1")
    assert "127.0.0.2 is in a private network" in hint
    assert [path for _, path in HITS] == ["/elsewhere"]
    assert fetch(f"{web}/elsewhere") == IMAGE


def test_a_name_is_resolved_once_per_hop(web: str) -> None:
    checked: list[str] = []

    def note(address: str) -> bool:
        checked.append(address)
        return True

    fetch(f"{web}/once", is_allowed=note)
    assert checked == ["127.0.0.1", "127.0.0.1"]


def resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> None:
    """Replace the system's resolver: each name has these IPv4 addresses."""

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[Any]:
        if host not in names:
            ip_address(host)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in names.get(host, [host])]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_with_one_private_address_is_rejected(
    web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"two.test": ["93.184.215.14", "127.0.0.1"]})
    HITS.clear()
    url = f"{web.replace('127.0.0.1', 'two.test')}/image"
    assert "two.test is in a private network" in hint_of(url, is_allowed=is_public_address)
    assert not HITS


def test_an_address_that_does_not_answer_delays_the_next_by_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving("127.0.0.1") as url, ExitStack() as stack:
        port = int(url.rpartition(":")[2])
        silent = stack.enter_context(socket.create_server(("127.0.0.3", port), backlog=0))
        for _ in range(4):  # fill its backlog: further connections get no answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())
        resolve(monkeypatch, {"dual.test": ["127.0.0.3", "127.0.0.1"]})
        begin = monotonic()
        assert fetch(f"http://dual.test:{port}/image") == IMAGE
        assert monotonic() - begin > 0.2


@pytest.fixture
def secure_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the web server with TLS; its certificate is for localhost and 127.0.0.1."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls_context.cache_clear()
    with serving(certificate=CERTIFICATE) as url:
        yield url
    tls_context.cache_clear()


def test_https_checks_the_certificate_for_the_name(
    secure_web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"localhost": ["127.0.0.1"], "other.test": ["127.0.0.1"]})
    for host in ("127.0.0.1", "localhost"):
        assert fetch(f"{secure_web.replace('127.0.0.1', host)}/once") == IMAGE
    hint = hint_of(f"{secure_web.replace('127.0.0.1', 'other.test')}/image")
    assert "certificate" in hint


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_server() -> Iterator[tuple[str, list[str]]]:
    """Run an HTTP proxy: it returns an image for every URL, and tunnels to 127.0.0.1 only."""
    targets: list[str] = []

    class Proxy(Web):
        def do_GET(self) -> None:
            targets.append(self.path)
            self.reply(200, IMAGE)

        def do_CONNECT(self) -> None:
            targets.append(f"CONNECT {self.path} {self.headers.get('Proxy-Authorization')}")
            host, _, port = self.path.partition(":")
            if host != "localhost":
                return self.reply(403, b"")
            with socket.create_connection(("127.0.0.1", int(port))) as target:
                self.send_response(200)
                self.end_headers()
                back = Thread(target=copy, args=(target, self.connection))
                back.start()
                copy(self.connection, target)
                back.join()
            return None

    with serving("127.0.0.1", Proxy) as url:
        yield url, targets


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_server() as (url, targets):
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("https_proxy", url.replace("//", "//user:word@"))
        assert fetch("http://images.test/a.jpg?b=c") == IMAGE
        assert "403" in hint_of("https://images.test/a.jpg")
    login = b64encode(b"user:word").decode()
    assert targets == ["http://images.test/a.jpg?b=c", f"CONNECT images.test:443 Basic {login}"]


def test_https_goes_through_a_tunnel_of_the_proxy(
    secure_web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionservice.fetch.LOOPBACK", ())
    url = secure_web.replace("127.0.0.1", "localhost")
    with proxy_server() as (proxy, targets):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        assert fetch(f"{url}/image") == IMAGE
    assert targets == [f"CONNECT {url.removeprefix('https://')} None"]


def test_no_proxy_is_used_for_the_hosts_of_no_proxy_and_for_this_machine(
    web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"images.test": ["127.0.0.1"], "localhost": ["127.0.0.1"]})
    with proxy_server() as (url, targets):
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("NO_PROXY", "other.test,.test")
        for host in ("images.test", "localhost", "127.0.0.1"):
            assert fetch(f"{web.replace('127.0.0.1', host)}/image") == IMAGE
    assert targets == []


def test_a_proxy_may_be_private_and_its_targets_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"public.test": ["93.184.215.14"], "inside.test": ["10.0.0.5"]}
    resolve(monkeypatch, names)
    with proxy_server() as (url, targets):
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("HTTPS_PROXY", url)
        assert fetch("http://public.test/a.jpg", is_allowed=is_public_address) == IMAGE
        for private in ("http://inside.test/", "https://inside.test/", "http://169.254.169.254/"):
            assert "private network" in hint_of(private, is_allowed=is_public_address)
    assert targets == ["http://public.test/a.jpg"]


def test_a_redirect_through_a_proxy_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"public.test": ["93.184.215.14"], "127.0.0.2": ["127.0.0.2"]}
    resolve(monkeypatch, names)
    with serving("127.0.0.1") as url:  # it receives the path as an absolute URL
        monkeypatch.setenv("HTTP_PROXY", url)
        HITS.clear()
        hint = hint_of("http://public.test/elsewhere", is_allowed=is_public_address)
    assert "127.0.0.2 is in a private network" in hint
    assert HITS == [("public.test", "http://public.test/elsewhere")]


@pytest.mark.parametrize("proxy", ["http://[::1", "gopher://proxy.test", "socks5://proxy.test"])
def test_an_unusable_proxy_is_reported(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert "proxy" in hint_of("http://images.test/a.jpg")


@pytest.mark.parametrize(
    "address",
    [
        "168.63.129.16",
        "192.0.0.192",
        "100.100.100.200",
        "fd00:ec2::254",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "2002:a83f:8110::",
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
def test_private_addresses_are_not_public_even_if_embedded(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public_address(address)
