"""Long-running operations: started by one request, polled by others, kept for some time."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import uuid4

from .errors import ApiError
from .scheduler import Job

Json = dict[str, Any]
Status = Literal["NotStarted", "Running", "Failed", "Succeeded"]

KEEP_TIME = timedelta(hours=48)
READ_TIME = timedelta(seconds=2)
"""The time in which a client polls an operation that has ended, before the service stops."""
MAX_OPERATIONS = 1000
MAX_RESULT_BYTES = 64 * 1024 * 1024
"""The memory of all results, compressed: a page of print takes about 10,000 bytes."""
CHUNK_BYTES = 64 * 1024


def pack(content: Json) -> bytes:
    """Serialize and compress a JSON object."""
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def splice(head: bytes, packed: bytes) -> Iterator[bytes]:
    """Yield the chunks of one JSON object with the members of two; neither is empty."""
    yield head[:-1] + b","
    reader = zlib.decompressobj()
    reader.decompress(packed, 1)  # the opening brace
    while packed := reader.unconsumed_tail:
        yield reader.decompress(packed, CHUNK_BYTES)
    yield reader.flush()


@dataclass(frozen=True, slots=True)
class Progress:
    """The status of an operation; it has a result if it has succeeded."""

    status: Status
    created: datetime
    updated: datetime
    result: bytes | None = None


@dataclass(slots=True)
class _Operation:
    """One operation; of a job that has ended, only the result is kept."""

    job: Job | None
    kind: str
    created: datetime
    ended: datetime | None = None
    result: bytes = b""
    was_read: bool = False

    def is_unread(self, now: datetime) -> bool:
        """Return True if it has ended within `READ_TIME`, and no client was told."""
        return not self.was_read and self.ended is not None and now < self.ended + READ_TIME


class OperationStore:
    """The operations of one service by id, oldest first; used on its event loop only.

    Args:
        delay: The minimum time for which an operation reports that it is running.
        fail: Whether every operation reports failure.
        clock: Returns the time in UTC.
    """

    def __init__(
        self,
        *,
        delay: timedelta = timedelta(0),
        fail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._delay, self._fail, self._clock = delay, fail, clock
        self._operations: OrderedDict[str, _Operation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def running(self) -> bool:
        """Whether an operation has not ended."""
        return any(operation.job for operation in self._operations.values())

    async def wait_until_read(self) -> None:
        """Wait until clients have read all results, at most `READ_TIME` after the last end."""
        while any(one.is_unread(self._clock()) for one in self._operations.values()):
            await asyncio.sleep(0.02)

    def add(self, job: Job, kind: str) -> str:
        """Add an operation; return its id, a GUID of 36 characters.

        Args:
            job: The work; its result is packed JSON.
            kind: The path of its results; under other paths the id is unknown.
        """
        name = str(uuid4())
        operation = self._operations[name] = _Operation(job, kind, self._clock())
        job.add_done_callback(partial(self._end, operation))
        self.evict()
        return name

    def _end(self, operation: _Operation, job: asyncio.Future[Any]) -> None:
        operation.job, operation.ended = None, self._clock()
        if not job.cancelled() and not job.exception():
            operation.result = job.result()

    def get(self, name: str, kind: str) -> Progress:
        """Return the status of an operation.

        Raises:
            ApiError: No operation of this kind has this id.
        """
        self.evict()
        operation = self._operations.get(name.lower())
        if operation is None or operation.kind != kind:
            raise ApiError(404, "BadArgument", f"Operation {name[:40]!r} not found or expired.")
        created, job, now = operation.created, operation.job, self._clock()
        if job and not job.begun:
            return Progress("NotStarted", created, created)
        if job or now < created + self._delay:
            return Progress("Running", created, now)
        operation.was_read = True
        ended = max(operation.ended or now, created + self._delay)
        if self._fail or not operation.result:
            return Progress("Failed", created, ended)
        return Progress("Succeeded", created, ended, operation.result)

    def evict(self) -> None:
        """Remove expired operations, and the oldest if there are too many."""
        now, size = self._clock(), sum(len(one.result) for one in self._operations.values())
        for name, one in list(self._operations.items()):
            too_many = len(self._operations) > MAX_OPERATIONS
            too_large = size > MAX_RESULT_BYTES and one.result
            if too_many or too_large or now >= one.created + KEEP_TIME:
                size -= len(one.result)
                del self._operations[name]
                if one.job:
                    one.job.cancel()
