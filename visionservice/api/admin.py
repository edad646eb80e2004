"""Admin API: the endpoints that Microsoft's API does not have: gallery, samples and health."""

from urllib.parse import unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from visionhelpers.images import SAMPLES, sample_credits

from ..errors import not_found
from ..gallery.gallery import Gallery
from ..gallery.image_store import ImageStore
from ..responses import JsonResponse
from . import limits


def gallery_of(request: Request) -> Gallery:
    """Return the gallery that the header X-Gallery names, percent-encoded, or the usual one."""
    gallery: Gallery = request.app.state.service.gallery
    name = request.headers.get("x-gallery")
    return gallery if name is None else gallery.named(unquote(name))


def _stores(request: Request) -> dict[str, ImageStore]:
    gallery = gallery_of(request)
    return {"celebrities": gallery.faces, "landmarks": gallery.landmarks}


async def _list_gallery(request: Request) -> Response:
    content = {}
    for kind, store in _stores(request).items():
        counts = await to_thread.run_sync(store.names)
        content[kind] = [{"name": name, "images": images} for name, images in counts.items()]
    return JsonResponse(request, content)


async def _edit_gallery(request: Request) -> Response:
    """Add the image of a request to a name, or remove the name."""
    kind, name = request.path_params["kind"].lower(), request.path_params["name"]
    store = _stores(request).get(kind)
    if store is None:
        raise not_found("Use /gallery/celebrities/NAME or /gallery/landmarks/NAME.")
    if request.method == "POST":
        process, add = request.app.state.service.process, store.add
        images = await process(request, limits.IMAGE, lambda data, *_: add(name, data))
        return JsonResponse(request, {"name": name, "images": images}, 201)
    if not await to_thread.run_sync(store.remove, name):
        raise not_found(f"The gallery contains no {name[:40]!r}.")
    return Response(status_code=204)


async def _get_sample(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in sample_credits():
        raise not_found(f"There is no sample {name[:40]!r}.")
    return FileResponse(SAMPLES / name)


async def _get_health(request: Request) -> Response:
    service = request.app.state.service
    status = "ready" if service.ready.is_set() else "listening"
    return JsonResponse(request, {"status": status, "engines": service.engines.names})


ROUTES = [
    Route("/gallery", _list_gallery),
    Route("/gallery/{kind}/{name}", _edit_gallery, methods=["POST", "DELETE"]),
    Route("/samples/{name:path}", _get_sample),
    Route("/health", _get_health),
]
