"""A clock for tests of rates, retries, polls and idle times, in which nothing waits."""

from __future__ import annotations

from threading import Lock, local


class FakeClock:
    """A clock for any number of threads that only `sleep` and `advance` move, at once.

    A sleep counts from the time that its thread saw last, as if the work of threads took no time:
    two that sleep for a minute together end after one minute.

    Attributes:
        sleeps: The seconds of each sleep, in order.
    """

    def __init__(self) -> None:
        self._now, self._lock, self._thread = 0.0, Lock(), local()
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Return the time in seconds; it begins at 0."""
        self._thread.seen = self._now
        return self._now

    @property
    def seen(self) -> float:
        """The time that this thread saw last."""
        return float(getattr(self._thread, "seen", self._now))

    def sleep(self, seconds: float) -> None:
        """Move the time to the end of a sleep of this thread."""
        if seconds < 0:
            raise ValueError(f"Invalid sleep {seconds!r}: use a number of seconds from 0.")
        with self._lock:
            self.sleeps.append(seconds)
            self._thread.seen = self.seen + seconds
            self._now = max(self._now, self._thread.seen)

    def advance(self, seconds: float) -> None:
        """Move the time."""
        with self._lock:
            self._now += seconds
