"""Settings of the service: a frozen dataclass, checked at construction."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from numbers import Integral, Real
from pathlib import Path
from typing import Any

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Host header values that are always accepted."""
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
"""Hosts that listen on every address, each with a loopback address for the URL."""
UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
MAX_CACHE_SIZE = 100_000
"""Images whose results can be cached."""
_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)
_KEY = re.compile(r"[!-~]+")
_SECONDS = (0.0, math.inf, "a number of seconds, 0 or more")
_RANGES: dict[str, tuple[float, float, str]] = {
    "port": (0, 65536, "0 to 65535, where 0 is any free port"),
    "idle": (math.ulp(0.0), math.inf, "a number of seconds above 0"),
    "latency": _SECONDS,
    "operation_delay": _SECONDS,
    "cache_size": (0, MAX_CACHE_SIZE + 1, f"0 to {MAX_CACHE_SIZE} images"),
}
"""The range of each number, without its end, and what to use."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of requests, polls included, in a number of seconds."""

    requests: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Parse "20/minute", "10/second" or "20/3 seconds".

        Raises:
            TypeError: The rate is not a string.
            ValueError: The string is not a rate.
        """
        parts = _RATE.fullmatch(text.strip().lower()) if isinstance(text, str) else None
        requests, units = (int(parts[1]), int(parts[2] or 1)) if parts else (0, 0)
        if parts is None or not requests or not units:
            kind = ValueError if isinstance(text, str) else TypeError
            raise kind(f"Invalid rate {text!r}: use for example 20/minute or 20/3 seconds.")
        return cls(requests, units * UNIT_SECONDS[parts[3]])


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Settings of a service; the folders can be strings, and all values are checked.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.
        key: The key that requests must carry, of ASCII letters, digits and signs; None for a new
            random key.
        gallery: A folder of known people and landmarks; None for a temporary, empty one.
        built_in_gallery: Whether to know the people and landmarks that come with the service.
        idle: The seconds without a request with the key until the service stops; None for never.
        allow_hosts: Host names that requests may use besides `host` and those of this machine.
        rate: The accepted requests with polls, such as "20/minute"; others get 429 and Retry-After.
        latency: The seconds by which every response is delayed.
        operation_delay: The minimum seconds that an operation (Recognize Text, Read) takes.
        fail_operations: Whether every operation fails at its end.
        images: A folder; a URL whose last segment, decoded and without the query, is the name of a
            file in it means that file, and nothing is downloaded.
        cache_size: The number of images whose results are cached; names are never cached.
        engines: The engine of a kind, such as "captions": an object or "module:Class".
        engine_options: The arguments of engines, such as {"captions.model": "model.onnx"}.

    Raises:
        TypeError: A value has a wrong type.
        ValueError: A value is invalid.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str | None = field(default=None, repr=False)
    gallery: Path | None = None
    built_in_gallery: bool = True
    idle: float | None = None
    allow_hosts: tuple[str, ...] = ()
    rate: str | None = None
    latency: float = 0.0
    operation_delay: float = 0.0
    fail_operations: bool = False
    images: Path | None = None
    cache_size: int = 64
    engines: Mapping[str, object] = field(default_factory=dict)
    engine_options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.allow_hosts, str):
            raise TypeError(f"Invalid allow_hosts {self.allow_hosts!r}: use a list of names.")
        object.__setattr__(self, "allow_hosts", tuple(self.allow_hosts))
        for name in ("gallery", "images"):
            object.__setattr__(self, name, _folder(name, getattr(self, name)))
        if self.images is not None and not os.path.isdir(self.images):  # noqa: PTH112
            raise ValueError(f"Invalid images {str(self.images)!r}: use a folder that exists.")
        for name in ("built_in_gallery", "fail_operations"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"Invalid {name} {getattr(self, name)!r}: use True or False.")
        if not isinstance(self.host, str):
            raise TypeError(f"Invalid host {self.host!r}: use for example '127.0.0.1'.")
        if self.key is not None and not (isinstance(self.key, str) and _KEY.fullmatch(self.key)):
            kind = ValueError if isinstance(self.key, str) else TypeError
            raise kind("Invalid key: use ASCII letters, digits and signs without spaces.")
        if self.rate is not None:
            Rate.parse(self.rate)
        for name, (low, end, use) in _RANGES.items():
            _check_number(name, getattr(self, name), low, end, use)

    @property
    def hosts(self) -> frozenset[str]:
        """The Host header values that are accepted, in lower case and without ports."""
        names = {*LOOPBACK, self.host, *self.allow_hosts} - set(ALL_ADDRESSES)
        return frozenset(name.lower() for name in names)

    @property
    def public(self) -> bool:
        """Whether other machines can reach the service: directly, or through a proxy."""
        return bool(self.allow_hosts) or not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Return True if only this machine can reach a service that listens on this host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _check_number(name: str, value: object, low: float, end: float, use: str) -> None:
    """Check that a number is in a range, and an integer if the range begins with one."""
    if value is None and name == "idle":
        return
    kind = Integral if isinstance(low, int) else Real
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(f"Invalid {name} {value!r}: use {use}.")
    if not low <= float(value) < end:
        raise ValueError(f"Invalid {name} {value!r}: use {use}.")


def _folder(name: str, path: Any) -> Path | None:
    if path is None or isinstance(path, str | os.PathLike):
        return None if path is None else Path(path).expanduser()
    raise TypeError(f"Invalid {name} {path!r}: use the path of a folder.")
