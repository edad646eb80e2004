"""The wait for an operation that takes its time: when to ask after it, and when to give up."""

from __future__ import annotations

import time

_FIRST, _SLOWER, _SLOWEST = 0.03, 1.1, 1.0


class Wait:
    """So many seconds, parted by pauses: short ones at first where polls cost nothing.

    Args:
        seconds: How long to wait at most.
        quick: Whether to begin with short pauses; each poll counts against a rate limit.
        retries: How many failures on end may lengthen the wait.
    """

    def __init__(self, seconds: float, *, quick: bool, retries: int) -> None:
        self.left = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = _FIRST if quick else _SLOWEST
        self._retries, self._failures = retries, 0

    def pause(self, asked: float) -> bool:
        """Pause, as long as was asked for at least; False where no time is left."""
        self.left = self._deadline - time.monotonic()
        if self.left <= 0:
            return False
        time.sleep(min(max(self._pause, asked), self.left))
        self._pause = min(self._pause * _SLOWER, _SLOWEST)
        return True

    def succeed(self) -> None:
        """Note that a poll was answered."""
        self._failures = 0

    def fail(self, asked: float = 0.0) -> bool:
        """Note that a poll failed; the pause asked for then does not count. False after too many.

        The time of a rate limit is not the operation's, unless it comes again and again.
        """
        self._failures += 1
        self._pause = _SLOWEST
        enduring = self._failures <= self._retries
        self._deadline += asked if enduring else 0.0
        return enduring
