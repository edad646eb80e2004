from __future__ import annotations

from concurrent.futures import Future
from uuid import UUID

import pytest

from visionhelpers.service.errors import ApiError
from visionhelpers.service.operations import Json, Operations


def test_an_operation_runs_then_succeeds_with_its_result() -> None:
    operations = Operations()
    future: Future[Json] = Future()
    name = operations.add(future)
    assert (len(name), str(UUID(name))) == (36, name)
    assert operations.get(name) == ("Running", None)
    assert operations.running
    future.set_result({"lines": []})
    assert operations.get(name.upper()) == ("Succeeded", {"lines": []})
    assert not operations.running


def test_a_failure_shows_as_failed_and_keeps_its_reason_to_itself() -> None:
    operations = Operations()
    future: Future[Json] = Future()
    name = operations.add(future)
    future.set_exception(ValueError("secret"))
    assert operations.get(name) == ("Failed", None)


def test_work_dropped_from_the_queue_shows_as_failed() -> None:
    operations = Operations()
    future: Future[Json] = Future()
    name = operations.add(future)
    future.cancel()
    assert operations.get(name) == ("Failed", None)


def test_an_operation_is_forgotten_when_its_time_is_over() -> None:
    now = [100.0]
    operations = Operations(seconds=10, clock=lambda: now[0])
    name = operations.add(Future())
    now[0] = 109.0
    assert operations.get(name)[0] == "Running"
    now[0] = 110.0
    with pytest.raises(ApiError) as refusal:
        operations.get(name)
    assert refusal.value.status == 404
    assert len(operations) == 0


def test_no_more_operations_are_kept_than_allowed_and_the_oldest_goes_first() -> None:
    operations = Operations(most=3)
    names = [operations.add(Future()) for _ in range(4)]
    assert len(operations) == 3
    assert operations.get(names[3])[0] == "Running"
    assert operations.get(names[1])[0] == "Running"
    with pytest.raises(ApiError, match="no operation"):
        operations.get(names[0])
