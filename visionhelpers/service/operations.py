"""Long-running operations: begun by one request, asked after by others, kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from .errors import ApiError

Json = dict[str, Any]
Status = Literal["NotStarted", "Running", "Failed", "Succeeded"]

TIME_KEPT = timedelta(hours=48)
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is, since when, and what it found once it has succeeded."""

    status: Status
    begun: datetime
    changed: datetime
    result: Json | None = None


class _Operation:
    """One operation; it knows when its work ended, and whose result it is."""

    def __init__(self, future: Future[Json], kind: str, begun: datetime) -> None:
        self.future, self.kind, self.begun = future, kind, begun
        self.ended: datetime | None = None


class Operations:
    """The operations of one service by id, oldest first; used from its event loop alone.

    Args:
        most: How many are kept; the oldest goes first.
        kept: How long they are kept.
        delay: How long each is said to be running at least, whatever its work takes.
        fail: Whether each is said to have failed.
        clock: Tells the time, in UTC.
    """

    def __init__(
        self,
        *,
        most: int = MOST_KEPT,
        kept: timedelta = TIME_KEPT,
        delay: timedelta = timedelta(0),
        fail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._most, self._kept, self._delay, self._fail, self._clock = (
            most,
            kept,
            delay,
            fail,
            clock,
        )
        self._operations: OrderedDict[str, _Operation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def running(self) -> bool:
        """Whether one of them has not ended yet."""
        return any(not operation.future.done() for operation in self._operations.values())

    def add(self, future: Future[Json], kind: str) -> str:
        """Keep the outcome of this work; return its id, a GUID of 36 characters.

        Args:
            future: The work.
            kind: What its results are asked for by; the same id asked for by another is unknown.
        """
        self._forget_old()
        while len(self._operations) >= self._most:
            self._operations.popitem(last=False)
        name, operation = str(uuid4()), _Operation(future, kind, self._clock())
        self._operations[name] = operation

        def end(_: Future[Json]) -> None:
            operation.ended = self._clock()

        future.add_done_callback(end)
        return name

    def get(self, name: str, kind: str) -> Progress:
        """Return how far an operation of this kind is.

        Raises:
            ApiError: No operation of this kind has this id, or no longer.
        """
        self._forget_old()
        operation = self._operations.get(name.lower())
        if operation is None or operation.kind != kind:
            message = f"There is no operation {name[:40]!r}, or no longer."
            raise ApiError(404, "BadArgument", message)
        begun, future, now = operation.begun, operation.future, self._clock()
        if not future.done() and not future.running():
            return Progress("NotStarted", begun, begun)
        if not future.done() or now < begun + self._delay:
            return Progress("Running", begun, now)
        ended = max(operation.ended or now, begun + self._delay)
        if self._fail or future.cancelled() or future.exception():
            return Progress("Failed", begun, ended)
        return Progress("Succeeded", begun, ended, future.result())

    def _forget_old(self) -> None:
        oldest = self._clock() - self._kept
        while self._operations and next(iter(self._operations.values())).begun <= oldest:
            self._operations.popitem(last=False)
