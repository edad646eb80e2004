"""Long-running operations: begun by one request, asked after by others, kept for a while."""

from __future__ import annotations

import json
import zlib
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
TIME_TO_ASK = timedelta(seconds=2)
"""In which whoever began an operation is to ask how it ended, before the service does."""
MOST_KEPT = 1000
MOST_BYTES = 64 * 1024 * 1024
"""Of results, packed: a page of print takes about ten thousand."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is, since when, and what it found once it has succeeded."""

    status: Status
    begun: datetime
    changed: datetime
    result: Json | None = None


class _Operation:
    """One operation; of its work it keeps no more than the result, packed, once that is there."""

    def __init__(
        self, future: Future[Json], kind: str, begun: datetime, clock: Callable[[], datetime]
    ) -> None:
        self.kind, self.begun, self._clock = kind, begun, clock
        self.ended: datetime | None = None
        self.result: bytes | None = None
        self.told = False
        self.future: Future[Json] | None = future
        future.add_done_callback(self._end)

    def _end(self, future: Future[Json]) -> None:
        """Note the outcome; called by the thread that did the work."""
        if not future.cancelled() and not future.exception():
            self.result = zlib.compress(json.dumps(future.result()).encode(), 1)
        self.ended = self._clock()
        self.future = None

    @property
    def bytes(self) -> int:
        """What its result takes, in memory."""
        return len(self.result or b"")


class Operations:
    """The operations of one service by id, oldest first; used from its event loop alone.

    Args:
        most: How many are kept; the oldest goes first.
        most_bytes: How much memory their results take at most; the oldest goes first.
        kept: How long they are kept.
        delay: How long each is said to be running at least, whatever its work takes.
        fail: Whether each is said to have failed.
        clock: Tells the time, in UTC.
    """

    def __init__(
        self,
        *,
        most: int = MOST_KEPT,
        most_bytes: int = MOST_BYTES,
        kept: timedelta = TIME_KEPT,
        delay: timedelta = timedelta(0),
        fail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._most, self._most_bytes, self._kept = most, most_bytes, kept
        self._delay, self._fail, self._clock = delay, fail, clock
        self._operations: OrderedDict[str, _Operation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def running(self) -> bool:
        """Whether one of them has not ended yet."""
        return any(operation.future for operation in self._operations.values())

    @property
    def untold(self) -> bool:
        """Whether one of them has ended just now, and nobody has been told."""
        lately = self._clock() - TIME_TO_ASK
        return any(
            one.ended and one.ended > lately and not one.told for one in self._operations.values()
        )

    def add(self, future: Future[Json], kind: str) -> str:
        """Keep the outcome of this work; return its id, a GUID of 36 characters.

        Args:
            future: The work.
            kind: What its results are asked for by; the same id asked for by another is unknown.
        """
        name = str(uuid4())
        self._operations[name] = _Operation(future, kind, self._clock(), self._clock)
        self.forget_old()
        return name

    def get(self, name: str, kind: str) -> Progress:
        """Return how far an operation of this kind is.

        Raises:
            ApiError: No operation of this kind has this id, or no longer.
        """
        self.forget_old()
        operation = self._operations.get(name.lower())
        if operation is None or operation.kind != kind:
            message = f"There is no operation {name[:40]!r}, or no longer."
            raise ApiError(404, "BadArgument", message)
        begun, future, now = operation.begun, operation.future, self._clock()
        if future and not (future.running() or future.done()):
            return Progress("NotStarted", begun, begun)
        if future or now < begun + self._delay:
            return Progress("Running", begun, now)
        operation.told = True
        ended = max(operation.ended or now, begun + self._delay)
        if self._fail or operation.result is None:
            return Progress("Failed", begun, ended)
        result = json.loads(zlib.decompress(operation.result))
        return Progress("Succeeded", begun, ended, result)

    def forget_old(self) -> None:
        """Free the memory of those whose time is over, and of the oldest if there are many."""
        oldest = self._clock() - self._kept
        size = sum(operation.bytes for operation in self._operations.values())
        for name, one in list(self._operations.items()):
            many = len(self._operations) > self._most or (one.bytes and size > self._most_bytes)
            if many or one.begun <= oldest:
                size -= one.bytes
                del self._operations[name]
                if one.future:
                    one.future.cancel()
