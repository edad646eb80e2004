"""Admin API: the endpoints that Microsoft's API does not have: gallery, samples and health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from visionhelpers.images import SAMPLES, sample_credits

from ..errors import not_found
from ..gallery.gallery import Gallery
from ..responses import JsonResponse
from . import limits


class AdminRoutes:
    """The endpoints `/gallery`, `/samples` and `/health`.

    Args:
        gallery: The gallery of requests without the header X-Gallery.
        engines: The name of the engine of each kind.
        run_on_image: Reads the image of a request, and calls a function with its bytes.
    """

    def __init__(
        self,
        gallery: Gallery,
        engines: Mapping[str, str],
        run_on_image: Callable[..., Awaitable[Any]],
    ) -> None:
        self._gallery, self._engines = gallery, engines
        self._run_on_image = run_on_image

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/gallery", self._list_gallery, methods=["GET"]),
            Route("/gallery/{kind}/{name}", self._add_to_gallery, methods=["POST"]),
            Route("/gallery/{kind}/{name}", self._remove_from_gallery, methods=["DELETE"]),
            Route("/samples/{name:path}", self._get_sample, methods=["GET"]),
            Route("/health", self._get_health, methods=["GET"]),
        ]

    async def _list_gallery(self, request: Request) -> Response:
        gallery = gallery_of(request, self._gallery)
        names = {
            "celebrities": await to_thread.run_sync(gallery.list_faces),
            "landmarks": await to_thread.run_sync(gallery.list_landmarks),
        }
        content = {
            kind: [{"name": name, "images": images} for name, images in counts.items()]
            for kind, counts in names.items()
        }
        return JsonResponse(request, content)

    async def _add_to_gallery(self, request: Request) -> Response:
        gallery, name = gallery_of(request, self._gallery), request.path_params["name"]
        add = gallery.add_face if _is_face(request) else gallery.add_landmark
        images = await self._run_on_image(request, limits.IMAGE, lambda data, *_: add(name, data))
        return JsonResponse(request, {"name": name, "images": images}, 201)

    async def _remove_from_gallery(self, request: Request) -> Response:
        gallery, name = gallery_of(request, self._gallery), request.path_params["name"]
        remove = gallery.remove_face if _is_face(request) else gallery.remove_landmark
        if not await to_thread.run_sync(remove, name):
            raise not_found(f"The gallery contains no {name[:40]!r}.")
        return Response(status_code=204)

    async def _get_sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in sample_credits():
            raise not_found(f"There is no sample {name[:40]!r}.")
        return FileResponse(SAMPLES / name)

    async def _get_health(self, request: Request) -> Response:
        return JsonResponse(request, {"status": "ok", "engines": self._engines})


def gallery_of(request: Request, gallery: Gallery) -> Gallery:
    """Return the gallery that the header X-Gallery names, percent-encoded, or the given one."""
    name = request.headers.get("x-gallery")
    return gallery if name is None else gallery.named(unquote(name))


def _is_face(request: Request) -> bool:
    kind = request.path_params["kind"].lower()
    if kind not in ("celebrities", "landmarks"):
        raise not_found("Use /gallery/celebrities/NAME or /gallery/landmarks/NAME.")
    return bool(kind == "celebrities")
