from __future__ import annotations

import tracemalloc
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any
from uuid import UUID
from weakref import ref

import pytest

from visionservice.errors import ApiError
from visionservice.operations import TIME_TO_ASK, Json, Operations

NOON = datetime(2026, 9, 13, 12, tzinfo=UTC)
TEXT = "/vision/v1.0/textOperations"


def begun() -> Future[Json]:
    """Work that a thread has begun."""
    future: Future[Json] = Future()
    future.set_running_or_notify_cancel()
    return future


def test_an_operation_waits_runs_then_succeeds_with_its_result() -> None:
    operations = Operations()
    future: Future[Json] = Future()
    name = operations.add(future, TEXT)
    assert (len(name), str(UUID(name))) == (36, name)
    assert operations.get(name, TEXT).status == "NotStarted"
    future.set_running_or_notify_cancel()
    assert operations.get(name, TEXT).status == "Running"
    assert operations.running
    future.set_result({"lines": []})
    done = operations.get(name.upper(), TEXT)
    assert (done.status, done.result) == ("Succeeded", {"lines": []})
    assert not operations.running


def test_a_failure_shows_as_failed_and_keeps_its_reason_to_itself() -> None:
    operations = Operations()
    future = begun()
    name = operations.add(future, TEXT)
    future.set_exception(ValueError("secret"))
    done = operations.get(name, TEXT)
    assert (done.status, done.result) == ("Failed", None)


def test_work_dropped_from_the_queue_shows_as_failed() -> None:
    operations = Operations()
    future: Future[Json] = Future()
    name = operations.add(future, TEXT)
    future.cancel()
    assert operations.get(name, TEXT).status == "Failed"


def test_the_same_id_asked_for_as_another_kind_is_unknown() -> None:
    operations = Operations()
    name = operations.add(begun(), TEXT)
    with pytest.raises(ApiError, match="no operation") as refusal:
        operations.get(name, "/vision/v3.2/read/analyzeResults")
    assert refusal.value.status == 404


def test_it_says_when_it_began_and_when_it_ended() -> None:
    now = [NOON]
    operations = Operations(clock=lambda: now[0])
    future = begun()
    name = operations.add(future, TEXT)
    now[0] = NOON + timedelta(seconds=2)
    future.set_result({})
    now[0] = NOON + timedelta(seconds=60)
    done = operations.get(name, TEXT)
    assert (done.begun, done.changed) == (NOON, NOON + timedelta(seconds=2))


def test_a_delay_keeps_it_running_though_the_work_is_done() -> None:
    now = [NOON]
    operations = Operations(delay=timedelta(seconds=5), clock=lambda: now[0])
    future = begun()
    name = operations.add(future, TEXT)
    future.set_result({"lines": []})
    assert operations.get(name, TEXT).status == "Running"
    now[0] = NOON + timedelta(seconds=5)
    assert operations.get(name, TEXT).status == "Succeeded"


def test_all_fail_when_they_are_told_to() -> None:
    operations = Operations(fail=True)
    future = begun()
    name = operations.add(future, TEXT)
    future.set_result({"lines": []})
    done = operations.get(name, TEXT)
    assert (done.status, done.result) == ("Failed", None)


def test_an_operation_is_forgotten_when_its_time_is_over() -> None:
    now = [NOON]
    operations = Operations(kept=timedelta(seconds=10), clock=lambda: now[0])
    name = operations.add(begun(), TEXT)
    now[0] = NOON + timedelta(seconds=9)
    assert operations.get(name, TEXT).status == "Running"
    now[0] = NOON + timedelta(seconds=10)
    with pytest.raises(ApiError) as refusal:
        operations.get(name, TEXT)
    assert refusal.value.status == 404
    assert len(operations) == 0


def test_no_more_operations_are_kept_than_allowed_and_the_oldest_goes_first() -> None:
    operations = Operations(most=3)
    names = [operations.add(begun(), TEXT) for _ in range(4)]
    assert len(operations) == 3
    assert operations.get(names[3], TEXT).status == "Running"
    assert operations.get(names[1], TEXT).status == "Running"
    with pytest.raises(ApiError, match="no operation"):
        operations.get(names[0], TEXT)


class Words(dict[str, Any]):
    """A result that can be seen to be gone."""


def finished(operations: Operations, result: Json) -> str:
    future = begun()
    name = operations.add(future, TEXT)
    future.set_result(result)
    return name


def test_of_the_work_nothing_is_kept_but_its_result() -> None:
    operations, result = Operations(), Words(lines=["one", 2.5, "蕾"])
    future, gone = begun(), ref(result)
    name = operations.add(future, TEXT)
    future.set_result(result)
    holder = ref(future)
    del result, future
    assert (gone(), holder()) == (None, None)
    assert operations.get(name, TEXT).result == {"lines": ["one", 2.5, "蕾"]}


def test_results_of_many_pages_are_kept_as_long_as_there_is_room_for_them() -> None:
    operations = Operations(most_bytes=300_000)
    running = operations.add(begun(), TEXT)
    names = [finished(operations, {"text": urandom(50_000).hex()}) for _ in range(12)]
    operations.forget_old()
    assert operations.get(running, TEXT).status == "Running"
    assert operations.get(names[-1], TEXT).status == "Succeeded"
    with pytest.raises(ApiError, match="no operation"):
        operations.get(names[0], TEXT)
    assert 3 <= len(operations) <= 7


def test_the_memory_of_what_has_expired_comes_back() -> None:
    now = [NOON]
    operations = Operations(kept=timedelta(hours=1), clock=lambda: now[0])
    tracemalloc.start()
    try:
        for _ in range(60):
            finished(operations, {"text": urandom(500_000).hex()})
        full, _ = tracemalloc.get_traced_memory()
        now[0] += timedelta(hours=1)
        operations.forget_old()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert full > 20_000_000
    assert after < 1_000_000


def test_what_expires_before_its_turn_is_not_done() -> None:
    now = [NOON]
    operations = Operations(kept=timedelta(seconds=10), clock=lambda: now[0])
    future: Future[Json] = Future()
    operations.add(future, TEXT)
    now[0] = NOON + timedelta(seconds=10)
    operations.forget_old()
    assert future.cancelled()


def test_it_knows_whether_somebody_has_still_to_be_told() -> None:
    now = [NOON]
    operations = Operations(clock=lambda: now[0])
    assert not operations.untold
    name = finished(operations, {})
    assert operations.untold
    operations.get(name, TEXT)
    assert not operations.untold
    finished(operations, {})
    now[0] += TIME_TO_ASK
    assert not operations.untold
