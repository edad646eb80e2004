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
    """Settings of a service; folders can be strings, and all values are checked.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.
        key: The key that requests must carry, of ASCII letters, digits and signs; None for a new
            random key.
        gallery: A folder of known people and places; None for a temporary gallery, which is empty
            and deleted when the service stops.
        built_in_gallery: Whether the people and places that come with the service are known.
        idle: The seconds without an authorized request after which the service stops; None for
            never.
        allow_hosts: Host names that requests may use, besides those of this machine and `host`.
            With any of them, the service does not download from private addresses.
        rate: The requests that are accepted, such as "20/minute", polls included; further requests
            get 429 and Retry-After. None for no limit.
        latency: The seconds by which every response is delayed.
        operation_delay: The minimum seconds for which an operation (Recognize Text, Read) reports
            that it is running.
        fail_operations: Whether every operation reports failure at its end.
        images: A folder; a URL whose last segment is the name of a file in it means that file,
            and nothing is downloaded. Names are compared after percent-decoding and without the
            query.
        cache_size: The number of images whose results are cached by their bytes; 0 to analyze
            every image again, as for benchmarks. Names are never cached.
        engines: The engine for a kind, such as "captions": an object, an entry point's name or
            "module:Class"; the built-in engine for other kinds.
        engine_options: Arguments of engines, such as {"captions.model": "model.onnx"}.

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
        if self.key is not None:
            _check_key(self.key)
        if self.rate is not None:
            Rate.parse(self.rate)
        self._check_numbers()

    def _check_numbers(self) -> None:
        ports = "0 to 65535, where 0 is any free port"
        _check_number("port", self.port, 0, 65536, ports, Integral)
        if self.idle is not None:
            use = "a number of seconds above 0"
            _check_number("idle", self.idle, math.ulp(0.0), math.inf, use)
        use = "a number of seconds, 0 or more"
        _check_number("latency", self.latency, 0, math.inf, use)
        _check_number("operation_delay", self.operation_delay, 0, math.inf, use)
        use = f"0 to {MAX_CACHE_SIZE} images"
        _check_number("cache_size", self.cache_size, 0, MAX_CACHE_SIZE + 1, use, Integral)

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


def _check_number(
    name: str, value: Any, low: float, end: float, use: str, kind: type[Any] = Real
) -> None:
    """Check that a value is a number from `low` to below `end`."""
    message = f"Invalid {name} {value!r}: use {use}."
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(message)
    if not low <= value < end:
        raise ValueError(message)


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        kind = ValueError if isinstance(key, str) else TypeError
        raise kind("Invalid key: use ASCII letters, digits and signs without spaces.")


def _folder(name: str, path: Any) -> Path | None:
    if path is None or isinstance(path, str | os.PathLike):
        return None if path is None else Path(path).expanduser()
    raise TypeError(f"Invalid {name} {path!r}: use the path of a folder.")
