"""Settings of the service: a frozen dataclass, checked at construction."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import Any

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})  # always accepted in the Host header
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
"""Hosts that listen on every address, each with a loopback address for the URL."""
CAPTIONER = "chat-completions"  # the engine of the settings captioner and captioner_model
UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_COUNT = r"(0*[1-9]\d{0,5})"
_RATE = re.compile(rf"{_COUNT}/(?:{_COUNT} ?)?(second|minute|hour)s?", re.ASCII)


def parse_rate(text: str) -> tuple[int, float] | None:
    """Return the requests and the seconds of "20/minute" or "20/3 seconds", or None."""
    parts = _RATE.fullmatch(text.strip().lower())
    return (int(parts[1]), int(parts[2] or 1) * UNIT_SECONDS[parts[3]]) if parts else None


def expand(path: str | os.PathLike[str]) -> Path:
    """Return a path with a `~` at its start expanded, or raise ValueError for an unknown user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError(f"Invalid path {str(path)!r}: use a path without ~.") from None


_CHECKS: tuple[tuple[str, type, Callable[[Any], object], str], ...] = (
    ("gallery images", Path, lambda _: True, "the path of a folder"),
    ("images", Path, os.path.isdir, "a folder that exists"),
    ("built_in_gallery fail_operations warm", bool, lambda _: True, "True or False"),
    ("engines engine_options", Mapping, lambda _: True, "a dictionary"),
    ("host", str, lambda _: True, "for example '127.0.0.1'"),
    ("captioner captioner_model", str, lambda _: True, "a string"),
    ("key", str, re.compile("[!-~]+").fullmatch, "ASCII letters, digits and signs without spaces"),
    ("rate", str, parse_rate, "for example 20/minute or 20/3 seconds"),
    ("port", Integral, range(65536).__contains__, "0 to 65535, where 0 is any free port"),
    ("idle", Real, lambda s: 0 < s < inf, "a number of seconds above 0"),
    ("latency operation_delay", Real, lambda s: 0 <= s <= 86_400, "0 to 86400 seconds"),
    ("allow_hosts", tuple, lambda names: all(isinstance(n, str) for n in names), "a list of names"),
    ("cache_size", Integral, range(100_001).__contains__, "0 to 100000 images"),
)
"""The type and the valid values of settings, and what to use."""


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Settings of a service; the folders can be strings, and all values are checked.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.
        key: The key of all requests: ASCII letters, digits and signs; None for a new random key.
        gallery: A folder of known people and landmarks; None for an empty one, deleted at the stop.
        built_in_gallery: Whether to recognize the people and landmarks of the service's samples.
        idle: The seconds without a request with the key until the service stops; None for never.
        allow_hosts: Host names that requests may use besides `host` and those of this machine.
        rate: The accepted requests with polls, such as "20/minute"; others get 429 and Retry-After.
        latency: The seconds by which every API response is delayed.
        operation_delay: The minimum seconds that an operation (Recognize Text, Read) takes.
        fail_operations: Whether every operation fails at its end.
        images: A folder; a URL whose path ends in the name of a file in it means that file.
        cache_size: The number of images whose results are cached; see `AnalysisCache` for names.
        engines: The engine of a kind, such as "captions": an object or "module:Class".
        engine_options: The arguments of engines, such as {"captions.model": "model.onnx"}.
        captioner: The URL of an OpenAI-compatible API, whose model writes the captions.
        captioner_model: The name of that model.
        warm: Whether to start with all models loaded, in place of loading them in the background.

    Raise TypeError for a value of a wrong type, and ValueError for an invalid one.
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
    engine_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    captioner: str | None = field(default=None, repr=False)  # an invalid one may have a password
    captioner_model: str | None = None
    warm: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.allow_hosts, Iterable) and not isinstance(self.allow_hosts, str):
            object.__setattr__(self, "allow_hosts", tuple(self.allow_hosts))
        for name in ("gallery", "images"):
            if isinstance(path := getattr(self, name), str | os.PathLike):
                object.__setattr__(self, name, expand(path))
        checks = ((name, check) for check in _CHECKS for name in check[0].split())
        for name, (_, kind, is_valid, use) in checks:
            value = getattr(self, name)
            if value is None and getattr(ServiceSettings, name, 0) is None:
                continue
            shown = str(value) if isinstance(value, Path) else value
            wrong = name if name == "key" else f"{name} {shown!r}"
            if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
                raise TypeError(f"Invalid {wrong}: use {use}.")
            if not is_valid(value):
                raise ValueError(f"Invalid {wrong}: use {use}.")
        if (self.captioner, self.captioner_model) != (None, None):
            self._choose_captioner(self.captioner, self.captioner_model)

    def _choose_captioner(self, url: str | None, model: str | None) -> None:
        """Set the engine of the captions and its options."""
        if url is None or model is None or self.engines.get("captions", CAPTIONER) != CAPTIONER:
            use = "captioner and captioner_model together, without another engine for captions"
            raise ValueError(f"Invalid captioner: use {use}.")
        options = {**self.engine_options, "captions.url": url, "captions.model": model}
        object.__setattr__(self, "engines", {**self.engines, "captions": CAPTIONER})
        object.__setattr__(self, "engine_options", options)

    @property
    def hosts(self) -> frozenset[str]:
        """The Host header values that are accepted, in lower case and without ports."""
        names = {*LOOPBACK, self.host, *self.allow_hosts} - set(ALL_ADDRESSES)
        return frozenset(name.lower() for name in names)

    @property
    def public(self) -> bool:
        """Whether other machines can reach the service: directly, or through a proxy."""
        is_loopback = self.host.lower() in LOOPBACK or re.fullmatch(r"127(\.[0-9]+){3}", self.host)
        return bool(self.allow_hosts) or not is_loopback
