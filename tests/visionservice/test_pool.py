from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from threading import Event
from time import sleep
from weakref import ref

import pytest

from visionservice.errors import ApiError
from visionservice.pool import Pool
from visionservice.turns import Steps

ME, YOU = "me", "you"


class Held:
    """A pool of one thread that is busy until it is let go."""

    def __init__(self, **options: int) -> None:
        self.pool, self.go, self.order = Pool(1, **options), Event(), list[str]()
        begun = Event()
        self.pool.submit("nobody", 1, lambda: (begun.set(), self.go.wait(20)))
        assert begun.wait(5)

    def submit(self, client: str, name: str, pixels: int = 1) -> Future[None]:
        return self.pool.submit(client, pixels, lambda: self.order.append(name))


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held(waiting_pixels=20_000_000)
    yield held
    held.go.set()
    held.pool.abandon()


def test_work_is_done_and_its_failure_handed_back() -> None:
    pool = Pool(1)
    assert pool.submit(ME, 10, lambda: "seen").result(5) == "seen"
    with pytest.raises(ZeroDivisionError):
        pool.submit(ME, 10, lambda: 1 // 0).result(5)
    assert pool.waiting == 0


def test_a_full_queue_refuses_with_a_time_to_come_back_and_takes_work_again_later() -> None:
    held = Held(waiting_pixels=5_000_000)
    queued = [held.submit(client, client, 2_000_000) for client in (ME, YOU)]
    with pytest.raises(ApiError) as refusal:
        held.submit("third", "never", 2_000_000)
    assert refusal.value.status == 429
    assert int(refusal.value.headers["Retry-After"]) >= 1
    held.go.set()
    for future in queued:
        future.result(5)
    held.submit(ME, "later", 2_000_000).result(5)
    assert held.order == [ME, YOU, "later"]


def test_the_time_to_come_back_follows_from_what_waits_and_how_fast_it_goes() -> None:
    def told(pool: Pool, pixels: int) -> int:
        with pytest.raises(ApiError) as refusal:
            pool.submit(ME, pixels, lambda: None)
        return int(refusal.value.headers["Retry-After"])

    held = Held(waiting_pixels=20_000_000)
    yours = held.submit(YOU, "you", 20_000_000)
    assert told(held.pool, 4_000_000) == 2  # at half a second a megapixel, until it is known
    assert told(held.pool, 16_000_000) == 8
    assert told(held.pool, 10**9) == 60
    held.go.set()
    yours.result(5)
    for _ in range(40):
        held.pool.submit(ME, 1_000_000, lambda: sleep(0.01)).result(5)
    begun, go = Event(), Event()
    held.pool.submit(ME, 1, lambda: (begun.set(), go.wait(20)))
    assert begun.wait(5)
    held.pool.submit(YOU, 20_000_000, lambda: None)
    assert told(held.pool, 16_000_000) < 8
    go.set()


def test_clients_take_turns_however_much_one_of_them_has_queued(held: Held) -> None:
    mine = [held.submit(ME, f"mine {number}") for number in range(6)]
    yours = held.submit(YOU, "yours")
    held.go.set()
    yours.result(5)
    mine[-1].result(5)
    assert held.order.index("yours") == 1
    assert [name for name in held.order if name != "yours"] == [f"mine {n}" for n in range(6)]


def test_one_client_fills_half_of_the_queue_and_another_still_finds_room(held: Held) -> None:
    for number in range(10):
        held.submit(ME, f"mine {number}")
    with pytest.raises(ApiError, match="Too many"):
        held.submit(ME, "mine too")
    held.submit(YOU, "yours")


def test_many_pages_make_way_after_each_of_them() -> None:
    pool, order, go = Pool(1), list[str](), Event()

    def pages() -> Steps[str]:
        for number in range(50):
            assert go.wait(20)
            order.append(f"page {number}")
            yield
        return "read"

    document = pool.submit(ME, 1, pages)
    others = [pool.submit(client, 1, partial(order.append, client)) for client in (ME, YOU)]
    go.set()
    for future in others:
        future.result(5)
    assert document.result(5) == "read"
    assert {*order[:6]} >= {ME, YOU}
    assert [name for name in order if name not in (ME, YOU)] == [f"page {n}" for n in range(50)]
    assert (pool.waiting, pool.running) == (0, 0)


def test_a_document_takes_up_room_until_its_last_page() -> None:
    pool, begun, go = Pool(2, waiting_pixels=5_000_000), Event(), Event()

    def pages() -> Steps[None]:
        yield
        begun.set()
        go.wait(20)

    document = pool.submit(ME, 4_000_000, pages)
    assert begun.wait(5)
    with pytest.raises(ApiError, match="Too many"):
        pool.submit(YOU, 2_000_000, lambda: None)
    go.set()
    document.result(5)
    pool.submit(YOU, 2_000_000, lambda: None).result(5)


class Bytes(bytearray):
    """Bytes that can be seen to be gone."""


def test_what_is_cancelled_while_it_waits_is_not_done_and_its_memory_comes_back(held: Held) -> None:
    data = Bytes(1_000_000)
    gone = ref(data)
    future = held.pool.submit(ME, 1, partial(held.order.append, data))  # type: ignore[arg-type]
    del data
    assert held.pool.waiting == 1_000_000
    assert future.cancel()
    del future
    gc.collect()
    assert gone() is None
    assert held.pool.waiting == 0
    last = held.submit(ME, "last")
    held.go.set()
    last.result(5)
    assert held.order == ["last"]


def test_a_failure_does_not_keep_its_picture() -> None:
    pool, data = Pool(1), Bytes(1_000_000)
    gone = ref(data)

    def fail(picture: Bytes) -> None:
        raise ValueError(len(picture))

    future = pool.submit(ME, 1, partial(fail, data))
    del data
    failure = str(future.exception(5))
    del future
    assert failure == "1000000"
    pool.submit(ME, 1, lambda: None).result(5)
    assert gone() is None


@pytest.mark.parametrize("trouble", [MemoryError(), SystemExit(3), KeyboardInterrupt()])
def test_work_that_ends_in_whatever_way_ends_no_thread(trouble: BaseException) -> None:
    def fail() -> None:
        raise trouble

    pool = Pool(1)
    for _ in range(3):
        assert isinstance(pool.submit(ME, 1, fail).exception(5), Exception)
    assert pool.submit(ME, 1, lambda: "seen").result(5) == "seen"


def test_a_picture_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    assert Pool(1, waiting_pixels=10).submit(ME, 10**9, lambda: "seen").result(5) == "seen"


def test_small_pictures_count_too() -> None:
    held = Held(waiting_pixels=3_000_000)
    for client in (ME, YOU, "third"):
        held.submit(client, client)
    with pytest.raises(ApiError, match="Too many"):
        held.submit("fourth", "never")
    held.go.set()


def test_closing_drops_what_waits_finishes_what_has_begun_and_takes_nothing_more() -> None:
    pool, begun, go = Pool(1), Event(), Event()

    def pages() -> Steps[str]:
        begun.set()
        go.wait(10)
        yield
        return "read"

    working = pool.submit(ME, 1, pages)
    assert begun.wait(5)
    waiting = pool.submit(ME, 1, lambda: None)
    pool.close()
    with pytest.raises(ApiError) as refusal:
        pool.submit(YOU, 1, lambda: None)
    assert refusal.value.status == 503
    assert (waiting.cancelled(), pool.running) == (True, 1)
    go.set()
    assert working.result(5) == "read"
    assert pool.waiting == 0


def test_abandoning_ends_a_document_after_its_page() -> None:
    pool, begun, go = Pool(1), Event(), Event()

    def pages() -> Steps[None]:
        begun.set()
        go.wait(10)
        yield
        raise AssertionError

    working = pool.submit(ME, 1, pages)
    assert begun.wait(5)
    pool.abandon()
    go.set()
    assert isinstance(working.exception(5), ApiError)


def test_abandoning_ends_a_document_whose_turn_does_not_come_any_more() -> None:
    pool, both, begun, go = Pool(1), Event(), Event(), Event()

    def paused() -> Steps[None]:
        both.wait(10)
        yield

    def hanging() -> None:
        begun.set()
        go.wait(10)

    document = pool.submit(ME, 1, paused)
    picture = pool.submit(YOU, 1, hanging)
    both.set()
    assert begun.wait(5)
    assert document.running()
    pool.abandon()
    assert isinstance(document.exception(5), ApiError)
    assert (pool.running, pool.waiting) == (1, 0)
    go.set()
    assert picture.result(5) is None
