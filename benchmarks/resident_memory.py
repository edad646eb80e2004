"""The resident memory of a process, sampled by a thread."""

from __future__ import annotations

from contextlib import suppress
from statistics import median
from threading import Event, Thread
from time import monotonic

import psutil

SECONDS = 0.05


class ResidentMemory:
    """Samples of the resident memory of a process in bytes, until it ends or the block is left.

    The memory of the files that the process has mapped is included.
    """

    def __init__(self, pid: int, seconds: float = SECONDS) -> None:
        self.samples: list[tuple[float, int]] = []
        self._process, self._seconds, self._left = psutil.Process(pid), seconds, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ResidentMemory:
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    @property
    def peak(self) -> int:
        """The highest sample in bytes."""
        return max(rss for _, rss in self.samples)

    def around(self, moment: float, width: float) -> float:
        """Return the median of the samples around a moment of the monotonic clock, in bytes."""
        return median(rss for when, rss in self.samples if abs(when - moment) <= width / 2)

    def _watch(self) -> None:
        with suppress(psutil.Error):
            while not self._left.wait(self._seconds):
                self._sample()

    def _sample(self) -> None:
        self.samples.append((monotonic(), self._process.memory_info().rss))
