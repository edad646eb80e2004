"""Parse endpoints and keys, and describe the differences between the API versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from math import sqrt
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .errors import ConfigurationError
from .results import angle_to_degrees, read_to_recognize_text

RETIRED = ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1")
AZURE_KEY = re.compile(r"[0-9a-fA-F]{32}|[0-9a-zA-Z]{84}")
AZURE = re.compile(
    r"(^|\.)(cognitiveservices\.azure\.(com|us|cn)|services\.ai\.azure\.(com|us|cn)"
    r"|api\.cognitive\.(microsoft\.(com|us)|azure\.(us|cn)))\.?$"
)
_PORTS = {"http": 80, "https": 443}
_PATHS = {
    "celebrities": "models/celebrities/analyze",
    "landmarks": "models/landmarks/analyze",
    "thumbnail": "generateThumbnail",
}


class ImageLimits(NamedTuple):
    """What an operation takes: formats by Pillow's names, and sizes.

    `max_side` is in pixels, `max_pixels` is width times height. `documents` is True if the
    operation takes PDF and TIFF of several pages.
    """

    formats: frozenset[str] = frozenset({"JPEG", "PNG", "GIF", "BMP"})
    max_bytes: int = 4 * 1024 * 1024 - 1
    max_side: int = 15_999
    max_pixels: int = 32_000_000
    documents: bool = False

    def reduction(self, size: tuple[int, int]) -> float:
        """Return the factor that makes an image of this size fit, at most 1."""
        width, height = size
        area = sqrt(self.max_pixels / max(1, width * height))
        return min(1.0, self.max_side / max(1, *size), area)


class ApiVersion(NamedTuple):
    """One version of the API: how it reads text, and the limits that differ between operations.

    `read_params` is a function of `handwriting`. `convert_read` and `convert_ocr` convert results
    to the shapes of v1.0.
    """

    read_path: str
    read_params: Callable[[bool], dict[str, str]]
    convert_read: Callable[[dict[str, Any]], dict[str, Any]]
    convert_ocr: Callable[[dict[str, Any]], dict[str, Any]]
    image_limits: Mapping[str, ImageLimits]

    def path(self, operation: str) -> str:
        """Return the path of the operation of a method, such as "ocr"."""
        return self.read_path if operation == "recognize_text" else _PATHS.get(operation, operation)

    def limits(self, operation: str) -> ImageLimits:
        """Return what a method of the client, such as "ocr", takes."""
        return self.image_limits.get(operation, ImageLimits())


API_VERSIONS = {
    "v1.0": ApiVersion(
        "recognizeText",
        lambda handwriting: {"handwriting": str(handwriting).lower()},
        dict,
        dict,
        {
            "ocr": ImageLimits(max_side=3200, max_pixels=10_000_000),
            "recognize_text": ImageLimits(frozenset({"JPEG", "PNG", "BMP"}), max_side=3200),
        },
    ),
    "v3.2": ApiVersion(
        "read/analyze",
        lambda _: {"readingOrder": "natural"},  # Read needs no handwriting parameter
        read_to_recognize_text,
        angle_to_degrees,
        {
            "ocr": ImageLimits(max_side=4199, max_pixels=10_000_000),
            "recognize_text": ImageLimits(
                frozenset({"JPEG", "PNG", "BMP", "TIFF"}),
                max_bytes=50 * 1024 * 1024,
                max_side=10_000,
                documents=True,
            ),
        },
    ),
}
"""The versions that the client supports."""


class Endpoint(NamedTuple):
    """A service: its URL up to and including the slash before `vision/`, and the API version."""

    root: str
    version: str

    @property
    def base_url(self) -> str:
        """URL that operations are appended to, such as `…/vision/v1.0/`."""
        return f"{self.root}vision/{self.version}/"

    @property
    def api(self) -> ApiVersion:
        """The API version's parameters, limits and conversions."""
        return API_VERSIONS[self.version]

    @property
    def host(self) -> str:
        """Host name without the port."""
        return urlsplit(self.root).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the service runs on this machine."""
        return _is_loopback(self.host)

    def same_origin(self, url: str) -> bool:
        """Return True if a URL has this endpoint's scheme, host and port."""
        try:
            return _origin(urlsplit(url)) == _origin(urlsplit(self.root))
        except ValueError:
            return False


def parse_endpoint(text: str, version: str | None = None) -> Endpoint:
    """Parse an endpoint, with or without a scheme, a final slash, or `/vision/v1.0`.

    The version in the endpoint wins over the argument. The default is v1.0 for a service on this
    machine and v3.2 for any other.

    Raises:
        ConfigurationError: It is no http(s) URL, or the API version is not supported.
    """
    parts = _split(text)
    host = parts.hostname or ""
    prefix, path_version = _split_path(parts.path, text)
    default = "v1.0" if _is_loopback(host) else "v3.2"
    version = f"v{(path_version or version or default).strip().lower().removeprefix('v')}"
    if AZURE.search(host) and version in RETIRED:
        raise ConfigurationError(
            f"{text!r} means API {version}, which Azure switched off in September 2026: "
            f"use v3.2, as in https://{host}/vision/v3.2"
        )
    if version not in API_VERSIONS:
        raise ConfigurationError(
            f"{text!r} means API {version}, and the client supports {' and '.join(API_VERSIONS)}: "
            "set one of them in the endpoint, as in http://host:port/vision/v1.0, "
            "or in VISION_API_VERSION"
        )
    return Endpoint(f"{parts.scheme}://{parts.netloc}/{prefix}", version)


class Secret(str):
    """A key or token whose repr hides it, also in tracebacks with local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


def parse_key(text: str) -> Secret:
    """Return a key without surrounding white space; raise ConfigurationError if it is invalid."""
    key = Secret(text.strip())
    if not key or not key.isascii() or not key.isprintable():
        raise ConfigurationError("The key is empty or has invalid characters: copy it again")
    return key


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip() if "://" in text else f"//{text.strip()}")
        host, _ = parts.hostname or "", parts.port  # .port raises ValueError if it is no number
    except ValueError:
        host = ""
    if AZURE_KEY.fullmatch(text.strip()):
        raise ConfigurationError("The endpoint looks like a key: pass the endpoint first")
    if set("@?#") & set(text):  # not quoted: it may contain a key
        raise ConfigurationError("Invalid endpoint: remove user names, ? and #")
    if not host or " " in host or parts.scheme not in ("", *_PORTS):
        raise ConfigurationError(f"Invalid endpoint {text!r}: use for example http://host:port")
    return parts._replace(scheme=parts.scheme or ("http" if _is_loopback(host) else "https"))


def _split_path(path: str, text: str) -> tuple[str, str | None]:
    """Return the path before `vision/`, and the version after it."""
    segments = [segment for segment in path.split("/") if segment]
    lower = [segment.lower() for segment in segments]
    at = lower.index("vision") if "vision" in lower else len(segments)
    if len(segments) > at + 2:
        end = f"/{segments[at + 1]}/"
        raise ConfigurationError(f"Invalid endpoint {text!r}: end it after the version, {end}")
    version = segments[at + 1] if len(segments) == at + 2 else None
    return "".join(f"{segment}/" for segment in segments[:at]), version


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or _PORTS.get(scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
