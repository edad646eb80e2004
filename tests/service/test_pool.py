from __future__ import annotations

from threading import Event

import pytest

from visionhelpers.service.errors import ApiError
from visionhelpers.service.pool import Pool


def test_work_is_done_and_its_failure_handed_back() -> None:
    pool = Pool(1)
    assert pool.submit(10, lambda: "seen").result(5) == "seen"
    with pytest.raises(ZeroDivisionError):
        pool.submit(10, lambda: 1 // 0).result(5)
    assert pool.waiting == 0


def test_a_full_queue_refuses_with_a_time_to_come_back_and_takes_work_again_later() -> None:
    pool = Pool(1, waiting_pixels=5_000_000)
    begun, go = Event(), Event()
    first = pool.submit(9_000_000, lambda: (begun.set(), go.wait(10)))
    assert begun.wait(5)
    queued = [pool.submit(2_000_000, lambda: "seen") for _ in range(2)]
    with pytest.raises(ApiError) as refusal:
        pool.submit(2_000_000, lambda: "never")
    assert refusal.value.status == 429
    assert int(refusal.value.headers["Retry-After"]) >= 1
    go.set()
    first.result(5)
    assert [future.result(5) for future in queued] == ["seen", "seen"]
    assert pool.submit(2_000_000, lambda: "seen").result(5) == "seen"


def test_a_picture_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    assert Pool(1, waiting_pixels=10).submit(10**9, lambda: "seen").result(5) == "seen"


def test_small_pictures_count_too() -> None:
    pool = Pool(1, waiting_pixels=3_000_000)
    begun, go = Event(), Event()
    pool.submit(1, lambda: (begun.set(), go.wait(10)))
    assert begun.wait(5)
    for _ in range(3):
        pool.submit(1, lambda: None)
    with pytest.raises(ApiError):
        pool.submit(1, lambda: None)
    go.set()


def test_closing_drops_what_waits() -> None:
    pool = Pool(1)
    begun, go = Event(), Event()
    working = pool.submit(1, lambda: (begun.set(), go.wait(10))[1])
    assert begun.wait(5)
    waiting = pool.submit(1, lambda: None)
    pool.close()
    go.set()
    assert working.result(5) is True
    assert waiting.cancelled()
    assert pool.waiting == 0
