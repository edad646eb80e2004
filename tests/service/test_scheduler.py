from __future__ import annotations

import asyncio
import gc
import time
from functools import partial
from threading import Event
from typing import Any
from weakref import ref

import pytest

from tests.support.event_loop import on_a_loop
from tests.support.poll import poll_until
from visionservice import scheduler
from visionservice.errors import ApiError
from visionservice.scheduler import Scheduler, Step

ME, YOU = "me", "you"


class Busy(Scheduler):
    """A scheduler with a worker that is busy until `go` is set."""

    def __init__(self, max_waiting_pixels: int = 20_000_000, workers: int = 1) -> None:
        super().__init__(workers)
        self.max_waiting_pixels = max_waiting_pixels
        self.begun, self.go, self.order = Event(), Event(), list[str]()

    async def block(self, *steps: Step, key: str | None = None) -> asyncio.Future[Any]:
        """Start a job whose first step runs until `go` is set."""

        def wait() -> None:
            self.begun.set()
            self.go.wait(20)

        self.begun.clear()
        self.go.clear()
        job = self.submit("nobody", 1, wait, *steps, key=key)
        assert await asyncio.to_thread(self.begun.wait, 5)
        return job

    def note(self, client: str, name: str, pixels: int = 1) -> asyncio.Future[None]:
        """Queue a job that adds its name to the order."""
        return self.submit(client, pixels, partial(self.order.append, name))


async def busy(max_waiting_pixels: int = 20_000_000) -> Busy:
    one = Busy(max_waiting_pixels)
    await one.block()
    return one


def seconds_to_retry(one: Scheduler, client: str, pixels: int) -> int:
    with pytest.raises(ApiError, match="Too many") as error:
        one.check_room(client, pixels)
    assert error.value.status == 429
    return int(error.value.headers["Retry-After"])


@pytest.mark.parametrize(
    "error",
    [ValueError(), MemoryError(), StopIteration(), SystemExit(3), KeyboardInterrupt()],
    ids=repr,
)
@on_a_loop
async def test_no_error_of_a_job_ends_a_worker_or_the_event_loop(error: BaseException) -> None:
    def fail() -> None:
        raise error

    one, is_usual = Scheduler(1), isinstance(error, ValueError | MemoryError)
    for _ in range(3):
        with pytest.raises(type(error) if is_usual else RuntimeError):
            await one.submit(ME, 1, fail)
    assert await one.submit(ME, 1, lambda: "found") == "found"
    assert (one.waiting(), one.working) == (0, False)


@on_a_loop
async def test_a_full_queue_rejects_a_job_and_accepts_it_later() -> None:
    one = await busy(3_000_000)
    queued = [one.note(client, client) for client in "123"]  # of the minimum weight
    with pytest.raises(ApiError, match="Too many"):
        one.note("4", "never")
    assert seconds_to_retry(one, "4", 1) >= 1
    one.go.set()
    await asyncio.gather(*queued)
    await one.note("4", "later", 10**9)  # more than the queue, which is empty
    assert one.order == [*"123", "later"]


@on_a_loop
async def test_the_time_to_retry_follows_from_the_queue_and_the_measured_speed() -> None:
    one = await busy()
    yours = one.note(YOU, "yours", 20_000_000)
    assert seconds_to_retry(one, ME, 4_000_000) == 2  # half a second a megapixel at the start
    assert seconds_to_retry(one, ME, 16_000_000) == 8
    assert seconds_to_retry(one, ME, 10**9) == 60
    one.go.set()
    await yours
    for _ in range(40):
        await one.submit(ME, 1_000_000, lambda: time.sleep(0.01))
    await one.block()
    one.note(YOU, "yours", 20_000_000)
    assert seconds_to_retry(one, ME, 16_000_000) < 8
    one.go.set()


@on_a_loop
async def test_one_client_fills_half_of_the_queue_and_clients_take_turns() -> None:
    one = await busy()
    mine = [f"mine {number}" for number in range(10)]
    jobs = [one.note(ME, name) for name in mine]
    with pytest.raises(ApiError, match="Too many"):
        one.note(ME, "mine too")
    jobs.append(one.note(YOU, "yours"))
    one.go.set()
    await asyncio.gather(*jobs)
    assert one.order == [mine[0], "yours", *mine[1:]]


@on_a_loop
async def test_other_clients_run_between_two_pages() -> None:
    one = await busy()
    names = [f"page {number}" for number in range(50)]
    pages = [partial(one.order.append, name) for name in names]
    document = one.submit(ME, 1, *pages, lambda: "read")
    others = [one.note(client, client) for client in (ME, YOU)]
    one.go.set()
    await asyncio.gather(*others)
    assert await document == "read"
    assert {*one.order[:6]} >= {ME, YOU}
    assert [name for name in one.order if name not in (ME, YOU)] == names


@on_a_loop
async def test_a_document_takes_up_room_until_its_last_page() -> None:
    one = Busy(1_500_000)
    document = await one.block(lambda: "read")
    assert one.waiting() == 1_000_000
    seconds_to_retry(one, YOU, 1)
    one.go.set()
    assert await document == "read"
    assert one.waiting() == 0
    await one.note(YOU, "yours")


@on_a_loop
async def test_jobs_with_the_same_key_never_run_at_the_same_time() -> None:
    one = Busy(workers=2)
    first = await one.block(key="image")
    same = one.submit(YOU, 1, partial(one.order.append, "same"), key="image")
    await one.note(ME, "another")
    assert one.order == ["another"]
    one.go.set()
    await asyncio.gather(first, same)
    assert one.order == ["another", "same"]


class Bytes(bytearray):
    """Bytes that accept weak references."""


@on_a_loop
async def test_a_canceled_job_does_not_run_and_its_memory_is_freed() -> None:
    one = await busy()
    data = Bytes(1_000_000)
    freed = ref(data)
    job = one.submit(ME, 1, partial(one.order.extend, data))
    del data
    assert one.waiting() == 1_000_000
    assert job.cancel()
    del job
    await asyncio.sleep(0)
    gc.collect()
    assert (freed(), one.waiting()) == (None, 0)
    one.go.set()
    await one.note(ME, "last")
    assert one.order == ["last"]


@on_a_loop
async def test_an_error_does_not_keep_the_image_in_memory() -> None:
    def fail(image: Bytes) -> None:
        raise ValueError(len(image))

    one, data = Scheduler(1), Bytes(1_000_000)
    freed = ref(data)
    job = one.submit(ME, 1, partial(fail, data))
    del data
    await asyncio.wait([job])
    assert str(job.exception()) == "1000000"
    del job
    await one.submit(ME, 1, lambda: None)
    assert freed() is None


def test_draining_finishes_what_has_begun_and_rejects_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def drain() -> None:
        one = Busy()
        running = await one.block(lambda: "read")
        waiting = one.note(ME, "never")
        one.note(YOU, "never, and nobody waits for the error")
        draining = asyncio.create_task(one.drain())
        with pytest.raises(ApiError, match="shutting down") as error:
            await waiting
        assert error.value.status == 503
        with pytest.raises(ApiError, match="shutting down"):
            one.note(YOU, "never")
        assert not draining.done()
        one.go.set()
        await draining
        assert (await running, one.order) == ("read", [])
        assert (one.waiting(), one.working) == (0, False)

    asyncio.run(asyncio.wait_for(drain(), 20))
    gc.collect()
    assert not caplog.records


def test_draining_ends_in_time_and_a_step_that_outlives_it_does_no_harm(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drain() -> Busy:
        one = Busy()
        document = await one.block(partial(one.order.append, "a page"))
        await one.drain()
        assert one.working
        with pytest.raises(ApiError, match="shutting down"):
            await document
        return one

    monkeypatch.setattr(scheduler, "DRAIN_SECONDS", 0.1)
    one = asyncio.run(asyncio.wait_for(drain(), 20))
    one.go.set()
    poll_until(lambda: not one.working)
    assert one.order == []
    assert "exception calling callback" not in caplog.text
