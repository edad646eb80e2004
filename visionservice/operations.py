"""Long-running operations: started by one request, polled by others, kept for some time."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class PackedJson:
    """A JSON object, compressed: it goes into a response without being parsed again.

    Attributes:
        data: The compressed JSON.
        size: The bytes of the JSON.
    """

    data: bytes
    size: int

    @classmethod
    def pack(cls, content: Json) -> PackedJson:
        """Serialize and compress an object."""
        plain = _dump(content)
        return cls(zlib.compress(plain, 1), len(plain))

    def merge(self, head: Json) -> tuple[int, Iterator[bytes]]:
        """Return the size and the chunks of the JSON of `head | content`; neither is empty."""
        start = _dump(head)[:-1] + b","
        return len(start) + self.size - 1, self._chunks(start)

    def _chunks(self, start: bytes) -> Iterator[bytes]:
        yield start
        reader, data = zlib.decompressobj(), self.data
        reader.decompress(data, 1)  # the opening brace
        while data := reader.unconsumed_tail:
            yield reader.decompress(data, CHUNK_BYTES)
        yield reader.flush()


def _dump(content: Json) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Progress:
    """The status of an operation; it has a result if it has succeeded."""

    status: Status
    created: datetime
    updated: datetime
    result: PackedJson | None = None


class _Operation:
    """One operation; of its job it keeps the result only."""

    def __init__(self, job: Job, kind: str, clock: Callable[[], datetime]) -> None:
        self.kind, self.created, self._clock = kind, clock(), clock
        self.ended: datetime | None = None
        self.result: PackedJson | None = None
        self.was_read = False
        self.job: Job | None = job
        job.add_done_callback(self._end)

    def _end(self, job: asyncio.Future[Any]) -> None:
        if not job.cancelled() and not job.exception():
            self.result = job.result()
        self.ended = self._clock()
        self.job = None

    @property
    def bytes(self) -> int:
        """The memory of its result."""
        return len(self.result.data) if self.result else 0


class OperationStore:
    """The operations of one service by id, oldest first; used on its event loop only.

    Args:
        max_operations: The number of operations that are kept.
        max_bytes: The memory of their results.
        keep_time: The time for which an operation is kept.
        delay: The minimum time for which an operation reports that it is running.
        fail: Whether every operation reports failure.
        clock: Returns the time in UTC.
    """

    def __init__(
        self,
        *,
        max_operations: int = MAX_OPERATIONS,
        max_bytes: int = MAX_RESULT_BYTES,
        keep_time: timedelta = KEEP_TIME,
        delay: timedelta = timedelta(0),
        fail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._max_operations, self._max_bytes = max_operations, max_bytes
        self._keep_time, self._delay, self._fail, self._clock = keep_time, delay, fail, clock
        self._operations: OrderedDict[str, _Operation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def running(self) -> bool:
        """Whether an operation has not ended."""
        return any(operation.job for operation in self._operations.values())

    @property
    def has_unread_results(self) -> bool:
        """Whether an operation has ended within `READ_TIME`, and no client was told."""
        since = self._clock() - READ_TIME
        return any(
            operation.ended and operation.ended > since and not operation.was_read
            for operation in self._operations.values()
        )

    async def wait_until_read(self) -> None:
        """Wait until no result is unread: at most `READ_TIME` after the last end."""
        while self.has_unread_results:
            await asyncio.sleep(0.02)

    def add(self, job: Job, kind: str) -> str:
        """Add an operation; return its id, a GUID of 36 characters.

        Args:
            job: The work; its result is a `PackedJson`.
            kind: The path of its results; under other paths the id is unknown.
        """
        name = str(uuid4())
        self._operations[name] = _Operation(job, kind, self._clock)
        self.evict()
        return name

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
        if self._fail or operation.result is None:
            return Progress("Failed", created, ended)
        return Progress("Succeeded", created, ended, operation.result)

    def evict(self) -> None:
        """Remove expired operations, and the oldest if there are too many."""
        expired = self._clock() - self._keep_time
        size = sum(operation.bytes for operation in self._operations.values())
        for name, one in list(self._operations.items()):
            too_many = len(self._operations) > self._max_operations
            too_large = size > self._max_bytes and one.bytes
            if too_many or too_large or one.created <= expired:
                size -= one.bytes
                del self._operations[name]
                if one.job:
                    one.job.cancel()
