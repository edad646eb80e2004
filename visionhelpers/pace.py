"""When the next request may be sent: a rate to keep under, and the pauses a service asks for."""

from __future__ import annotations

import re
import time
from collections import deque
from threading import Lock

from .errors import VisionError

_RATE = re.compile(r"(\d{1,6})/(?:(\d{1,6}) ?)?(second|minute|hour)s?", re.ASCII)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


class Pace:
    """The pace of all threads that share a client; polls count like any request.

    Args:
        rate: As in "20/minute" or "20/3 seconds"; None for no limit.

    Raises:
        VisionError: It is no rate.
    """

    def __init__(self, rate: str | None = None) -> None:
        self.rate = rate
        self._seconds, requests = _parsed(rate) if rate is not None else (0.0, 0)
        self._begun: deque[float] = deque(maxlen=requests)
        self._held = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Return when a request may be sent."""
        turn = self._turn()
        while (pause := max(turn, self._held) - time.monotonic()) > 0:
            time.sleep(pause)

    def hold(self, seconds: float) -> None:
        """Let nobody send for so long: the service has refused a request."""
        with self._lock:
            self._held = max(self._held, time.monotonic() + seconds)

    def _turn(self) -> float:
        """Take the next free moment of the rate: within any period, so many requests begin."""
        with self._lock:
            moment = max(time.monotonic(), self._held)
            if self._begun.maxlen:
                if len(self._begun) == self._begun.maxlen:
                    moment = max(moment, self._begun[0] + self._seconds)
                self._begun.append(moment)
            return moment


def _parsed(rate: str) -> tuple[float, int]:
    parts = _RATE.fullmatch(rate.strip().lower())
    requests, units = (int(parts[1]), int(parts[2] or 1)) if parts else (0, 0)
    if parts is None or not requests or not units:
        raise VisionError(f"A rate is written as 20/minute or 20/3 seconds, unlike {rate!r:.80}")
    return units * _SECONDS[parts[3]], requests
