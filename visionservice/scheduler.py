"""Scheduler: a bounded queue in which clients take turns, and the worker threads."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from .engines.runtime import cpu_count
from .errors import shutting_down, too_many_requests

MAX_WAITING_PIXELS = 256_000_000
MIN_WEIGHT = 1_000_000
"""The weight of the smallest image, in pixels: a request costs more than its pixels."""
MIN_WORKERS = 2
"""Worker threads on one processor: one slow image does not delay all others."""
MAX_RETRY_SECONDS = 60
DRAIN_SECONDS = 30.0
"""The time that running jobs have to finish when the service stops."""


@dataclass(eq=False, slots=True)
class _Job:
    """Work of one client: one step for an image, one for each page of a document."""

    client: Hashable
    weight: int
    steps: deque[Callable[[], Any]]
    key: Hashable
    is_document: bool
    future: asyncio.Future[Any]
    begun: bool = False


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
        self._jobs: set[_Job] = set()
        self._queues: OrderedDict[Hashable, deque[_Job]] = OrderedDict()
        self._running: dict[Future[Any], tuple[_Job, float]] = {}
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

    def submit(
        self,
        client: Hashable,
        weight: int,
        *steps: Callable[[], Any],
        key: Hashable = None,
        is_document: bool = False,
    ) -> asyncio.Future[Any]:
        """Queue a job; return a future with the result of its last step.

        Args:
            client: Clients take turns, however many jobs one of them has queued.
            weight: The pixels that the job counts for until its last step begins.
            steps: The functions to call, one after another; other clients run in between.
            key: Jobs with the same key never run at the same time; None for no key.
            is_document: Whether a step may take very long: such jobs leave one worker free.

        Raises:
            ApiError: The queue is full (429), or the service is stopping (503).
        """
        self.check_room(client, weight)
        future = asyncio.get_running_loop().create_future()
        job = _Job(client, max(weight, MIN_WEIGHT), deque(steps), key, is_document, future)
        future.add_done_callback(partial(self._remove, job))
        self._jobs.add(job)
        self._enqueue(job)
        self._start_jobs()
        return future

    async def run(self, client: Hashable, weight: int, work: Callable[[], Any]) -> Any:
        """Queue a job of one step, and return its result."""
        return await self.submit(client, weight, work)

    def _enqueue(self, job: _Job) -> None:
        self._queues.setdefault(job.client, deque()).append(job)

    def _remove(self, job: _Job, _: object) -> None:
        """Remove a job that is done or canceled."""
        self._jobs.discard(job)
        queue = self._queues.get(job.client, deque())
        if job in queue:
            queue.remove(job)
            if not queue:
                del self._queues[job.client]

    def _start_jobs(self) -> None:
        loop = asyncio.get_running_loop()
        while len(self._running) < self._workers and (job := self._next_job()):
            job.begun = True
            step = self._threads.submit(job.steps.popleft())
            self._running[step] = job, monotonic()
            step.add_done_callback(partial(self._notify, loop))

    def _next_job(self) -> _Job | None:
        """Remove and return the next job that may start; its client goes to the end."""
        for client, queue in self._queues.items():
            if job := next(filter(self._may_start, queue), None):
                queue.remove(job)
                self._queues.move_to_end(client)
                if not queue:
                    del self._queues[client]
                return job
        return None

    def _may_start(self, job: _Job) -> bool:
        running = [other for other, _ in self._running.values()]
        if job.future.done() or (job.key and any(other.key == job.key for other in running)):
            return False
        documents = sum(other.is_document for other in running)
        return not job.is_document or documents < max(1, self._workers - 1)

    def _notify(self, loop: asyncio.AbstractEventLoop, step: Future[Any]) -> None:
        """Go on in the event loop; called by the worker thread."""
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._finish_step, step)

    def _finish_step(self, step: Future[Any]) -> None:
        job, started = self._running.pop(step)
        rate = (monotonic() - started) / job.weight
        self._seconds_per_pixel += (rate - self._seconds_per_pixel) / 10
        error = step.exception()
        if job.future.done():
            pass
        elif error is None and job.steps:
            self._enqueue(job)
        elif error is None:
            job.future.set_result(step.result())
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            job.future.set_exception(error)
        else:  # an exit would end the event loop
            job.future.set_exception(RuntimeError(f"The job raised {error!r}"))
        self._start_jobs()

    def stop_accepting(self) -> None:
        """Reject new jobs, and those that have not begun, with 503."""
        self._accepting = False
        _reject(job for job in self._jobs if not job.begun)

    async def drain(self) -> None:
        """Stop accepting jobs, and wait until those that have begun are done."""
        self.stop_accepting()
        if futures := [job.future for job in self._jobs]:
            await asyncio.wait(futures, timeout=DRAIN_SECONDS)

    def shutdown(self) -> None:
        """Reject all jobs. A running step ends later, and its result is dropped."""
        self._accepting = False
        _reject(self._jobs)
        self._threads.shutdown(wait=False, cancel_futures=True)


def _reject(jobs: Iterable[_Job]) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(shutting_down())
