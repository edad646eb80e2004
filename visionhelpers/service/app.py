"""The service as an ASGI application: which path does what, and every failure as JSON."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ..images import SAMPLES, samples
from .body import Drain
from .errors import bad_argument, not_found
from .failures import HANDLERS
from .gallery import Gallery, GalleryError
from .gate import LOOPBACK, Activity, Gate, Json
from .header import Header, Limits, inspect
from .operations import Operations
from .picture import Picture
from .pool import Pool
from .source import Source
from .wire import v1
from .wire.query import Query

T = TypeVar("T")
Check = Callable[[Query], v1.Work]
log = logging.getLogger(__name__)

V1 = "/vision/v1.0"
OPERATIONS: dict[str, tuple[Check, Limits]] = {
    f"{V1}/analyze": (v1.analyze, v1.PHOTO),
    f"{V1}/describe": (v1.describe, v1.PHOTO),
    f"{V1}/tag": (v1.tag, v1.PHOTO),
    f"{V1}/generatethumbnail": (v1.thumbnail, v1.PHOTO),
    f"{V1}/ocr": (v1.ocr, v1.OCR_PAGE),
}
"""What takes a picture and answers at once. The gate has put the API's paths into lower case."""


def create_app(
    *,
    key: str,
    gallery: Gallery,
    hosts: Collection[str] = LOOPBACK,
    public_only: bool = False,
    activity: Activity | None = None,
    pool: Pool | None = None,
) -> Starlette:
    """Return the service as an ASGI application.

    Args:
        key: The key that every request for a picture must bring.
        gallery: The people and places it knows by name.
        hosts: The names it answers to in the Host header, without ports.
        public_only: Whether to refuse picture addresses that lead into a private network; on for
            a service that others than its own machine can reach.
        activity: What to count the requests in, for a service that ends when idle.
        pool: What works on the pictures, and how many may wait; None for the usual one.
    """
    service = _Service(gallery, Source(hosts, public_only=public_only), pool or Pool())
    gate = Middleware(Gate, key=key, hosts=hosts, activity=activity or Activity())
    app = Starlette(
        routes=service.routes(), middleware=[Middleware(Drain), gate], exception_handlers=HANDLERS
    )
    app.router.redirect_slashes = False
    app.state.close = service.close
    app.state.busy = service.busy
    return app


class _Service:
    """The endpoints, with what they share."""

    def __init__(self, gallery: Gallery, source: Source, pool: Pool) -> None:
        self._gallery = gallery
        self._source = source
        self._pool = pool
        self._operations = Operations()
        self._decoding = CapacityLimiter(2)

    def routes(self) -> list[Route]:
        """Return the route table: every path there is."""
        post, get = ["POST"], ["GET"]
        table = [
            Route(path, partial(self._look, check, limits), methods=post)
            for path, (check, limits) in OPERATIONS.items()
        ]
        return [
            *table,
            Route(f"{V1}/models", self._models, methods=get),
            Route(f"{V1}/models/{{model}}/analyze", self._domain, methods=post),
            Route(f"{V1}/recognizetext", self._recognize_text, methods=post),
            Route(f"{V1}/textoperations/{{name}}", self._text_operation, methods=get),
            Route("/gallery/{kind}/{name}", self._teach, methods=post),
            Route("/gallery/{kind}/{name}", self._forget, methods=["DELETE"]),
            Route("/samples/{name:path}", self._sample, methods=get),
            Route("/health", self._health, methods=get),
        ]

    def busy(self) -> bool:
        """Tell whether an operation is still running that no request waits for."""
        return self._operations.running

    def close(self) -> None:
        """Drop the work that has not begun."""
        self._pool.close()

    async def _look(self, check: Check, limits: Limits, request: Request) -> Response:
        """Check the parameters, fetch the picture, do the work, answer."""
        work = check(_query(request))
        data, header = await self._fetch(request, limits)
        name = request.state.id
        answer = await self._do(request, header, lambda: work(self._open(data, header), name))
        if isinstance(answer, bytes):
            headers = {"apim-request-id": name}
            return Response(answer, media_type="image/jpeg", headers=headers)
        return Json(request, answer)

    async def _domain(self, request: Request) -> Response:
        model = request.path_params["model"]
        return await self._look(partial(v1.domain, model=model), v1.PHOTO, request)

    async def _models(self, request: Request) -> Response:
        return Json(request, v1.MODELS)

    async def _recognize_text(self, request: Request) -> Response:
        """Begin to read a picture that is known to be whole; the text is asked for later."""
        work = v1.recognize_text(_query(request))
        data, header = await self._fetch(request, v1.TEXT_PAGE)
        await to_thread.run_sync(self._open, data, header, limiter=self._decoding)

        def read() -> Any:
            try:
                return work(self._open(data, header), request.state.id)
            except Exception:
                log.exception("The operation of request %s failed", request.state.id)
                raise

        name = self._operations.add(self._pool.submit(header.weight, read))
        host = request.headers["host"]
        location = f"{request.url.scheme}://{host}/vision/v1.0/textOperations/{name}"
        headers = {"Operation-Location": location, "apim-request-id": request.state.id}
        return Response(status_code=202, headers=headers)

    async def _text_operation(self, request: Request) -> Response:
        status, result = self._operations.get(request.path_params["name"])
        return Json(request, v1.operation(status, result))

    async def _teach(self, request: Request) -> Response:
        """Add a picture to a name of the gallery; this service's own, not the API's."""
        name = request.path_params["name"]
        kind = self._kind(request)
        data, header = await self._fetch(request, v1.PHOTO)
        add = self._gallery.add_face if kind == "celebrities" else self._gallery.add_landmark
        try:
            pictures = await self._do(request, header, lambda: add(name, data))
        except GalleryError as error:
            raise bad_argument(str(error)) from None
        return Json(request, {"name": name, "pictures": pictures}, 201)

    async def _forget(self, request: Request) -> Response:
        name = request.path_params["name"]
        people = self._kind(request) == "celebrities"
        forget = self._gallery.forget_face if people else self._gallery.forget_landmark
        try:
            if not await to_thread.run_sync(forget, name):
                raise not_found(f"the gallery has no {name[:40]!r} of its own")
        except GalleryError as error:
            raise bad_argument(str(error)) from None
        return Response(status_code=204)

    async def _sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in samples():
            raise not_found(f"no sample is called {name[:40]!r}")
        return FileResponse(SAMPLES / name)

    async def _health(self, request: Request) -> Response:
        return Json(request, {"status": "ok"})

    async def _fetch(self, request: Request, limits: Limits) -> tuple[bytes, Header]:
        data = await self._source.fetch(request)
        header = await to_thread.run_sync(inspect, data, limits, limiter=self._decoding)
        return data, header

    def _open(self, data: bytes, header: Header) -> Picture:
        return Picture.decode(data, header, self._gallery)

    async def _do(self, request: Request, header: Header, work: Callable[[], T]) -> T:
        """Queue the work; it is not begun for a client that has hung up meanwhile."""
        future = self._pool.submit(header.weight, work)
        waiting = asyncio.create_task(_cancel_when_gone(request, future))
        try:
            return await asyncio.wrap_future(future)
        finally:
            waiting.cancel()

    @staticmethod
    def _kind(request: Request) -> str:
        kind = str(request.path_params["kind"]).lower()
        if kind not in ("celebrities", "landmarks"):
            raise not_found()
        return kind


async def _cancel_when_gone(request: Request, future: Future[T]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    future.cancel()


def _query(request: Request) -> Query:
    return Query(request.query_params.multi_items(), request.headers.get("user-agent", ""))
