"""Long-running operations: started by one request, polled by others, kept for some time."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, Literal
from uuid import uuid4

from .errors import ApiError
from .scheduler import Job

log = logging.getLogger(__name__)

KEEP_TIME = timedelta(hours=48)
READ_TIME = timedelta(seconds=2)  # that a stopping service waits for the poll of an ended operation
MAX_OPERATIONS = 1000
MAX_RESULT_BYTES = 64 * 1024 * 1024  # of all, compressed: a page of print takes 10,000


def pack(content: dict[str, Any]) -> bytes:
    """Serialize and compress a JSON object, without its opening brace."""
    members = json.dumps(content, ensure_ascii=False, separators=(",", ":"))[1:]
    return gzip.compress(members.encode(), 1)


def splice(head: bytes, packed: bytes) -> Iterator[bytes]:
    """Yield the chunks of one JSON object with the members of two; neither is empty."""
    yield head[:-1] + b","
    with gzip.open(BytesIO(packed)) as file:
        yield from iter(partial(file.read, 64 * 1024), b"")


@dataclass(slots=True)
class Progress:
    """An operation at its last poll; of a job that has ended, only the packed result is kept."""

    job: Job | None
    created: datetime
    updated: datetime
    ended: datetime | None = None
    status: Literal["NotStarted", "Running", "Failed", "Succeeded"] = "NotStarted"
    result: bytes = b""

    @property
    def is_unread(self) -> bool:
        """Whether it has ended within `READ_TIME`, and no client has polled it since."""
        new = self.ended is not None and datetime.now(UTC) < self.ended + READ_TIME
        return new and self.status not in ("Failed", "Succeeded")


class OperationStore:
    """The operations of one service by path, oldest first; used on its event loop only."""

    def __init__(self, delay: float = 0.0, *, fail: bool = False) -> None:
        self._delay, self._fail = timedelta(seconds=delay), fail  # the minimum time; True to fail
        self._operations: dict[str, Progress] = {}

    @property
    def running(self) -> bool:
        """Whether an operation has not ended."""
        return any(operation.job for operation in self._operations.values())

    async def wait_until_read(self) -> None:
        """Wait until clients have read all results, at most `READ_TIME` after the last end."""
        with suppress(TimeoutError):  # a test may have frozen the clock of the operations
            async with asyncio.timeout(READ_TIME.total_seconds()):
                while any(operation.is_unread for operation in self._operations.values()):
                    await asyncio.sleep(0.02)

    def add(self, job: Job, folder: str) -> str:
        """Add a job that returns packed JSON; return the path of its result, with a GUID."""
        path, now = f"{folder}/{uuid4()}", datetime.now(UTC)
        operation = self._operations[path.lower()] = Progress(job, now, now)
        job.add_done_callback(partial(self._end, path, operation))
        self.evict()
        return path

    def _end(self, path: str, operation: Progress, job: asyncio.Future[Any]) -> None:
        operation.job, operation.ended = None, datetime.now(UTC)
        if job.cancelled():
            return
        if error := job.exception():
            level = logging.INFO if isinstance(error, ApiError) else logging.ERROR
            log.log(level, "Operation %s failed", path, exc_info=error)
        elif not self._fail:
            operation.result = job.result()

    def get(self, path: str) -> Progress:
        """Return an operation with its present status; raise ApiError if the path is unknown."""
        self.evict()
        operation = self._operations.get(path.lower())
        if operation is None:
            name = path.rpartition("/")[2]
            raise ApiError(404, "BadArgument", f"Operation {name[:40]!r} not found or expired.")
        now, ready = datetime.now(UTC), operation.created + self._delay
        if operation.ended and now >= ready:
            operation.status = "Succeeded" if operation.result else "Failed"
            operation.updated = max(operation.ended, ready)
        elif operation.job is None or operation.job.begun:
            operation.status, operation.updated = "Running", now
        return operation

    def evict(self) -> None:
        """Remove expired operations, and the oldest if there are too many."""
        now, size = datetime.now(UTC), sum(len(each.result) for each in self._operations.values())
        for path, operation in list(self._operations.items()):
            too_many = len(self._operations) > MAX_OPERATIONS
            too_large = size > MAX_RESULT_BYTES and operation.result
            if too_many or too_large or now >= operation.created + KEEP_TIME:
                size -= len(operation.result)
                del self._operations[path]
                if operation.job:
                    operation.job.cancel()
