"""The work on pictures: a few threads, and a queue bounded by the pixels that wait in it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from .errors import too_many_requests

T = TypeVar("T")

WAITING_PIXELS = 256_000_000
LIGHTEST = 1_000_000
"""What the smallest picture counts for, in pixels: a request costs more than its pixels."""
LARGEST_MEMORY = 640_000_000
"""The bytes of memory from which on what the models left behind is given back to the system. They
need 480 MB together; giving back more often costs the next picture 25 ms."""


class Pool:
    """Threads that look at pictures, as many as there are processors."""

    def __init__(self, workers: int | None = None, waiting_pixels: int = WAITING_PIXELS) -> None:
        self._threads = ThreadPoolExecutor(workers or os.cpu_count() or 1, "pictures")
        self._limit = waiting_pixels
        self._waiting = 0
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """The pixels of the pictures that no thread has begun with."""
        return self._waiting

    def submit(self, pixels: int, work: Callable[[], T]) -> Future[T]:
        """Queue work on a picture of this many pixels.

        Raises:
            ApiError: So many pixels are waiting that this picture finds no room (429).
        """
        weight = max(pixels, LIGHTEST)
        with self._lock:
            if self._waiting and self._waiting + weight > self._limit:
                raise too_many_requests(1, "Too many pictures are waiting")
            self._waiting += weight

        def begin() -> T:
            self._leave(weight)
            try:
                return work()
            finally:
                self._tidy()

        future = self._threads.submit(begin)
        future.add_done_callback(lambda done: self._leave(weight) if done.cancelled() else None)
        return future

    def _leave(self, weight: int) -> None:
        with self._lock:
            self._waiting -= weight

    def _tidy(self) -> None:
        """Give memory back when it is much, as work of its own so that no answer waits for it."""
        if _resident() > LARGEST_MEMORY:
            with suppress(RuntimeError):  # closed meanwhile
                self._threads.submit(_give_memory_back)

    def close(self) -> None:
        """Drop what is waiting; what has begun ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resident() -> int:
    """Return the bytes of memory that this process holds; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _give_memory_back() -> None:
    """Ask glibc to return what is free; other C libraries do so by themselves."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
