"""Pictures fetched by address: bounded in bytes, seconds and redirects, and in where they lead.

The address that was checked is the one connected to: the name is looked up once a hop, so a name
that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

import certifi
import h11

from visionhelpers.images import USER_AGENT

from .errors import invalid_image_size, invalid_image_url

SECONDS = 15.0
REDIRECTS = 5
_CHUNK = 1 << 16
_TRANSLATED = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""The IPv6 addresses given out so far; some of the others lead to IPv4 or to one's own site."""


@dataclass(frozen=True, slots=True)
class _Address:
    """What of an http or https address is needed to ask for it."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def name(self) -> str:
        """The host as the Host header spells it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


async def download(
    url: str, *, most: int, allowed: Callable[[str], bool], seconds: float = SECONDS
) -> bytes:
    """Fetch a file, over five redirects at most.

    Args:
        url: An http or https address.
        most: The number of bytes past which the file is refused.
        allowed: Tells of a numeric address whether it may be asked; it is asked at every hop.
        seconds: The time after which it is given up, whatever has arrived.

    Raises:
        ApiError: The address is malformed, forbidden, unreachable or too slow, or leads to no file
            or to too large a one.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _follow(url, most, allowed)
    except TimeoutError:
        raise invalid_image_url(f"{url[:200]!r} did not arrive within {seconds:g} s.") from None
    except (OSError, h11.ProtocolError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        message = f"{url[:200]!r} is not accessible ({reason}); send the image itself instead."
        raise invalid_image_url(message) from None
    except ValueError:  # from urljoin, and from the codec that names are looked up with
        raise invalid_image_url(f"{url[:200]!r} is no valid address, or leads to none.") from None


async def _follow(url: str, most: int, allowed: Callable[[str], bool]) -> bytes:
    here = url
    for _ in range(REDIRECTS + 1):
        address = _parse(here)
        answer = await _get(address, await _look_up(address, allowed), most)
        if isinstance(answer, bytes):
            return answer
        here = urljoin(here, answer)
    raise invalid_image_url(f"{url[:200]} redirects more than {REDIRECTS} times.")


def _parse(url: str) -> _Address:
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, (parts.hostname or "")
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise invalid_image_url(f"{url[:200]!r} is not a valid address.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise invalid_image_url(f"{url[:200]!r} is not an http or https address.")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = quote(path, safe="/%:=&?~+!$,;'@()*[]")
    return _Address(secure, host, port or (443 if secure else 80), target)


async def _look_up(address: _Address, allowed: Callable[[str], bool]) -> list[str]:
    """Return the numeric addresses of a host, all of them allowed."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(allowed(number) for number in numbers):
        message = f"{address.host} leads into a private network; send the image itself instead."
        raise invalid_image_url(message)
    return numbers


def allow_any(_: str) -> bool:
    """Allow every numeric address: for a service that only its own machine can reach."""
    return True


def is_public_address(number: str) -> bool:
    """Tell whether a numeric address is on the public internet, whatever it is wrapped in."""
    ip: IPv4Address | IPv6Address = ip_address(number.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        else:
            ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in _UNICAST)


async def _get(address: _Address, numbers: list[str], most: int) -> bytes | str:
    """Ask the first of these hosts that can be reached; return the file, or where it went."""
    reader, writer = await _connect(address, numbers)
    try:
        return await _ask(address, reader, writer, most)
    finally:
        writer.close()


async def _connect(
    address: _Address, numbers: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = _tls() if address.secure else None
    name = address.host if address.secure else None
    refusal: OSError = OSError(f"{address.host} has no address")
    for number in numbers:
        try:
            return await asyncio.open_connection(
                number, address.port, ssl=context, server_hostname=name
            )
        except OSError as error:
            refusal = error
    raise refusal


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def _ask(
    address: _Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int
) -> bytes | str:
    connection = h11.Connection(h11.CLIENT)
    headers = [
        ("Host", address.name),
        ("User-Agent", USER_AGENT),
        ("Accept", "image/*,*/*;q=0.5"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]
    request = h11.Request(method="GET", target=address.target, headers=headers)
    writer.write((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    data = bytearray()
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            if moved := _moved(event, address):
                return moved
        elif isinstance(event, h11.Data):
            data += event.data
            if len(data) > most:
                raise invalid_image_size(f"A picture is smaller than 4 MB; at most {most} bytes.")
    return bytes(data)


def _moved(response: h11.Response, address: _Address) -> str:
    """Return where an answer points to, empty when it is the file itself."""
    headers = {name: value.decode("latin-1") for name, value in response.headers}
    if response.status_code in (301, 302, 303, 307, 308) and b"location" in headers:
        return headers[b"location"]
    if response.status_code != 200:
        status = response.status_code
        raise invalid_image_url(f"{address.host} answered {status} in place of a picture.")
    return ""
