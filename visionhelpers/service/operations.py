"""Long-running operations: begun by one request, asked after by others, kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal
from uuid import uuid4

from .errors import not_found

Json = dict[str, Any]
Status = Literal["Running", "Failed", "Succeeded"]

SECONDS_KEPT = 48 * 3600.0
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class _Operation:
    future: Future[Json]
    begun: float


class Operations:
    """The operations of one service by id, oldest first; used from its event loop alone."""

    def __init__(
        self,
        *,
        most: int = MOST_KEPT,
        seconds: float = SECONDS_KEPT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._operations: OrderedDict[str, _Operation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def running(self) -> bool:
        """Whether one of them has not ended yet."""
        return any(not operation.future.done() for operation in self._operations.values())

    def add(self, future: Future[Json]) -> str:
        """Keep the outcome of this work; return its id, a GUID of 36 characters."""
        self._forget_old()
        while len(self._operations) >= self._most:
            self._operations.popitem(last=False)
        name = str(uuid4())
        self._operations[name] = _Operation(future, self._clock())
        return name

    def get(self, name: str) -> tuple[Status, Json | None]:
        """Return how far an operation is, and what it found once it has succeeded.

        Raises:
            ApiError: No operation has this id, or no longer.
        """
        self._forget_old()
        operation = self._operations.get(name.lower())
        if operation is None:
            raise not_found(f"there is no operation {name[:40]!r}, or no longer")
        if not operation.future.done():
            return "Running", None
        if operation.future.cancelled() or operation.future.exception():
            return "Failed", None
        return "Succeeded", operation.future.result()

    def _forget_old(self) -> None:
        oldest = self._clock() - self._seconds
        while self._operations and next(iter(self._operations.values())).begun <= oldest:
            self._operations.popitem(last=False)
