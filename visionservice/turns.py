"""Who comes next: work that waits for several clients, one piece of each in turn."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from functools import partial
from inspect import isgeneratorfunction
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that pauses, so that others may go first; what it returns is its result."""


class Job(Generic[T]):
    """Work for a client, what it weighs while it waits, and what becomes of it.

    Attributes:
        future: Its result.
        has_steps: Whether it comes back for another turn.
        seconds: The time it has taken, which its pool notes.
    """

    def __init__(self, client: Hashable, weight: int, work: Callable[[], T | Steps[T]]) -> None:
        self.client, self.weight = client, weight
        self.future: Future[T] = Future()
        self.has_steps = isgeneratorfunction(work)
        self.seconds = 0.0
        self._steps: Any = work() if self.has_steps else _one_step(work)

    def begin(self) -> bool:
        """Tell whether it is still wanted; from here on it cannot be cancelled."""
        return self.future.running() or self.future.set_running_or_notify_cancel()

    def go_on(self) -> Callable[[], None] | None:
        """Do a step; return what hands its outcome over, None while there are more."""
        try:
            next(self._steps)
        except StopIteration as end:
            return partial(self.future.set_result, end.value)
        except Exception as error:
            below = error.__traceback__ and error.__traceback__.tb_next
            # This frame in the traceback would hold this job, and with it the picture.
            return partial(self.future.set_exception, error.with_traceback(below))
        except BaseException as error:  # such as an exit, which would end the event loop too
            return partial(self.future.set_exception, RuntimeError(f"The work ended in {error!r}"))
        return None


def _one_step(work: Callable[[], Any]) -> Steps[Any]:
    return work()
    yield


class Turns:
    """The jobs that wait, of each client in the order they came; used under its owner's lock.

    Args:
        limit: What may wait, by weight. A client has as much of it as it leaves free, so that
            one alone fills half of it, and another always finds room.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: OrderedDict[Hashable, deque[Job[Any]]] = OrderedDict()
        self._weights: Counter[Hashable] = Counter()
        self._counted: set[Job[Any]] = set()

    @property
    def weight(self) -> int:
        """What all that is counted weighs."""
        return self._weights.total()

    def lacking(self, job: Job[Any]) -> int:
        """Return the weight that must go before there is room for this job; 0 or less if none."""
        if not self._weights:
            return 0
        return self._weights[job.client] + job.weight + self.weight - self._limit

    def count(self, job: Job[Any]) -> None:
        """Let a job take up room until it is discounted."""
        self._counted.add(job)
        self._weights[job.client] += job.weight

    def discount(self, job: Job[Any]) -> None:
        """Free the room that a job takes up, if it does."""
        if job in self._counted:
            self._counted.remove(job)
            self._weights[job.client] -= job.weight
            if not self._weights[job.client]:
                del self._weights[job.client]

    def add(self, job: Job[Any]) -> None:
        """Put a job last in its client's line."""
        self._lines.setdefault(job.client, deque()).append(job)

    def next(self) -> Job[Any] | None:
        """Take the next job of the client whose turn it is; that client comes last then."""
        if not self._lines:
            return None
        client, line = self._lines.popitem(last=False)
        job = line.popleft()
        if line:
            self._lines[client] = line
        return job

    def drop(self, job: Job[Any]) -> None:
        """Take a job out of its line and free its room."""
        self.discount(job)
        line = self._lines.get(job.client)
        if line and job in line:
            line.remove(job)
            if not line:
                del self._lines[job.client]

    def waiting(self) -> list[Job[Any]]:
        """Return the jobs that nobody has begun with."""
        return [job for line in self._lines.values() for job in line if not job.future.running()]
