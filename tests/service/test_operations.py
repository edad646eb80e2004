from __future__ import annotations

import asyncio
import json
import tracemalloc
from datetime import UTC, datetime, timedelta, tzinfo
from os import urandom
from uuid import UUID
from weakref import ref

import pytest

from tests.support.child import in_child
from tests.support.event_loop import on_a_loop
from visionservice import operations as module
from visionservice.api.version import Json
from visionservice.errors import ApiError
from visionservice.operations import KEEP_TIME, READ_TIME, OperationStore, pack, splice
from visionservice.scheduler import Job, Scheduler

NOON = datetime(2026, 9, 13, 12, tzinfo=UTC)
TEXT = "/vision/v1.0/textOperations"


class Clock:
    """A clock that a test sets, in place of `datetime`."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self, _: tzinfo) -> datetime:
        return self.time

    def advance(self, time: timedelta) -> None:
        self.time += time


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


async def finish(job: Job, result: Json) -> None:
    job.set_result(pack(result))
    await asyncio.sleep(0)


async def finished(operations: OperationStore, result: Json) -> str:
    job = begun()
    name = operations.add(job, TEXT)
    await finish(job, result)
    return name


def unpacked(packed: bytes, head: Json) -> Json:
    """The object that a response contains."""
    assert packed
    content: Json = json.loads(b"".join(splice(json.dumps(head).encode(), packed)))
    return content


@pytest.mark.parametrize(
    "result",
    [
        {"lines": ["one", 2.5, "蕾"]},
        {"text": "x" * 1_000_000},
        {"text": urandom(500_000).hex(), "pages": []},
    ],
)
def test_a_packed_result_becomes_part_of_a_response(result: Json) -> None:
    head = {"status": "Succeeded", "pages": [1]}
    assert unpacked(pack(result), head) == head | result
    assert max(map(len, splice(b"{}", pack(result)))) <= 64 * 1024


def peak_of_sending() -> int:
    packed = pack({"pages": ["a line of print"] * 1_000_000})
    tracemalloc.start()
    assert sum(map(len, splice(b'{"status": "Succeeded"}', packed))) > 15_000_000
    return tracemalloc.get_traced_memory()[1]


def test_a_large_result_is_sent_in_little_memory() -> None:
    assert in_child(peak_of_sending) < 1_000_000


@on_a_loop
async def test_an_operation_waits_runs_then_succeeds_with_its_result() -> None:
    operations, job = OperationStore(), Job("me", 1)
    name = operations.add(job, TEXT)
    folder, _, guid = name.rpartition("/")
    assert (folder, str(UUID(guid))) == (TEXT, guid)
    assert operations.get(name).status == "NotStarted"
    job.begun = True
    assert operations.get(name).status == "Running"
    assert operations.running
    await finish(job, {"lines": []})
    done = operations.get(name.upper())
    assert done.status == "Succeeded"
    assert unpacked(done.result, {"a": 1}) == {"a": 1, "lines": []}
    assert not operations.running


@on_a_loop
async def test_an_error_ends_an_operation_as_failed_and_is_not_returned() -> None:
    operations, job = OperationStore(), begun()
    name = operations.add(job, TEXT)
    job.set_exception(ValueError("secret"))
    await asyncio.sleep(0)
    done = operations.get(name)
    assert (done.status, done.result) == ("Failed", b"")


@on_a_loop
async def test_a_result_that_is_no_json_ends_an_operation_as_failed() -> None:
    operations = OperationStore()
    job = Scheduler(1).submit("me", 1, lambda: pack({"lines": {1, 2}}))
    name = operations.add(job, TEXT)
    await asyncio.wait([job])
    await asyncio.sleep(0)
    assert operations.get(name).status == "Failed"
    assert not operations.running


@on_a_loop
async def test_a_canceled_job_ends_as_failed() -> None:
    operations, job = OperationStore(), Job("me", 1)
    name = operations.add(job, TEXT)
    job.cancel()
    await asyncio.sleep(0)
    assert operations.get(name).status == "Failed"


@on_a_loop
async def test_an_id_is_unknown_under_another_path() -> None:
    operations = OperationStore()
    path = operations.add(begun(), TEXT)
    with pytest.raises(ApiError, match="not found or expired") as refusal:
        operations.get(path.replace(TEXT, "/vision/v3.2/read/analyzeResults"))
    assert refusal.value.status == 404


@on_a_loop
async def test_an_operation_has_the_times_of_its_start_and_its_end(clock: Clock) -> None:
    operations, job = OperationStore(), begun()
    name = operations.add(job, TEXT)
    clock.advance(timedelta(seconds=2))
    await finish(job, {"lines": []})
    clock.advance(timedelta(seconds=60))
    done = operations.get(name)
    assert (done.created, done.updated) == (NOON, NOON + timedelta(seconds=2))


@on_a_loop
async def test_an_operation_runs_for_the_minimum_delay(clock: Clock) -> None:
    operations = OperationStore(delay=5)
    name = await finished(operations, {"lines": []})
    assert operations.get(name).status == "Running"
    clock.advance(timedelta(seconds=5))
    assert operations.get(name).status == "Succeeded"


@on_a_loop
async def test_every_operation_fails_on_request() -> None:
    operations = OperationStore(fail=True)
    name = await finished(operations, {"lines": []})
    done = operations.get(name)
    assert (done.status, done.result) == ("Failed", b"")


@on_a_loop
async def test_an_operation_expires(clock: Clock) -> None:
    operations = OperationStore()
    name = operations.add(begun(), TEXT)
    clock.advance(KEEP_TIME - timedelta(seconds=1))
    assert operations.get(name).status == "Running"
    clock.advance(timedelta(seconds=1))
    with pytest.raises(ApiError) as refusal:
        operations.get(name)
    assert refusal.value.status == 404


def test_the_oldest_of_too_many_operations_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OPERATIONS", 3)
    asyncio.run(too_many())


async def too_many() -> None:
    operations = OperationStore()
    names = [operations.add(begun(), TEXT) for _ in range(4)]
    assert operations.get(names[3]).status == "Running"
    assert operations.get(names[1]).status == "Running"
    with pytest.raises(ApiError, match="not found"):
        operations.get(names[0])


@on_a_loop
async def test_of_a_job_only_the_result_is_kept() -> None:
    operations, job = OperationStore(), begun()
    freed = ref(job)
    name = operations.add(job, TEXT)
    await finish(job, {"lines": []})
    del job
    assert freed() is None
    assert operations.get(name).result


def test_the_oldest_of_too_large_results_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RESULT_BYTES", 300_000)
    asyncio.run(too_large())


async def too_large() -> None:
    operations = OperationStore()
    running = operations.add(begun(), TEXT)
    names = [await finished(operations, {"text": urandom(50_000).hex()}) for _ in range(12)]
    operations.evict()
    assert operations.get(running).status == "Running"
    assert operations.get(names[-1]).status == "Succeeded"
    with pytest.raises(ApiError, match="not found"):
        operations.get(names[0])
    kept = operations._operations.values()
    assert 3 <= len(kept) <= 7


@on_a_loop
async def test_an_operation_that_expires_in_the_queue_is_canceled(clock: Clock) -> None:
    operations, job = OperationStore(), Job("me", 1)
    operations.add(job, TEXT)
    clock.advance(KEEP_TIME)
    operations.evict()
    assert job.cancelled()


@on_a_loop
async def test_a_new_result_is_unread_until_a_poll_or_for_some_time(
    clock: Clock,
) -> None:
    operations = OperationStore()
    await operations.wait_until_read()
    name = await finished(operations, {"lines": []})
    waiting = asyncio.create_task(operations.wait_until_read())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    operations.get(name)
    await waiting
    await finished(operations, {"lines": []})
    clock.advance(READ_TIME)
    await operations.wait_until_read()


@on_a_loop
async def test_the_service_stops_when_the_clock_is_frozen(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_TIME", timedelta(seconds=0.1))
    operations = OperationStore()
    await finished(operations, {"lines": []})
    async with asyncio.timeout(5):
        await operations.wait_until_read()
    assert clock.time == NOON
