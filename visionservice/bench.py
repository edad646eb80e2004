"""Where a request's picture is worked on: fetched, looked at, queued."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from .image_source import ImageSource
from .imaging import pdf
from .imaging.probe import ImageInfo, InputLimits, probe
from .pool import Pool
from .settings import LOOPBACK
from .turns import Steps

T = TypeVar("T")

CLIENT_HEADER = "X-Client-Id"


class Bench:
    """Fetches pictures and does the work on them, away from the event loop.

    Files that may have many pages have lanes of their own: opening a PDF, or drawing a page of it,
    may take as long as PDFium is given, and no picture is to wait for that.
    """

    def __init__(self, source: ImageSource, pool: Pool) -> None:
        self._source = source
        self._decoding = CapacityLimiter(2)
        self._pictures, self._opening, self._reading = pool, Pool(2), Pool(1)
        self._lanes = (self._pictures, self._opening, self._reading)

    async def fetch(self, request: Request, limits: InputLimits) -> tuple[bytes, ImageInfo]:
        """Return the bytes of a request's picture, and what they begin with."""
        data = await self._source.fetch(request, limits)
        look = partial(probe, data, limits)
        if "Pdf" in limits.formats and pdf.is_pdf(data):
            return data, await self._wait(request, self._opening, len(data), look)
        return data, await to_thread.run_sync(look, limiter=self._decoding)

    async def open(self, request: Request, header: ImageInfo, work: Callable[[], T]) -> T:
        """See at once, without a model, whether a file is whole."""
        if header.format == "Tiff":  # a PDF was opened to be looked at
            return await self._wait(request, self._opening, header.weight, work)
        return await to_thread.run_sync(work, limiter=self._decoding)

    def submit(
        self, request: Request, header: ImageInfo, work: Callable[[], T | Steps[T]]
    ) -> Future[T]:
        """Queue work that no request waits for."""
        lane = self._reading if header.is_document else self._pictures
        return lane.submit(_client(request), header.weight, work)

    async def work(self, request: Request, header: ImageInfo, work: Callable[[], T]) -> T:
        """Queue the work; it is not begun for a client that has hung up meanwhile."""
        return await self._wait(request, self._pictures, header.weight, work)

    async def _wait(self, request: Request, lane: Pool, weight: int, work: Callable[[], T]) -> T:
        future = lane.submit(_client(request), weight, work)
        going = asyncio.create_task(_cancel_when_gone(request, future))
        try:
            return await asyncio.wrap_future(future)
        finally:
            going.cancel()

    @property
    def running(self) -> bool:
        """Whether anything has been begun with and is not done."""
        return any(lane.running for lane in self._lanes)

    def close(self) -> None:
        """Drop what is waiting and take nothing more; what has begun goes on."""
        for lane in self._lanes:
            lane.close()

    def abandon(self) -> None:
        """Wait no longer for what has begun."""
        for lane in self._lanes:
            lane.abandon()


def _client(request: Request) -> Hashable:
    """Return what tells a client from others: what it says, its machine, or its connection."""
    host = request.client.host if request.client else ""
    itself = request.client if host in LOOPBACK else host
    return request.headers.get(CLIENT_HEADER, "")[:80] or itself


async def _cancel_when_gone(request: Request, future: Future[T]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    future.cancel()
