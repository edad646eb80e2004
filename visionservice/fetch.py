"""SSRF-safe download of an image, bounded in size, time and redirects.

Every host name is resolved once per request, redirects included. All its addresses are checked, and
the connection goes to a checked address, so DNS rebinding has no effect. A proxy of the environment
may have a private address; it resolves the name again after the check.
"""

import asyncio
import re
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Callable
from functools import cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import certifi
import httpcore
import httpx

from visionhelpers.images import USER_AGENT

from .errors import invalid_image_url
from .image_source import SizeCheck
from .settings import LOOPBACK

FETCH_SECONDS = 15.0
MAX_REDIRECTS = 5
NEXT_ADDRESS_SECONDS = 0.25  # after which the next address of a host is tried as well (RFC 8305)
NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")  # in use; some others lead to IPv4 or the local network
METADATA_NETWORKS = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))
"""Addresses of cloud hosts (Azure, Oracle) that count as public."""

AddressCheck = Callable[[str], bool] | None  # True for an IP address to connect to; None: every one
not_accessible = partial(invalid_image_url, "The provided image url is not accessible.")


async def download(url: str, *, check_size: SizeCheck, is_allowed: AddressCheck = None) -> bytes:
    """Return the file of an http or https URL."""
    remedy = "send the image itself instead"
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await _follow(httpx.URL(url.strip()), check_size, is_allowed)
    except TimeoutError:
        hint = f"{_shown(url)} did not arrive within {FETCH_SECONDS:g} s; {remedy}."
    except (httpx.InvalidURL, ValueError):
        hint = f"Invalid URL {_shown(url)}: use an http or https URL."
    except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        hint = f"{_shown(url)} is not accessible ({_reason(error)}); {remedy}."
    raise not_accessible(hint)


def is_public_address(address: str) -> bool:
    """Return True if an IP address, or the one that it embeds, is on the public internet."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        nat64 = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        embedded = nat64 or ip.ipv4_mapped or ip.sixtofour
        if not embedded:
            return ip.is_global and ip in GLOBAL_UNICAST
        ip = embedded
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in METADATA_NETWORKS)


async def _follow(url: httpx.URL, check_size: SizeCheck, is_allowed: AddressCheck) -> bytes:
    """Return the body of the first response that is not a redirect."""
    for _ in range(MAX_REDIRECTS + 1):
        netloc = url.netloc.decode()
        headers = [("Host", netloc), ("User-Agent", USER_AGENT), ("Accept-Encoding", "identity")]
        async with (
            await _connections(url, is_allowed) as pool,
            pool.stream("GET", _raw(url), headers=headers) as response,
        ):
            location = httpx.Headers(response.headers).get("location")
            if response.status in (301, 302, 303, 307, 308) and location:
                url = url.join(location)
                continue
            if response.status != 200:
                host = url.raw_host.decode()
                raise not_accessible(f"The image host {host} returned HTTP {response.status}.")
            data = bytearray()
            async for chunk in response.aiter_stream():
                check_size(len(data) + len(chunk))
                data += chunk
            return bytes(data)
    raise not_accessible(f"{_shown(str(url))} redirects more than {MAX_REDIRECTS} times.")


async def _connections(url: httpx.URL, is_allowed: AddressCheck) -> httpcore.AsyncConnectionPool:
    """Return the connections for a URL: direct, or through the proxy of the environment."""
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65536:
        raise ValueError("not an http or https URL")
    address = getproxies_environment().get(url.scheme)
    if not address or url.host in LOOPBACK or proxy_bypass(url.netloc.decode()):
        backend = CheckedBackend(is_allowed)
        return httpcore.AsyncConnectionPool(ssl_context=tls_context(), network_backend=backend)
    try:
        configured = httpx.Proxy(address if "://" in address else f"http://{address}")
        tls = {"http": None, "https": tls_context()}[configured.url.scheme]
    except (httpx.InvalidURL, ValueError, KeyError):
        raise OSError(f"invalid {url.scheme}_proxy: use http://HOST:PORT") from None
    if is_allowed:
        await _resolve(url.raw_host.decode(), url.port or 80, is_allowed)
    proxy = httpcore.Proxy(_raw(configured.url), auth=configured.raw_auth, ssl_context=tls)
    return httpcore.AsyncConnectionPool(ssl_context=tls_context(), proxy=proxy)


class CheckedBackend(httpcore.AnyIOBackend):
    """Network backend that resolves a host, checks its addresses and connects to one of them."""

    def __init__(self, is_allowed: AddressCheck) -> None:
        self._is_allowed = is_allowed

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        """Return the first connection that an address accepts (happy eyeballs)."""
        addresses = await _resolve(host, port, self._is_allowed)
        connect = super().connect_tcp
        attempts = [partial(connect, address, port, *args, **options) for address in addresses]
        stream: httpcore.AsyncNetworkStream | None
        stream, _, errors = await staggered_race(attempts, NEXT_ADDRESS_SECONDS)
        if stream is None:
            raise httpcore.ConnectError(_reason(errors[0] or OSError()))  # it drops the cause
        return stream


async def _resolve(host: str, port: int, is_allowed: AddressCheck) -> list[str]:
    """Return the IP addresses of a host; all of them must be allowed."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if is_allowed and not all(is_allowed(address) for address in addresses):
        raise not_accessible(f"{host} is in a private network; send the image itself instead.")
    return addresses


@cache
def tls_context() -> ssl.SSLContext:
    """Return the certificates of the system and of certifi; loading them takes 40 ms."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _raw(url: httpx.URL) -> httpcore.URL:
    scheme, host, port, target = url.raw_scheme, url.raw_host, url.port, url.raw_path
    return httpcore.URL(scheme=scheme, host=host, port=port, target=target)


def _shown(url: str) -> str:
    """Return a URL for hints, which are logged: without its login and its query."""
    return repr(re.sub(r"(?s)(?<=//)[^/]*@|[?#].*", "", url)[:200])


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
