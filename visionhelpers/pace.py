"""When the next request may be sent: a rate to keep under, and the pauses a service asks for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from threading import Condition

from .errors import VisionError

_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


class Pace:
    """The pace of all threads that share a client; polls count like any request.

    Where n requests in a period are allowed, each waits until a period after the end of the n-th
    before it: by then the service has counted that one a period ago, however late it got there.

    Args:
        rate: As in "20/minute" or "20/3 seconds"; None for no limit.

    Raises:
        VisionError: It is no rate.
    """

    def __init__(self, rate: str | None = None) -> None:
        self.rate = rate
        self._seconds, self._unused = _parsed(rate) if rate is not None else (0.0, 0)
        self._free: list[float] = []
        self._changed = Condition()
        self._held = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Begin when a request may be sent; leave when it is over."""
        moment = self._taken() if self.rate else 0.0
        try:
            while (pause := max(moment, self._held) - time.monotonic()) > 0:
                time.sleep(pause)
            yield
        finally:
            if self.rate:
                with self._changed:
                    heappush(self._free, time.monotonic() + self._seconds)
                    self._changed.notify()

    def hold(self, seconds: float) -> None:
        """Let nobody send for so long: the service has refused a request."""
        with self._changed:
            self._held = max(self._held, time.monotonic() + seconds)

    def _taken(self) -> float:
        """Take one of the period's requests; return from when on it is free."""
        with self._changed:
            if self._unused:
                self._unused -= 1
                return 0.0
            while not self._free:
                self._changed.wait()
            return heappop(self._free)


def _parsed(rate: str) -> tuple[float, int]:
    parts = _RATE.fullmatch(rate.strip().lower())
    requests, units = (int(parts[1]), int(parts[2] or 1)) if parts else (0, 0)
    if parts is None or not requests or not units:
        raise VisionError(f"A rate is written as 20/minute or 20/3 seconds, unlike {rate!r:.80}")
    return units * _SECONDS[parts[3]], requests
