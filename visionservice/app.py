"""ASGI application: the table of operations, their handlers and how images reach the engines."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .analysis import ImageAnalysis, PageAnalysis
from .api import limits, v1, v2, v3, v4
from .api.admin import ROUTES, gallery_of
from .api.query import Query
from .api.version import V1_0, V2_0, V2_1, V3_0, V3_1, V3_2, V4_0, Json, Version
from .cache import AnalysisCache
from .engines.registry import load
from .gallery.gallery import Gallery
from .image_source import ImageSource
from .imaging.decode import LazyImage
from .imaging.document import Document
from .imaging.probe import ImageInfo, InputLimits, is_pdf, probe
from .middleware import ApiKeyMiddleware, IdleTimer
from .operations import OperationStore, pack, splice
from .responses import EXCEPTION_HANDLERS, JsonResponse
from .scheduler import Scheduler, Step
from .settings import LOOPBACK, ServiceSettings

ImageFile = tuple[bytes, ImageInfo, bytes | None]  # bytes, header, cache key
CLIENT_HEADER = "X-Client-Id"  # of a client with several connections, on this machine


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API: its path below a version's root, and that of its results, if any."""

    path: str
    parse: Callable[[Query, Version], Any]  # returns an `ImageHandler` or a `ReadPlan`
    versions: Sequence[Version]
    limits: InputLimits = limits.IMAGE
    results: str = ""

    def handler(self, request: Request, version: Version) -> Any:
        """Return what `parse` returns; parameters in the path precede those in the query."""
        pairs = [*request.path_params.items(), *request.query_params.multi_items()]
        query = Query(pairs, request.headers.get("user-agent", ""))
        if version.model:
            query.check_model_version()
        return self.parse(query, version)


FIRST, SECOND, THIRD, FOURTH = (V1_0,), (V2_0, V2_1), (V3_0, V3_1, V3_2), (V4_0,)
LATER = SECOND + THIRD
OPERATIONS = (
    Operation("analyze", v1.analyze, FIRST + LATER),
    Operation("describe", v1.describe, FIRST + LATER),
    Operation("tag", v1.tag, FIRST + LATER),
    Operation("models/{model}/analyze", v1.domain_model, FIRST + LATER),
    Operation("generatethumbnail", v1.thumbnail, FIRST + LATER),
    Operation("ocr", v1.ocr, FIRST, limits.OCR_V1),
    Operation("ocr", v1.ocr, LATER, limits.OCR_V2),
    Operation("detect", v2.detect, LATER),
    Operation("areaofinterest", v2.area_of_interest, LATER),
    Operation("recognizetext", v1.recognize_text, FIRST, limits.TEXT_V1, "textOperations"),
    Operation("recognizetext", v2.recognize_text, SECOND, limits.TEXT_V2, "textOperations"),
    Operation("read/core/asyncbatchanalyze", v2.read, SECOND, limits.READ_V2, "read/operations"),
    Operation("read/analyze", v3.read, THIRD, limits.READ_V3, "read/analyzeResults"),
    Operation("imageanalysis:analyze", v4.analyze, FOURTH, limits.IMAGE_V4),
)


def create_app(settings: ServiceSettings | None = None) -> Starlette:
    """Return the service as an ASGI application; `app.state.service` is its `Service`."""
    service = Service(settings or ServiceSettings())
    check = Middleware(ApiKeyMiddleware, service.settings, service.key, service.idle_timer)
    routes = [*service.routes(), *ROUTES]
    app = Starlette(routes=routes, middleware=[check], exception_handlers=EXCEPTION_HANDLERS)
    app.router.redirect_slashes = False
    app.state.service = service
    return app


class Service:
    """The endpoints of the API and what they share.

    Documents have their own workers: no image waits for a PDF that takes until its time limit.
    `ready` is set when all models are loaded; requests do not wait for that.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings, self.key = settings, settings.key or secrets.token_hex(16)
        self.idle_timer, self.ready = IdleTimer(), Event()
        self.engines = load(settings.engines, settings.engine_options)
        self.close: Callable[[], None] = lambda: None
        if (folder := settings.gallery) is None:
            temporary = TemporaryDirectory(prefix="vision-gallery-", ignore_cleanup_errors=True)
            self.close, folder = temporary.cleanup, Path(temporary.name)
        self.gallery = Gallery(folder, built_in=settings.built_in_gallery, engines=self.engines)
        self.operations = OperationStore(settings.operation_delay, fail=settings.fail_operations)
        self.schedulers = [Scheduler(workers) for workers in (2, None, 2, 1)]
        self.probing, self.images, self.opening, self.reading = self.schedulers
        self._source = ImageSource(settings)
        self._cache = AnalysisCache(settings.cache_size)

    def load_engines(self, is_stopped: Callable[[], bool]) -> None:
        """Load the models, and set `ready`, unless the service is stopped before."""
        self.engines.load(is_stopped)
        with suppress(ImportError, OSError):
            from .fetch import tls_context

            tls_context()  # slow, as the import is; the first URL would delay all requests
        if not is_stopped():
            self.ready.set()

    def routes(self) -> list[Route]:
        """Return the paths of the API: every operation in every version that has it."""
        routes = [Route(f"{version.root}/models", self._models) for version in FIRST + LATER]
        for operation in OPERATIONS:
            handler = self.start if operation.results else self.analyze
            for version in operation.versions:
                endpoint = partial(handler, operation, version)
                routes.append(Route(f"{version.root}/{operation.path}", endpoint, methods=["POST"]))
                if operation.results:
                    path = f"{version.root}/{operation.results.lower()}/{{name}}"
                    routes.append(Route(path, partial(self.get_progress, version)))
        return routes

    async def _models(self, request: Request) -> Response:
        return JsonResponse(request, v1.MODELS)

    async def analyze(self, operation: Operation, version: Version, request: Request) -> Response:
        """Validate the parameters, read the image, analyze it, and return the result."""
        handler, gallery = operation.handler(request, version), gallery_of(request)

        def analyze(data: bytes, info: ImageInfo, key: bytes | None) -> Any:
            pixels, alone = LazyImage.from_file(data, info), self.images.is_alone
            with self._cache.results(key) as results:
                image = ImageAnalysis(pixels, info.format, gallery, self.engines, results, alone)
                return handler(image, request.state.id)

        result = await self.process(request, operation.limits, analyze)
        if isinstance(result, bytes):
            headers = {"apim-request-id": request.state.id}
            return Response(result, media_type="image/jpeg", headers=headers)
        return JsonResponse(request, result)

    async def start(self, operation: Operation, version: Version, request: Request) -> Response:
        """Check that a document can be read, queue its pages, and return 202."""
        plan, gallery = operation.handler(request, version), gallery_of(request)
        async with self._read_image(request, operation.limits) as (data, info, key):
            probing, reading = self.probing, self.images
            if info.is_document:
                probing, reading, key = self.opening, self.reading, None
            reading.check_room(self._client(request), info.weight)  # before an image is decoded
            opening = partial(Document, data, info, checked=key in self._cache)
            document = await self._run(request, probing, info.weight, opening)
            numbers, pages = plan.select(document.pages), list[Json]()

            def read_page(number: int) -> bytes | None:
                page = document.page(number)
                with self._cache.results(key) as results:
                    image = ImageAnalysis(page, info.format, gallery, self.engines, results)
                    pages.append(plan.page(PageAnalysis(number, image, document.unit)))
                if len(pages) < len(numbers):
                    return None
                return pack(plan.result(pages))  # a step more would wait for other jobs again

            steps: list[Step] = [partial(read_page, number) for number in numbers]
            job = reading.submit(self._client(request), info.weight, *steps, key=key)
        if not job.begun:
            document.decoded = None  # a document in the queue keeps its file only
        job.add_done_callback(lambda _: document.close())
        path = self.operations.add(job, f"{version.root}/{operation.results}")
        location = f"{request.url.scheme}://{request.headers['host']}{path}"
        headers = {"Operation-Location": location, "apim-request-id": request.state.id}
        return Response(status_code=202, headers=headers)

    async def get_progress(self, version: Version, request: Request) -> Response:
        """Return the status of an operation, and its result without parsing it again."""
        progress = self.operations.get(request.scope["path"])
        head = JsonResponse(request, version.progress(progress))
        if progress.status != "Succeeded":
            return head
        del head.headers["content-length"]
        return StreamingResponse(splice(bytes(head.body), progress.result), headers=head.headers)

    async def process(self, request: Request, limits: InputLimits, work: Callable[..., Any]) -> Any:
        """Call a function with the `ImageFile` of a request, in a worker thread."""
        async with self._read_image(request, limits) as (data, info, key):
            step = partial(work, data, info, key)
            return await self._run(request, self.images, info.weight, step, key)

    @asynccontextmanager
    async def _read_image(self, request: Request, limits: InputLimits) -> AsyncIterator[ImageFile]:
        weight = min(int(request.headers.get("content-length", 0)), limits.bytes)
        client, accepts_pdf = self._client(request), "Pdf" in limits.formats
        queues = [self.images, self.reading] if accepts_pdf else [self.images]
        queue = min(queues, key=lambda each: each.waiting() + each.waiting(client))
        queue.check_room(client, weight)  # the one with more room: the file is not known yet
        async with self._source.open(request, limits) as data:
            scheduler = self.opening if accepts_pdf and is_pdf(data) else self.probing
            run = partial(self._run, request, scheduler, len(data))
            yield await run(lambda: (data, probe(data, limits), self._cache.key(data)))

    async def _run(
        self, request: Request, scheduler: Scheduler, weight: int, work: Step, key: Hashable = None
    ) -> Any:
        """Return the result of a job; cancel the job when the client disconnects."""
        job = scheduler.submit(self._client(request), weight, work, key=key)
        disconnect = asyncio.ensure_future(request.receive())  # nothing else follows the body
        try:
            await asyncio.wait({job, disconnect}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                raise ClientDisconnect
            return job.result()
        finally:
            disconnect.cancel()
            job.cancel()

    def _client(self, request: Request) -> Hashable:
        """Return the client's address; on this machine, the header or the connection."""
        if request.client and request.client.host not in LOOPBACK:
            return request.client.host
        header = "" if self.settings.public else request.headers.get(CLIENT_HEADER, "")
        return header[:80] or request.client
