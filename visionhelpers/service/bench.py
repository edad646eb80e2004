"""Where a request's picture is worked on: fetched, looked at, queued."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from .header import Header, Limits, inspect
from .pool import Pool
from .source import Source

T = TypeVar("T")


class Bench:
    """Fetches pictures and does the work on them, away from the event loop."""

    def __init__(self, source: Source, pool: Pool) -> None:
        self._source = source
        self._pool = pool
        self._decoding = CapacityLimiter(2)
        self.close = pool.close

    async def fetch(self, request: Request, limits: Limits) -> tuple[bytes, Header]:
        """Return the bytes of a request's picture, and what they begin with."""
        data = await self._source.fetch(request, limits)
        return data, await self.decode(lambda: inspect(data, limits))

    async def decode(self, work: Callable[[], T]) -> T:
        """Do at once what takes no model."""
        return await to_thread.run_sync(work, limiter=self._decoding)

    def submit(self, header: Header, work: Callable[[], T]) -> Future[T]:
        """Queue work that no request waits for."""
        return self._pool.submit(header.weight, work)

    async def work(self, request: Request, header: Header, work: Callable[[], T]) -> T:
        """Queue the work; it is not begun for a client that has hung up meanwhile."""
        future = self.submit(header, work)
        waiting = asyncio.create_task(_cancel_when_gone(request, future))
        try:
            return await asyncio.wrap_future(future)
        finally:
            waiting.cancel()


async def _cancel_when_gone(request: Request, future: Future[T]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    future.cancel()
