"""Scheduler: a bounded queue in which clients take turns, and the worker threads."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from .engines.runtime import cpu_count
from .errors import shutting_down, too_many_requests

Step = Callable[[], Any]

MIN_WEIGHT = 1_000_000  # of the smallest image, in pixels: a request costs more than its pixels
DRAIN_SECONDS = 30  # that running jobs have to finish when the service stops


class Job(asyncio.Future[Any]):
    """Work of one client: one step for an image, one for each page of a document.

    `weight` pixels count as waiting until the last step begins. Other jobs run between two steps.
    Jobs with the same `key` never run at the same time.
    """

    def __init__(self, client: Hashable, weight: int, *steps: Step, key: Hashable = None) -> None:
        super().__init__()
        self.client, self.weight, self.steps = client, max(weight, MIN_WEIGHT), deque(steps)
        self.key, self.turn, self.begun = key, 0, False


class Scheduler:
    """Runs jobs in worker threads. Its methods are called on one event loop.

    The jobs of a client may take as much of `max_waiting_pixels` as stays free: one client alone
    fills half of it, and the jobs of another client are still accepted.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or cpu_count() + 1  # one may wait for a network that another runs
        self._threads = ThreadPoolExecutor(self._workers, "vision-worker")
        self.max_waiting_pixels = 256_000_000
        self._queue: list[Job] = []
        self._running: dict[Job, Future[Any]] = {}
        self._seconds_per_pixel = 0.5 / MIN_WEIGHT
        self._turn, self._accepting = 0, True

    @property
    def working(self) -> bool:
        """Whether a worker thread is busy; after a shutdown its step may be one that hangs."""
        return any(not step.done() for step in list(self._running.values()))

    @property
    def is_alone(self) -> bool:
        """Whether a job that asks this is the only one."""
        return len(self._running) == 1 and not self._queue

    def waiting(self, client: Hashable = None) -> int:
        """Return the weight of the jobs, of one client or all, whose last step has not begun."""
        jobs = (job for job in [*self._queue, *self._running] if client in (None, job.client))
        return sum(job.weight for job in jobs if job.steps)

    def check_room(self, client: Hashable, weight: int) -> None:
        """Raise ApiError if the queue is full (429) or the service is stopping (503)."""
        if not self._accepting:
            raise shutting_down()
        all_waiting, weight = self.waiting(), max(weight, MIN_WEIGHT)
        excess = self.waiting(client) + all_waiting + weight - self.max_waiting_pixels
        if excess > 0 and all_waiting:  # an empty queue accepts a job of any weight
            seconds = math.ceil(excess * self._seconds_per_pixel / self._workers)
            raise too_many_requests(min(seconds, 60), "Too many images are waiting")

    def submit(self, client: Hashable, weight: int, *steps: Step, key: Hashable = None) -> Job:
        """Queue a job, a future with the result of its last step, or raise as `check_room` does."""
        self.check_room(client, weight)
        job = Job(client, weight, *steps, key=key)
        job.add_done_callback(self._remove)
        self._enqueue(job)
        return job

    def _remove(self, job: Any) -> None:
        job.steps.clear()
        if job in self._queue:
            self._queue.remove(job)

    def _enqueue(self, job: Job) -> None:
        """Queue the next step of a job, one turn after the steps of the same client."""
        own = (other.turn + 1 for other in self._queue if other.client == job.client)
        job.turn = max([self._turn, *own])
        self._queue.append(job)
        self._start_jobs()

    def _start_jobs(self) -> None:
        """Start the jobs with the first turns until all workers are busy."""
        while len(self._running) < self._workers:
            keys = {job.key for job in self._running} - {None}
            ready = (job for job in self._queue if not (job.done() or job.key in keys))
            job = min(ready, key=lambda job: job.turn, default=None)
            if job is None:
                return
            self._queue.remove(job)
            self._turn, job.begun = max(self._turn, job.turn), True
            step = self._running[job] = self._threads.submit(job.steps.popleft())
            notify = partial(self._notify, asyncio.get_running_loop(), job, monotonic())
            step.add_done_callback(notify)

    def _notify(self, loop: asyncio.AbstractEventLoop, *result: Any) -> None:
        """Continue on the event loop; called by the worker thread."""
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._finish_step, *result)

    def _finish_step(self, job: Job, started: float, step: Future[Any]) -> None:
        del self._running[job]
        rate = (monotonic() - started) / job.weight
        self._seconds_per_pixel += (rate - self._seconds_per_pixel) / 10
        error = step.exception()
        if job.done():
            pass
        elif error is None and job.steps:
            self._enqueue(job)
        elif error is None:
            job.set_result(step.result())
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            job.set_exception(error)
        else:  # an exit would end the event loop
            job.set_exception(RuntimeError(f"The job raised {error!r}"))
        self._start_jobs()

    async def drain(self) -> None:
        """Reject new jobs and those that wait with 503; give the others time to finish."""
        self._accepting = False
        self._reject(job for job in self._queue if not job.begun)
        if begun := [*self._queue, *self._running]:
            await asyncio.wait(begun, timeout=DRAIN_SECONDS)
        self._reject([*self._queue, *self._running])  # a running step ends later, without a result
        self._threads.shutdown(wait=False)

    def _reject(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if not job.done():
                job.set_exception(shutting_down())
                job.exception()  # else asyncio logs it if nobody waits any more
