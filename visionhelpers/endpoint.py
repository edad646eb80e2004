"""Endpoints: where a service is and which version of the API it speaks, in any spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from .dialects import DIALECTS, Dialect
from .errors import ConfigurationError

RETIRED = ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1")
AZURE = re.compile(
    r"(^|\.)(cognitiveservices\.azure\.(com|us|cn)|services\.ai\.azure\.(com|us|cn)"
    r"|api\.cognitive\.(microsoft\.(com|us)|azure\.(us|cn)))\.?$"
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service's address up to and including the slash before `vision/`, and the API version."""

    root: str
    version: str

    @property
    def base_url(self) -> str:
        """The address that operations are appended to, as in `…/vision/v1.0/`."""
        return f"{self.root}vision/{self.version}/"

    @property
    def dialect(self) -> Dialect:
        """What this version is asked, and how its answers are understood."""
        return DIALECTS[self.version]

    @property
    def is_loopback(self) -> bool:
        """Whether the service is on this machine."""
        return _is_loopback(urlsplit(self.root).hostname or "")

    def is_at(self, url: str) -> bool:
        """Tell whether an address has this endpoint's scheme, host and port."""
        try:
            return _origin(urlsplit(url)) == _origin(urlsplit(self.root))
        except ValueError:
            return False


def parse_endpoint(text: str, version: str | None = None) -> Endpoint:
    """Understand an endpoint with or without a scheme, a slash at its end, or `/vision/v1.0`.

    The version is the endpoint's own, else the given one, else v1.0 for a service on this
    machine and v3.2 for any other.

    Raises:
        ConfigurationError: It is no http(s) address, or means a version not spoken here or there.
    """
    parts = _split(text)
    host = parts.hostname or ""
    prefix, own = _path(parts.path, text)
    local = _is_loopback(host)
    version = _normal(own or version or ("v1.0" if local else "v3.2"))
    if AZURE.search(host) and version in RETIRED:
        raise ConfigurationError(
            f"{text!r} means API {version}, which Azure switched off in September 2026: "
            f"name v3.2 in its place, as in https://{host}/vision/v3.2"
        )
    if version not in DIALECTS:
        raise ConfigurationError(
            f"{text!r} means API {version}, and this client speaks {' and '.join(DIALECTS)}: "
            "name one of them in the endpoint, as in http://host:port/vision/v1.0, "
            "or in VISION_API_VERSION"
        )
    return Endpoint(f"{parts.scheme}://{parts.netloc}/{prefix}", version)


def parse_key(text: str) -> str:
    """Return a key without the white space around it.

    Raises:
        ConfigurationError: No header can carry it.
    """
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise ConfigurationError(
            "The key is empty, or has characters in it that no key has: copy it again"
        )
    return key


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip() if "://" in text else f"//{text.strip()}")
        host, _ = parts.hostname, parts.port  # reading a port that is none raises
    except ValueError:
        host = None
    if not host or " " in host or parts.scheme not in ("", *_PORTS):
        raise ConfigurationError(f"{text!r} is no endpoint: write it as http://host:port")
    if parts.username or parts.query or parts.fragment:  # not quoted: it may hold a key
        raise ConfigurationError("An endpoint ends at its path: leave out user names, ? and #")
    return parts._replace(scheme=parts.scheme or ("http" if _is_loopback(host) else "https"))


def _path(path: str, text: str) -> tuple[str, str | None]:
    segments = [segment for segment in path.split("/") if segment]
    lower = [segment.lower() for segment in segments]
    if "vision" not in lower:
        return "".join(f"{segment}/" for segment in segments), None
    at = lower.index("vision")
    if len(segments) > at + 2:
        raise ConfigurationError(
            f"{text!r} goes on after the version: end it with /{segments[at + 1]}/"
        )
    own = segments[at + 1] if len(segments) == at + 2 else None
    return "".join(f"{segment}/" for segment in segments[:at]), own


def _normal(version: str) -> str:
    version = version.strip().lower()
    return version if version.startswith("v") else f"v{version}"


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or _PORTS.get(scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
