"""What this service has beside the API: a gallery to teach, sample pictures, its health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from visionhelpers.images import SAMPLES, sample_credits

from ..errors import bad_argument, not_found
from ..gallery.gallery import Gallery, GalleryError
from ..responses import JsonResponse
from . import limits


class AdminRoutes:
    """The endpoints that are this service's own."""

    def __init__(
        self,
        gallery: Gallery,
        engines: dict[str, str],
        run_on_image: Callable[..., Awaitable[Any]],
    ) -> None:
        self._gallery, self._engines = gallery, engines
        self._run_on_image = run_on_image

    def routes(self) -> list[Route]:
        """Return their paths."""
        return [
            Route("/gallery/{kind}/{name}", self._teach, methods=["POST"]),
            Route("/gallery/{kind}/{name}", self._forget, methods=["DELETE"]),
            Route("/samples/{name:path}", self._sample, methods=["GET"]),
            Route("/health", self._health, methods=["GET"]),
        ]

    async def _teach(self, request: Request) -> Response:
        """Add a picture to a name of the gallery; this service's own, not the API's."""
        name = request.path_params["name"]
        kind = _kind(request)
        gallery = gallery_of(request, self._gallery)
        add = gallery.add_face if kind == "celebrities" else gallery.add_landmark
        try:
            images = await self._run_on_image(request, limits.IMAGE, partial(add, name))
        except GalleryError as error:
            raise bad_argument(str(error)) from None
        return JsonResponse(request, {"name": name, "images": images}, 201)

    async def _forget(self, request: Request) -> Response:
        name = request.path_params["name"]
        people = _kind(request) == "celebrities"
        gallery = gallery_of(request, self._gallery)
        remove = gallery.remove_face if people else gallery.remove_landmark
        try:
            if not await to_thread.run_sync(remove, name):
                raise not_found(f"The gallery contains no {name[:40]!r} that can be removed.")
        except GalleryError as error:
            raise bad_argument(str(error)) from None
        return Response(status_code=204)

    async def _sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in sample_credits():
            raise not_found(f"There is no sample {name[:40]!r}.")
        return FileResponse(SAMPLES / name)

    async def _health(self, request: Request) -> Response:
        return JsonResponse(request, {"status": "ok", "engines": self._engines})


def gallery_of(request: Request, gallery: Gallery) -> Gallery:
    """Return the gallery that the header X-Gallery names, percent-encoded, or the usual one."""
    name = request.headers.get("x-gallery")
    try:
        return gallery if name is None else gallery.named(unquote(name))
    except GalleryError as error:
        raise bad_argument(str(error)) from None


def _kind(request: Request) -> str:
    kind = str(request.path_params["kind"]).lower()
    if kind not in ("celebrities", "landmarks"):
        raise not_found()
    return kind
