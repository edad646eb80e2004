"""Image source: reads the image of a request from its body, a sample, a folder or a URL."""

import ast
import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from visionhelpers.images import SAMPLES, sample_credits

from . import errors
from .imaging.probe import InputLimits
from .middleware import normalize_path
from .settings import ServiceSettings

BODY_SECONDS = 60.0
MAX_JSON_BYTES = 16 * 1024
MAX_FORM_BYTES = 16 * 1024  # of a multipart body besides its file
MAX_TOTAL_BYTES = 256 * 1024 * 1024  # being received or analyzed; queued documents count as pixels
SizeCheck = Callable[[int], None]  # receives the bytes so far; raises ApiError if too many


class ImageSource:
    """Reads images within a byte limit for all requests; samples of this service from disk."""

    def __init__(self, settings: ServiceSettings, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self._settings, self._free_bytes = settings, max_total_bytes

    @asynccontextmanager
    async def open(self, request: Request, limits: InputLimits) -> AsyncIterator[bytes]:
        """Read the image of a request; its bytes count against the total until the exit."""
        reserved = 0

        def check_size(size: int) -> None:
            nonlocal reserved
            if size > limits.bytes + MAX_FORM_BYTES:
                raise errors.too_many_bytes(limits.bytes, f"The image has at least {size} bytes.")
            more = max(0, size - reserved)
            if more > self._free_bytes:
                reason = "The service is receiving too many images at once"
                raise errors.too_many_requests(1, reason)
            self._free_bytes -= more
            reserved += more

        try:
            try:
                check_size(int(request.headers.get("content-length", 0)))
                self._free_bytes, reserved = self._free_bytes + reserved, 0  # until they arrive
                async with asyncio.timeout(BODY_SECONDS):
                    data = await _read_body(request, limits.media, check_size)
            except TimeoutError:
                message = f"The body did not arrive within {BODY_SECONDS:.0f} seconds."
                raise errors.ApiError(408, "Timeout", message) from None
            yield data if isinstance(data, bytes) else await self._load(data, request, check_size)
        finally:
            self._free_bytes += reserved

    async def _load(self, url: str, request: Request, check_size: SizeCheck) -> bytes:
        """Return the file of a URL: a sample, a file in the folder of images, or a download."""
        if name := self._sample(url, request):
            if name not in sample_credits():
                raise errors.invalid_image_url(f"No sample is called {name[:80]!r}.")
            return await to_thread.run_sync((SAMPLES / name).read_bytes)
        hint = ""
        if folder := self._settings.images:
            name = unquote(url.partition("?")[0].partition("#")[0].rpartition("/")[2])
            if file := await to_thread.run_sync(_find_file, folder, name):
                try:
                    check_size((await to_thread.run_sync(file.stat)).st_size)
                    return await to_thread.run_sync(file.read_bytes)
                except OSError as error:
                    message = f"The file {file.name!r} in the folder of images cannot be read"
                    raise errors.invalid_image_url(f"{message}: {error.strerror}.") from None
            hint = f" The folder of images has no file {name[:80]!r}; names are case-sensitive."
        from .fetch import download, is_public_address  # slow to load

        is_allowed = is_public_address if self._settings.public else None
        try:
            return await download(url, check_size=check_size, is_allowed=is_allowed)
        except errors.ApiError as error:
            error.hint += hint
            raise

    def _sample(self, url: str, request: Request) -> str:
        """Return the name of the sample that a URL of this service names, or ""."""
        try:
            parts = urlsplit(url)
            own = parts.hostname in self._settings.hosts
            own = own and (parts.port or 80) == request.scope["server"][1]
        except ValueError:
            return ""
        own = own or parts.netloc.lower() == request.headers.get("host", "").lower()
        start, _, name = normalize_path(unquote(parts.path)).partition("/samples/")
        return name if own and not start and parts.scheme in ("http", "https") else ""


def _find_file(folder: Path, name: str) -> Path | None:
    try:
        file = (folder / name).resolve()
        return file if file.parent == folder.resolve() and file.is_file() else None
    except (OSError, RuntimeError, ValueError):  # for example a loop of links
        return None


async def _read_body(request: Request, media: str, check_size: SizeCheck) -> str | bytes:
    """Return the URL or the bytes in the body of a request."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request, check_size)
    data = b"".join([chunk async for chunk in _chunks(request, check_size)])
    if not data:
        message = "The request has no body; send an image or the URL of an image."
        raise errors.FileSizeError(400, "BadArgument", message)
    if kind == "application/json":
        return _parse_url(data)
    if kind == "application/octet-stream" or kind.startswith(media):
        return data
    message = f"The provided image content type {kind[:60]!r} is not supported."
    kinds = "application/octet-stream or multipart/form-data"
    hint = f"Send the URL of an image as application/json, or its bytes as {kinds}."
    raise errors.ApiError(415, "UnsupportedMediaType", message, hint)


async def _chunks(request: Request, check_size: SizeCheck) -> AsyncGenerator[bytes, None]:
    """Yield the body, and check its size as it arrives."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        check_size(size)
        yield chunk


async def _read_form(request: Request, check_size: SizeCheck) -> bytes:
    """Return the first file of a multipart form; it stays in memory."""
    chunks = _chunks(request, check_size)
    parser = MultiPartParser(request.headers, chunks, max_files=4, max_fields=16)
    parser.spool_max_size = 0
    try:
        form = await parser.parse()
    except (MultiPartException, LookupError, ValueError) as error:
        raise errors.bad_argument(f"Invalid multipart body: {str(error).rstrip('.')}.") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    data = await files[0].read() if files else b""
    await form.close()
    if not data:
        raise errors.bad_argument("The multipart body contains no file.")
    return data


def _parse_url(data: bytes) -> str:
    """Read {"url": ...} from JSON, or from what Microsoft's samples send: {'url': ...}."""
    if len(data) > MAX_JSON_BYTES:
        raise errors.bad_argument(f"A JSON body has at most {MAX_JSON_BYTES} bytes.")
    try:
        text = data.decode("utf-8-sig")
        try:
            body = json.loads(text)
        except ValueError:
            body = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise errors.bad_argument('Invalid JSON: send {"url": "https://..."}.') from None
    if not isinstance(body, dict):
        raise errors.bad_argument('Invalid body: send an object, {"url": "https://..."}.')
    for key, value in body.items():
        if isinstance(key, str) and key.lower() == "url" and isinstance(value, str) and value:
            return value.strip()
    raise errors.invalid_image_url('The body has no "url".')
