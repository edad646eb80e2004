"""The service as an ASGI application: which path does what, and every failure as JSON."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .analysis import ImageAnalysis
from .api import V1_0, V2_0, V2_1, V3_0, V3_1, V3_2, V4_0, v1, v2, v3, v4
from .api.admin import AdminRoutes, gallery_of
from .api.query import Query
from .api.version import ReadPlan, Version
from .bench import Bench
from .cache import AnalysisCache
from .ending import finish
from .gallery.gallery import Gallery
from .image_source import ImageSource
from .imaging.document import Document
from .imaging.probe import InputLimits
from .middleware import ApiKeyMiddleware, IdleTimer
from .operations import Operations
from .pool import Pool
from .responses import EXCEPTION_HANDLERS, JsonResponse
from .settings import ServiceSettings
from .turns import Steps

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: its path, what checks and answers it, who has it, what it takes.

    Attributes:
        path: Below a version's root; the gate has put the API's paths into lower case.
        check: Refuses a query, or returns the work on the picture (or document).
        versions: The versions that have it.
        limits: What pictures it takes.
        results: Where the result of one that takes long is asked for, as the API spells it.
    """

    path: str
    check: Callable[[Query, Version], Callable[..., Any]]
    versions: Sequence[Version]
    limits: InputLimits = v1.PHOTO
    results: str = ""


FIRST, SECOND, THIRD, FOURTH = (V1_0,), (V2_0, V2_1), (V3_0, V3_1, V3_2), (V4_0,)
LATER = SECOND + THIRD
OPERATIONS = (
    Operation("analyze", v1.analyze, FIRST + LATER),
    Operation("describe", v1.describe, FIRST + LATER),
    Operation("tag", v1.tag, FIRST + LATER),
    Operation("models/{model}/analyze", v1.domain_model, FIRST + LATER),
    Operation("generatethumbnail", v1.thumbnail, FIRST + LATER),
    Operation("ocr", v1.ocr, FIRST, v1.OCR_PAGE),
    Operation("ocr", v1.ocr, LATER, v2.OCR_PAGE),
    Operation("detect", v2.detect, LATER),
    Operation("areaofinterest", v2.area_of_interest, LATER),
    Operation("recognizetext", v1.recognize_text, FIRST, v1.TEXT_PAGE, "textOperations"),
    Operation("recognizetext", v2.recognize_text, SECOND, v2.TEXT_PAGE, "textOperations"),
    Operation("read/core/asyncbatchanalyze", v2.read, SECOND, v2.DOCUMENT, "read/operations"),
    Operation("read/analyze", v3.read, THIRD, v3.DOCUMENT, "read/analyzeResults"),
    Operation("imageanalysis:analyze", v4.analyze, FOURTH, v4.IMAGE),
)
"""Every operation that takes a picture."""


def create_app(
    settings: ServiceSettings | None = None,
    *,
    key: str | None = None,
    gallery: Gallery | None = None,
    scheduler: Pool | None = None,
    idle_timer: IdleTimer | None = None,
) -> Starlette:
    """Return the service as an ASGI application.

    Args:
        settings: The settings; None for the defaults.
        key: The key that requests must carry; None for that of the settings, or a random one.
        gallery: The known people and places; None for the folder of the settings, or a temporary
            folder.
        scheduler: Runs the work on images; None for a new one.
        idle_timer: Measures the time without requests; None for a new one.
    """
    settings = settings or ServiceSettings()
    source = ImageSource(settings)
    operations = Operations(
        delay=timedelta(seconds=settings.operation_delay), fail=settings.fail_operations
    )
    temporary = None
    if gallery is None:
        folder = settings.gallery or Path(tempfile.mkdtemp(prefix="visionhelpers-gallery-"))
        gallery = Gallery(folder)
        if settings.gallery is None:
            temporary = weakref.finalize(gallery, shutil.rmtree, folder, True)
    bench = Bench(source, scheduler or Pool())
    api_key = Middleware(
        ApiKeyMiddleware,
        key=key or settings.key or secrets.token_hex(16),
        settings=settings,
        idle_timer=idle_timer or IdleTimer(),
    )
    service = _Service(gallery, bench, operations, AnalysisCache(settings.cache_size))
    app = Starlette(
        routes=[*service.routes(), *AdminRoutes(gallery, bench).routes()],
        middleware=[api_key],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    app.router.redirect_slashes = False
    app.state.finish = partial(finish, bench, operations)
    app.state.close = partial(_close, bench, temporary)
    app.state.busy = lambda: operations.running
    app.state.working = lambda: bench.running
    app.state.forget = operations.forget_old
    return app


def _close(bench: Bench, temporary: Callable[[], object] | None) -> None:
    bench.abandon()
    if temporary:
        temporary()


class _Service:
    """The endpoints of the API, with what they share."""

    def __init__(
        self, gallery: Gallery, bench: Bench, operations: Operations, memory: AnalysisCache
    ) -> None:
        self._gallery = gallery
        self._bench = bench
        self._operations = operations
        self._memory = memory

    def routes(self) -> list[Route]:
        """Return the paths of the API: every operation in every version that has it."""
        post, get = ["POST"], ["GET"]
        table = [
            Route(
                f"{version.root}/{operation.path}",
                partial(self._begin if operation.results else self._look, operation, version),
                methods=post,
            )
            for operation in OPERATIONS
            for version in operation.versions
        ]
        results = {
            (version, operation.results)
            for operation in OPERATIONS
            for version in operation.versions
            if operation.results
        }
        table += [
            Route(
                f"{version.root}/{path.lower()}/{{name}}",
                partial(self._result, version, path),
                methods=get,
            )
            for version, path in results
        ]
        models = [
            Route(f"{version.root}/models", self._models, methods=get) for version in FIRST + LATER
        ]
        return table + models

    async def _look(self, operation: Operation, version: Version, request: Request) -> Response:
        """Check the parameters, fetch the picture, do the work, answer."""
        work = _checked(operation, version, request)
        gallery = gallery_of(request, self._gallery)
        data, header = await self._bench.fetch(request, operation.limits)
        name = request.state.id

        def look() -> Any:
            picture = ImageAnalysis.decode(data, header, gallery)
            picture.results = self._memory.of(data)
            return work(picture, name)

        answer = await self._bench.work(request, header, look)
        if isinstance(answer, bytes):
            headers = {"apim-request-id": name}
            return Response(answer, media_type="image/jpeg", headers=headers)
        return JsonResponse(request, answer)

    async def _begin(self, operation: Operation, version: Version, request: Request) -> Response:
        """Begin to read a document that is known to be whole; the text is asked for later."""
        check = _checked(operation, version, request)
        gallery = gallery_of(request, self._gallery)
        data, header = await self._bench.fetch(request, operation.limits)

        def decode() -> Document:
            document = Document.decode(data, header, gallery)
            if not header.is_document:
                document.known = self._memory.of(data)
            return document

        document = await self._bench.open(request, header, decode)
        plan = check(document.pages)
        work: Callable[[], Any] = partial(_read, document, plan)
        future: Future[Any] = self._bench.submit(request, header, work)
        future.add_done_callback(partial(_log_failure, request.state.id))
        name = self._operations.add(future, f"{version.root}/{operation.results}")
        root = f"{request.url.scheme}://{request.headers['host']}{version.root}"
        location = f"{root}/{operation.results}/{name}"
        headers = {"Operation-Location": location, "apim-request-id": request.state.id}
        return Response(status_code=202, headers=headers)

    async def _result(self, version: Version, path: str, request: Request) -> Response:
        done = self._operations.get(request.path_params["name"], f"{version.root}/{path}")
        return JsonResponse(request, version.progress(done) | (done.result or {}))

    async def _models(self, request: Request) -> Response:
        return JsonResponse(request, v1.MODELS)


def _read(document: Document, plan: ReadPlan) -> Steps[dict[str, Any]]:
    """Read the pages of a plan one by one; pause before all but the first."""
    pages: list[dict[str, Any]] = []
    for number in plan.numbers:
        if pages:
            yield
        pages.append(plan.page(document.page(number)))
    return plan.result(pages)


def _log_failure(name: str, done: Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("The operation of request %s failed", name, exc_info=error)


def _checked(operation: Operation, version: Version, request: Request) -> Callable[..., Any]:
    """Return the work that a request asks for; what the path names counts before the query."""
    pairs = [*request.path_params.items(), *request.query_params.multi_items()]
    query = Query(pairs, request.headers.get("user-agent", ""))
    version.validate(query)
    return operation.check(query, version)
