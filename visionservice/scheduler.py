"""Scheduler: a bounded queue in which clients take turns, and the worker threads."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from .engines.runtime import cpu_count
from .errors import shutting_down, too_many_requests

Step = Callable[[], Any]

MAX_WAITING_PIXELS = 256_000_000
MIN_WEIGHT = 1_000_000
"""The weight of the smallest image, in pixels: a request costs more than its pixels."""
MIN_WORKERS = 2
"""Worker threads on one processor: one slow image does not delay all others."""
MAX_RETRY_SECONDS = 60
DRAIN_SECONDS = 30.0
"""The time that running jobs have to finish when the service stops."""


class Job(asyncio.Future[Any]):
    """Work of one client: one step for an image, one for each page of a document.

    Attributes:
        begun: Whether the first step has begun.
    """

    def __init__(self, client: Hashable, weight: int, *steps: Step, key: Hashable = None) -> None:
        super().__init__()
        self.client, self.weight, self.steps = client, max(weight, MIN_WEIGHT), deque(steps)
        self.key, self.begun = key, False


class Scheduler:
    """Runs jobs in worker threads. Its methods are called on one event loop.

    Args:
        workers: The number of worker threads; None for one per processor, at least 2.
        max_waiting_pixels: The weight that may wait. A client may use as much of it as it leaves
            free: one client alone fills half, and another client still finds room.
    """

    def __init__(
        self, workers: int | None = None, max_waiting_pixels: int = MAX_WAITING_PIXELS
    ) -> None:
        self._workers = workers or max(MIN_WORKERS, cpu_count())
        self._threads = ThreadPoolExecutor(self._workers, "vision-worker")
        self._limit = max_waiting_pixels
        self._jobs: OrderedDict[Job, None] = OrderedDict()
        self._running: dict[Future[Any], tuple[Job, float]] = {}
        self._starts = 0
        self._last_start: dict[Hashable, int] = {}
        self._seconds_per_pixel = 0.5 / MIN_WEIGHT
        self._accepting = True

    @property
    def waiting(self) -> int:
        """The weight of the jobs whose last step has not begun."""
        return sum(job.weight for job in self._jobs if job.steps)

    @property
    def working(self) -> bool:
        """Whether a worker thread is busy; after a shutdown its step may be one that hangs."""
        return any(not step.done() for step in list(self._running))

    def check_room(self, client: Hashable, weight: int = MIN_WEIGHT) -> None:
        """Check that the queue accepts a job of this weight.

        Raises:
            ApiError: The queue is full (429), or the service is stopping (503).
        """
        if not self._accepting:
            raise shutting_down()
        own = sum(job.weight for job in self._jobs if job.steps and job.client == client)
        excess = own + self.waiting + max(weight, MIN_WEIGHT) - self._limit
        if excess > 0 and self.waiting:  # an empty queue accepts a job of any weight
            seconds = math.ceil(excess * self._seconds_per_pixel / self._workers)
            seconds = min(max(seconds, 1), MAX_RETRY_SECONDS)
            raise too_many_requests(seconds, "Too many images are waiting")

    def submit(self, client: Hashable, weight: int, *steps: Step, key: Hashable = None) -> Job:
        """Queue a job, a future with the result of its last step.

        Args:
            client: Clients take turns, however many jobs one of them has queued.
            weight: The pixels that the job counts for until its last step begins.
            steps: The functions to call, one after another; other jobs run in between.
            key: Jobs with the same key never run at the same time; None for no key.

        Raises:
            ApiError: The queue is full (429), or the service is stopping (503).
        """
        self.check_room(client, weight)
        job = Job(client, weight, *steps, key=key)
        job.add_done_callback(self._remove)
        self._jobs[job] = None
        self._last_start.setdefault(client, self._starts)
        self._start_jobs()
        return job

    def _remove(self, job: Any) -> None:
        """Remove a job that is done or canceled."""
        self._jobs.pop(job, None)
        job.steps.clear()
        if not any(other.client == job.client for other in self._jobs):
            self._last_start.pop(job.client, None)

    def _start_jobs(self) -> None:
        loop = asyncio.get_running_loop()
        while len(self._running) < self._workers and (job := self._next_job()):
            job.begun = True
            self._starts += 1
            self._last_start[job.client] = self._starts
            step = self._threads.submit(job.steps.popleft())
            self._running[step] = job, monotonic()
            step.add_done_callback(partial(self._notify, loop))

    def _next_job(self) -> Job | None:
        """Return the first job, of those that may start, of the client that waits longest."""
        running = {job for job, _ in self._running.values()}
        keys = {job.key for job in running} - {None}
        ready = (j for j in self._jobs if not (j.done() or j in running or j.key in keys))
        return min(ready, key=lambda job: self._last_start[job.client], default=None)

    def _notify(self, loop: asyncio.AbstractEventLoop, step: Future[Any]) -> None:
        """Continue on the event loop; called by the worker thread."""
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._finish_step, step)

    def _finish_step(self, step: Future[Any]) -> None:
        job, started = self._running.pop(step)
        rate = (monotonic() - started) / job.weight
        self._seconds_per_pixel += (rate - self._seconds_per_pixel) / 10
        error = step.exception()
        if job.done():
            pass
        elif error is None and job.steps:
            self._jobs.move_to_end(job)
        elif error is None:
            job.set_result(step.result())
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            job.set_exception(error)
        else:  # an exit would end the event loop
            job.set_exception(RuntimeError(f"The job raised {error!r}"))
        self._start_jobs()

    def stop_accepting(self) -> None:
        """Reject new jobs, and those that have not begun, with 503."""
        self._accepting = False
        self._reject(job for job in self._jobs if not job.begun)

    async def drain(self) -> None:
        """Stop accepting jobs, and wait until those that have begun are done."""
        self.stop_accepting()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=DRAIN_SECONDS)

    def shutdown(self) -> None:
        """Reject all jobs. A running step ends later, and its result is dropped."""
        self._accepting = False
        self._reject(self._jobs)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _reject(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if not job.done():
                job.set_exception(shutting_down())
