from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from threading import Event
from weakref import ref

import pytest

from tests.support.event_loop import on_a_loop
from tests.support.poll import poll_until
from visionservice import scheduler
from visionservice.errors import ApiError
from visionservice.scheduler import Scheduler

ME, YOU = "me", "you"


async def until(event: Event) -> None:
    assert await asyncio.to_thread(event.wait, 5)


class Busy:
    """A scheduler whose only worker is busy until `go` is set."""

    def __init__(self, max_waiting_pixels: int) -> None:
        self.scheduler = Scheduler(1)
        self.scheduler.max_waiting_pixels = max_waiting_pixels
        self.begun, self.go, self.order = Event(), Event(), list[str]()
        self.first = self.scheduler.submit("nobody", 1, self.wait)

    def wait(self) -> None:
        self.begun.set()
        self.go.wait(20)

    def submit(self, client: str, name: str, pixels: int = 1) -> asyncio.Future[None]:
        return self.scheduler.submit(client, pixels, lambda: self.order.append(name))


@asynccontextmanager
async def busy(max_waiting_pixels: int = 20_000_000) -> AsyncIterator[Busy]:
    one = Busy(max_waiting_pixels)
    await until(one.begun)
    yield one
    one.go.set()
    await one.scheduler.drain()


@on_a_loop
async def test_a_job_returns_its_result_or_raises_its_error() -> None:
    one = Scheduler(1)
    assert await one.submit(ME, 10, lambda: "found") == "found"
    with pytest.raises(ZeroDivisionError):
        await one.submit(ME, 10, lambda: 1 // 0)
    assert (one.waiting(), one.working) == (0, False)


@on_a_loop
async def test_a_full_queue_rejects_a_job_with_a_time_to_retry_and_accepts_it_later() -> None:
    async with busy(5_000_000) as one:
        queued = [one.submit(client, client, 2_000_000) for client in (ME, YOU)]
        with pytest.raises(ApiError) as refusal:
            one.submit("third", "never", 2_000_000)
        assert refusal.value.status == 429
        assert int(refusal.value.headers["Retry-After"]) >= 1
        one.go.set()
        await asyncio.gather(*queued)
        await one.submit(ME, "later", 2_000_000)
        assert one.order == [ME, YOU, "later"]


@on_a_loop
async def test_the_time_to_retry_follows_from_the_queue_and_the_measured_speed() -> None:
    def seconds(one: Scheduler, pixels: int) -> int:
        with pytest.raises(ApiError) as refusal:
            one.check_room(ME, pixels)
        return int(refusal.value.headers["Retry-After"])

    async with busy() as one:
        yours = one.submit(YOU, "yours", 20_000_000)
        assert seconds(one.scheduler, 4_000_000) == 2  # half a second a megapixel at the start
        assert seconds(one.scheduler, 16_000_000) == 8
        assert seconds(one.scheduler, 10**9) == 60
        one.go.set()
        await yours
        for _ in range(40):
            await one.scheduler.submit(ME, 1_000_000, lambda: time.sleep(0.01))
        one.begun.clear()
        one.go.clear()
        one.scheduler.submit(ME, 1, one.wait)
        await until(one.begun)
        one.submit(YOU, "yours", 20_000_000)
        assert seconds(one.scheduler, 16_000_000) < 8


@on_a_loop
async def test_clients_take_turns() -> None:
    async with busy() as one:
        mine = [one.submit(ME, f"mine {number}") for number in range(6)]
        yours = one.submit(YOU, "yours")
        one.go.set()
        await asyncio.gather(*mine, yours)
        assert one.order.index("yours") == 1
        assert [name for name in one.order if name != "yours"] == [f"mine {n}" for n in range(6)]


@on_a_loop
async def test_one_client_fills_half_of_the_queue_and_another_still_finds_room() -> None:
    async with busy() as one:
        for number in range(10):
            one.submit(ME, f"mine {number}")
        with pytest.raises(ApiError, match="Too many"):
            one.submit(ME, "mine too")
        one.submit(YOU, "yours")


@on_a_loop
async def test_other_clients_run_between_two_pages() -> None:
    async with busy() as one:
        pages = [partial(one.order.append, f"page {number}") for number in range(50)]
        document = one.scheduler.submit(ME, 1, *pages, lambda: "read")
        others = [one.submit(client, client) for client in (ME, YOU)]
        one.go.set()
        await asyncio.gather(*others)
        assert await document == "read"
        assert {*one.order[:6]} >= {ME, YOU}
        names = [name for name in one.order if name not in (ME, YOU)]
        assert names == [f"page {number}" for number in range(50)]
        assert one.scheduler.waiting() == 0


@on_a_loop
async def test_a_document_takes_up_room_until_its_last_page() -> None:
    async with busy(5_000_000) as one:
        document = one.scheduler.submit(ME, 4_000_000, lambda: None, one.wait, lambda: None)
        one.go.set()
        await one.first
        one.go.clear()
        one.begun.clear()
        await until(one.begun)
        with pytest.raises(ApiError, match="Too many"):
            one.submit(YOU, "yours", 2_000_000)
        one.go.set()
        await document
        await one.submit(YOU, "yours", 2_000_000)


@on_a_loop
async def test_jobs_with_the_same_key_never_run_at_the_same_time() -> None:
    one, begun, go = Scheduler(2), Event(), Event()

    def first() -> None:
        begun.set()
        go.wait(20)

    order: list[str] = []
    same = [
        one.submit(ME, 1, first, key="image"),
        one.submit(YOU, 1, partial(order.append, "same"), key="image"),
    ]
    await until(begun)
    await one.submit(ME, 1, partial(order.append, "another"))
    assert order == ["another"]
    go.set()
    await asyncio.gather(*same)
    assert order == ["another", "same"]


class Bytes(bytearray):
    """Bytes that accept weak references."""


@on_a_loop
async def test_a_canceled_job_does_not_run_and_its_memory_is_freed() -> None:
    async with busy() as one:
        data = Bytes(1_000_000)
        freed = ref(data)
        append: Callable[[Bytes], None] = one.order.append  # type: ignore[assignment]
        future = one.scheduler.submit(ME, 1, partial(append, data))
        del data
        assert one.scheduler.waiting() == 1_000_000
        assert future.cancel()
        del future
        await asyncio.sleep(0)
        gc.collect()
        assert freed() is None
        assert one.scheduler.waiting() == 0
        last = one.submit(ME, "last")
        one.go.set()
        await last
        assert one.order == ["last"]


@on_a_loop
async def test_an_error_does_not_keep_the_image_in_memory() -> None:
    one, data = Scheduler(1), Bytes(1_000_000)
    freed = ref(data)

    def fail(image: Bytes) -> None:
        raise ValueError(len(image))

    future = one.submit(ME, 1, partial(fail, data))
    del data
    await asyncio.wait([future])
    message = str(future.exception())
    del future
    assert message == "1000000"
    await one.submit(ME, 1, lambda: None)
    assert freed() is None


@pytest.mark.parametrize(
    "error", [MemoryError(), StopIteration(), SystemExit(3), KeyboardInterrupt()]
)
def test_no_error_ends_a_worker_or_the_event_loop(error: BaseException) -> None:
    def fail() -> None:
        raise error

    async def run() -> None:
        one = Scheduler(1)
        for _ in range(3):
            with pytest.raises(Exception):  # noqa: B017, PT011
                await one.submit(ME, 1, fail)
        assert await one.submit(ME, 1, lambda: "found") == "found"

    asyncio.run(asyncio.wait_for(run(), 20))


@on_a_loop
async def test_an_image_larger_than_the_queue_is_accepted_when_nothing_waits() -> None:
    one = Scheduler(1)
    one.max_waiting_pixels = 10
    assert await one.submit(ME, 10**9, lambda: "found") == "found"


@on_a_loop
async def test_small_images_have_a_minimum_weight() -> None:
    async with busy(3_000_000) as one:
        for client in (ME, YOU, "third"):
            one.submit(client, client)
        with pytest.raises(ApiError, match="Too many"):
            one.submit("fourth", "never")


@on_a_loop
async def test_draining_finishes_what_has_begun_and_rejects_the_rest() -> None:
    one, begun, go = Scheduler(1), Event(), Event()

    def page() -> None:
        begun.set()
        go.wait(10)

    running = one.submit(ME, 1, page, lambda: "read")
    await until(begun)
    waiting = one.submit(ME, 1, lambda: None)
    draining = asyncio.create_task(one.drain())
    with pytest.raises(ApiError) as refusal:
        await waiting
    assert refusal.value.status == 503
    with pytest.raises(ApiError, match="shutting down"):
        one.submit(YOU, 1, lambda: None)
    assert not draining.done()
    go.set()
    await draining
    assert await running == "read"
    assert (one.waiting(), one.working) == (0, False)


def test_a_rejected_job_that_nobody_waits_for_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        async with busy() as one:
            one.scheduler.submit(ME, 1, lambda: None)
            one.go.set()
            await one.scheduler.drain()

    asyncio.run(run())
    gc.collect()
    assert not caplog.records


def test_draining_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with busy() as one:
            await one.scheduler.drain()
            assert one.scheduler.working
            with pytest.raises(ApiError, match="shutting down"):
                await one.first

    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.1)
    asyncio.run(asyncio.wait_for(run(), 20))


def test_the_end_of_the_time_ends_a_document_after_its_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        async with busy() as one:
            one.go.set()
            await one.first
            one.begun.clear()
            one.go.clear()
            pages = [partial(one.order.append, "page")] * 2
            document = one.scheduler.submit(ME, 1, one.wait, *pages)
            await until(one.begun)
            await one.scheduler.drain()
            with pytest.raises(ApiError, match="shutting down"):
                await document
            one.go.set()
            await asyncio.sleep(0.1)
            assert one.order == []

    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.1)
    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_step_that_outlives_its_event_loop_does_no_harm(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.1)
    begun, go = Event(), Event()
    one = Scheduler(1)

    async def run() -> None:
        one.submit(ME, 1, lambda: (begun.set(), go.wait(10)))
        await until(begun)
        await one.drain()

    asyncio.run(run())
    assert one.working
    go.set()
    poll_until(lambda: not one.working)
    assert "exception calling callback" not in caplog.text
