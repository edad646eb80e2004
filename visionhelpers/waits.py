"""The wait for an operation that takes its time: when to ask after it, and when to give up."""

from __future__ import annotations

import time
from typing import NamedTuple


class _Pauses(NamedTuple):
    """The first pause in seconds, what each is longer than the last by, and the longest."""

    first: float
    growth: float
    longest: float


_FREE = _Pauses(0.03, 1.1, 1.0)
_COSTLY = _Pauses(1.0, 1.5, 5.0)


class Wait:
    """So many seconds, parted by pauses that grow: short ones where polls cost nothing.

    Args:
        seconds: How long to wait at most.
        quick: Whether to begin with short pauses; each poll counts against a rate limit.
        retries: How many failures on end may lengthen the wait.
    """

    def __init__(self, seconds: float, *, quick: bool, retries: int) -> None:
        self.left = seconds
        self._deadline = time.monotonic() + seconds
        self._pauses = _FREE if quick else _COSTLY
        self._pause = self._pauses.first
        self._retries, self._failures = retries, 0

    def pause(self, asked: float) -> bool:
        """Pause, as long as was asked for at least; False where no time is left."""
        self.left = self._deadline - time.monotonic()
        if self.left <= 0:
            return False
        time.sleep(min(max(self._pause, asked), self.left))
        self._pause = min(self._pause * self._pauses.growth, self._pauses.longest)
        return True

    def succeed(self) -> None:
        """Note that a poll was answered."""
        self._failures = 0

    def fail(self, asked: float = 0.0) -> bool:
        """Note that a poll failed; the pause asked for then does not count. False after too many.

        The time of a rate limit is not the operation's, unless it comes again and again.
        """
        self._failures += 1
        self._pauses, self._pause = _COSTLY, max(self._pause, _COSTLY.first)
        enduring = self._failures <= self._retries
        self._deadline += asked if enduring else 0.0
        return enduring
