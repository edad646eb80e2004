from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from os import urandom
from uuid import UUID
from weakref import ref

import pytest

from tests.support.event_loop import on_a_loop
from visionservice import operations as module
from visionservice.errors import ApiError
from visionservice.operations import KEEP_TIME, READ_TIME, OperationStore, pack, splice
from visionservice.scheduler import Job

NOON = datetime(2026, 9, 13, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TEXT = "/vision/v1.0/textOperations"


class Clock:
    """A clock that a test sets, in place of `datetime`."""

    time = NOON

    def now(self, _: tzinfo) -> datetime:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "datetime", clock)
    return clock


def begun() -> Job:
    """A job whose first step has begun."""
    job = Job("me", 1)
    job.begun = True
    return job


def succeed(job: Job, text: str = "a line") -> None:
    job.set_result(pack({"text": text}))


def fail(job: Job) -> None:
    job.set_exception(ValueError("secret"))


async def finished(operations: OperationStore, text: str = "a line") -> str:
    """Add an operation that has ended, and return its path."""
    job = begun()
    path = operations.add(job, TEXT)
    succeed(job, text)
    await asyncio.sleep(0)
    return path


def assert_unknown(operations: OperationStore, path: str) -> None:
    with pytest.raises(ApiError, match="not found or expired") as error:
        operations.get(path)
    assert error.value.status == 404


@pytest.mark.parametrize("text", ["蕾", "x" * 1_000_000, urandom(500_000).hex()], ids=len)
def test_a_packed_result_becomes_part_of_a_response(text: str) -> None:
    head, result = {"status": "Succeeded", "pages": [1]}, {"lines": ["one", 2.5, text]}
    chunks = [*splice(json.dumps(head).encode(), pack(result))]
    assert json.loads(b"".join(chunks)) == head | result
    assert max(map(len, chunks)) <= 64 * 1024


def test_a_large_result_is_unpacked_while_it_is_sent() -> None:
    packed = pack({"text": urandom(500_000).hex()})
    chunks = splice(b"{}", packed[: len(packed) // 2])
    assert len([next(chunks) for _ in range(5)]) == 5  # before the end of the data is missed


@on_a_loop
async def test_an_operation_waits_runs_then_succeeds_with_its_result(clock: Clock) -> None:
    operations, job = OperationStore(), Job("me", 1)
    freed = ref(job)
    path = operations.add(job, TEXT)
    folder, _, guid = path.rpartition("/")
    assert (folder, str(UUID(guid))) == (TEXT, guid)
    assert operations.get(path).status == "NotStarted"
    assert_unknown(operations, path.replace(TEXT, "/vision/v3.2/read/analyzeResults"))
    job.begun = True
    clock.time += 2 * SECOND
    assert operations.get(path).status == "Running"
    assert operations.running
    succeed(job)
    del job
    await asyncio.sleep(0)
    clock.time += 60 * SECOND
    done = operations.get(path.upper())
    assert (done.status, done.result) == ("Succeeded", pack({"text": "a line"}))
    assert (done.created, done.updated) == (NOON, NOON + 2 * SECOND)
    assert freed() is None


@pytest.mark.parametrize(
    ("end", "fails", "status"),
    [
        pytest.param(succeed, False, "Succeeded", id="a result"),
        pytest.param(fail, False, "Failed", id="an error, which is not returned"),
        pytest.param(Job.cancel, False, "Failed", id="a canceled job"),
        pytest.param(succeed, True, "Failed", id="a service whose operations fail on request"),
    ],
)
@on_a_loop
async def test_an_operation_ends_with_its_job(
    end: Callable[[Job], object], fails: bool, status: str
) -> None:
    operations, job = OperationStore(fail=fails), begun()
    path = operations.add(job, TEXT)
    end(job)
    await asyncio.sleep(0)
    done = operations.get(path)
    assert (done.status, bool(done.result)) == (status, status == "Succeeded")
    assert not operations.running


@on_a_loop
async def test_an_operation_runs_for_the_minimum_delay(clock: Clock) -> None:
    operations = OperationStore(delay=5)
    path = await finished(operations)
    assert operations.get(path).status == "Running"
    clock.time += 5 * SECOND
    assert operations.get(path).status == "Succeeded"


@on_a_loop
async def test_an_operation_expires_and_its_job_is_canceled(clock: Clock) -> None:
    operations, job = OperationStore(), begun()
    path = operations.add(job, TEXT)
    clock.time += KEEP_TIME - SECOND
    assert operations.get(path).status == "Running"
    clock.time += SECOND
    operations.evict()
    assert job.cancelled()
    assert_unknown(operations, path)


@on_a_loop
async def test_the_oldest_of_too_many_or_too_large_results_are_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operations = OperationStore()
    running = operations.add(begun(), TEXT)
    paths = [await finished(operations, urandom(50_000).hex()) for _ in range(12)]
    monkeypatch.setattr(module, "MAX_RESULT_BYTES", 300_000)
    operations.evict()
    assert_unknown(operations, paths[0])
    assert 3 <= len(operations._operations) <= 7
    for path in (running, paths[-1]):
        assert operations.get(path).status in ("Running", "Succeeded")
    monkeypatch.setattr(module, "MAX_OPERATIONS", 1)
    operations.evict()
    assert_unknown(operations, running)
    assert operations.get(paths[-1]).status == "Succeeded"


@on_a_loop
async def test_a_new_result_is_unread_until_a_poll_or_for_some_time(clock: Clock) -> None:
    operations = OperationStore()
    await operations.wait_until_read()
    path = await finished(operations)
    waiting = asyncio.create_task(operations.wait_until_read())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    operations.get(path)
    await waiting
    await finished(operations)
    clock.time += READ_TIME
    await operations.wait_until_read()


@pytest.mark.usefixtures("clock")
@on_a_loop
async def test_a_service_stops_while_the_clock_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_TIME", SECOND / 10)
    operations = OperationStore()
    await finished(operations)
    await asyncio.wait_for(operations.wait_until_read(), 5)
