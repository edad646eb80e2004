"""Conditions that a client is tested under: a rate limit, slow answers, operations that fail."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from time import monotonic
from typing import Any

UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
MAX_REMEMBERED = 100_000
_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, polls counted."""

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
        return cls(requests, units * UNITS[parts[3]])


@dataclass(frozen=True, slots=True)
class FaultInjection:
    """What a service is asked to do so that its clients can be tested.

    Attributes:
        rate: How many requests it answers; those beyond are refused with 429 and Retry-After.
        latency: Seconds that every answer waits before it is begun.
        operation_delay: Seconds that an operation is said to be running at least.
        fail_operations: Whether every operation is said to have failed.
        pictures: A folder; an address whose last segment is a file in it means that file.
        remember: How many pictures it knows again, so that it need not look at them twice.
    """

    rate: Rate | None = None
    latency: float = 0.0
    operation_delay: float = 0.0
    fail_operations: bool = False
    pictures: Path | None = None
    remember: int = 64

    def __post_init__(self) -> None:
        seconds = "a number of seconds, 0 or more"
        check_number("latency", self.latency, 0, math.inf, seconds)
        check_number("operation delay", self.operation_delay, 0, math.inf, seconds)
        images = f"0 to {MAX_REMEMBERED} images"
        check_number("remember", self.remember, 0, MAX_REMEMBERED + 1, images, Integral)
        if not isinstance(self.fail_operations, bool):
            raise TypeError(f"Invalid fail_operations {self.fail_operations!r}: use True or False.")
        if self.pictures is not None and not _is_folder(self.pictures):
            name = str(self.pictures)
            raise ValueError(f"Invalid pictures {name!r}: use a folder that exists.")


def check_number(
    name: str, value: Any, low: float, end: float, use: str, kind: type[Any] = Real
) -> None:
    """Check that an argument is a number from `low` to below `end`.

    Raises:
        TypeError: The argument is not a number of this kind.
        ValueError: The number is out of range.
    """
    message = f"Invalid {name} {value!r}: use {use}."
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(message)
    if not low <= value < end:
        raise ValueError(message)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


class RateLimiter:
    """Counts requests against a rate, in a window that slides; used from one event loop."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._times: deque[float] = deque()

    def wait(self) -> int:
        """Count a request; return 0, or the whole seconds after which there is room for it."""
        if self._rate is None:
            return 0
        now = self._clock()
        while self._times and self._times[0] <= now - self._rate.seconds:
            self._times.popleft()
        if len(self._times) >= self._rate.requests:
            return math.ceil(self._times[0] + self._rate.seconds - now)
        self._times.append(now)
        return 0
