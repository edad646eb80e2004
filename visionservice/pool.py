"""The work on pictures: a few threads, and a bounded queue in which clients take turns."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, ClassVar, TypeVar
from weakref import ref

from joblib import cpu_count

from .errors import shutting_down, too_many_requests
from .turns import Job, Steps, Turns

T = TypeVar("T")

WAITING_PIXELS = 256_000_000
LIGHTEST = 1_000_000
"""What the smallest picture counts for, in pixels: a request costs more than its pixels."""
LARGEST_MEMORY = 640_000_000
"""The bytes of memory from which on what the models left behind is given back to the system. They
need 480 MB together; giving back more often costs the next picture 25 ms."""
GROWTH = 1.1
"""What memory grows to, once it was given back, before it is given back again: in the process of
somebody's tests, all else may need more than LARGEST_MEMORY."""
LONGEST_WAIT = 60
"""The most seconds after which a client that finds no room is told to come back."""


FEWEST = 2
"""Threads at least: the others are not to wait for one picture that takes long."""


class Pool:
    """Threads that look at pictures, as many as the process may use processors."""

    _least: ClassVar[int] = 0
    """The bytes of memory once some was given back: the process has one, whatever its pools."""

    def __init__(self, workers: int | None = None, waiting_pixels: int = WAITING_PIXELS) -> None:
        self._workers = workers or max(FEWEST, cpu_count())
        self._threads = ThreadPoolExecutor(self._workers, "pictures")
        self._turns = Turns(waiting_pixels)
        self._lock = Lock()
        self._running = 0
        self._pixel_seconds = 0.5 / LIGHTEST
        self._closed = False

    @property
    def waiting(self) -> int:
        """The pixels of the pictures that no thread has begun with, or that have more pages."""
        return self._turns.weight

    @property
    def running(self) -> int:
        """How many pictures have been begun with and are not done."""
        return self._running

    def submit(self, client: Hashable, pixels: int, work: Callable[[], T | Steps[T]]) -> Future[T]:
        """Queue work on a picture of this many pixels.

        Args:
            client: Whose it is: each of them has its turn, however much another has queued.
            pixels: What it counts for while it waits.
            work: What to do; a generator function makes way for others where it yields.

        Raises:
            ApiError: So much is waiting that there is no room for this (429), or the pool is
                closed (503).
        """
        job = Job(client, max(pixels, LIGHTEST), work)
        with self._lock:
            if self._closed:
                raise shutting_down()
            if (lacking := self._turns.lacking(job)) > 0:
                raise too_many_requests(self._seconds(lacking), "Too many pictures are waiting")
            self._turns.count(job)
            self._queued(job)
        # Not the job itself: a failure that its own future kept alive would keep the picture.
        job.future.add_done_callback(partial(self._drop, ref(job)))
        return job.future

    def _seconds(self, pixels: int) -> int:
        """Return the seconds after which so much less waits, at the pace of late."""
        seconds = math.ceil(pixels * self._pixel_seconds / self._workers)
        return min(max(seconds, 1), LONGEST_WAIT)

    def _turn(self) -> None:
        """Do a step of the work whose turn it is."""
        with self._lock:
            job = self._turns.next()
            if job is None:
                return
            fresh = not job.future.running()
            if not job.begin():
                return
            self._running += fresh
            if not job.has_steps:
                self._turns.discount(job)
        begun = monotonic()
        settle = job.go_on()
        job.seconds += monotonic() - begun
        self._tidy()
        with self._lock:
            if settle is None and self._queued(job):
                return
            self._turns.discount(job)
            self._pixel_seconds += (job.seconds / job.weight - self._pixel_seconds) / 10
        if settle:
            settle()
        with self._lock:
            self._running -= 1

    def _queued(self, job: Job[Any]) -> bool:
        """Give a job another turn, unless the pool has been abandoned."""
        try:
            self._threads.submit(self._turn)
        except RuntimeError:
            job.future.set_exception(shutting_down())
            return False
        self._turns.add(job)
        return True

    def _drop(self, job: ref[Job[Any]], done: Future[Any]) -> None:
        """Take a cancelled job out of its line."""
        if done.cancelled() and (waiting := job()):
            with self._lock:
                self._turns.drop(waiting)

    def _tidy(self) -> None:
        """Give memory back when it is much, as work of its own so that no answer waits for it."""
        if _resident() > max(LARGEST_MEMORY, GROWTH * Pool._least):
            with suppress(RuntimeError):  # closed meanwhile
                self._threads.submit(self._give_memory_back)

    def _give_memory_back(self) -> None:
        """Ask glibc to return what is free; other C libraries do so by themselves."""
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        Pool._least = _resident()

    def close(self) -> None:
        """Drop what is waiting and take nothing more; what has begun goes on to its end."""
        with self._lock:
            self._closed = True
            waiting = self._turns.waiting()
        for job in waiting:
            job.future.cancel()

    def abandon(self) -> None:
        """Close, and end what has more pages after the page that is being read."""
        self.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            paused = list(iter(self._turns.next, None))
            for job in paused:
                self._turns.discount(job)
            self._running -= len(paused)
        for job in paused:
            job.future.set_exception(shutting_down())


def _resident() -> int:
    """Return the bytes of memory that this process holds; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
