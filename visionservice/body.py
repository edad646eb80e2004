"""Request bodies: a picture's address as JSON, or its bytes; bounded in size and time."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncGenerator

from starlette.datastructures import MutableHeaders, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ApiError, bad_argument, invalid_image_url
from .imaging.probe import InputLimits, too_large

SECONDS = 60.0
LONGEST_JSON = 16 * 1024
MULTIPART_FRAME = 16 * 1024
MOST_DRAINED = 128 * 1024 * 1024


async def read_source(request: Request, limits: InputLimits) -> str | bytes:
    """Return what a request names its picture by: an address, or the bytes themselves.

    Args:
        request: A request for an operation.
        limits: What the operation takes.

    Raises:
        ApiError: The body is missing, too large, too slow, broken, or of a type not taken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout(SECONDS):
            return await _read_as(kind, request, limits)
    except TimeoutError:
        message = f"The body did not arrive within {SECONDS:.0f} seconds."
        raise ApiError(408, "Timeout", message) from None


async def _read_as(kind: str, request: Request, limits: InputLimits) -> str | bytes:
    if kind == "application/json":
        return _address(await _read(request, LONGEST_JSON))
    if kind == "multipart/form-data":
        return await _read_part(request, limits.bytes)
    data = await _read(request, limits.bytes)
    if kind == "application/octet-stream" or kind.startswith(limits.media):
        return data
    given = repr(kind[:60]) if kind else "a body without a content type"
    message = (
        "Send a picture's address as application/json, or its bytes as application/octet-stream or "
        f"multipart/form-data; {given} is not supported."
    )
    raise ApiError(415, "UnsupportedMediaType", message)


async def _read(request: Request, most: int) -> bytes:
    data = bytearray()
    async for chunk in _stream(request, most):
        data += chunk
    if not data:
        raise bad_argument("The request has no body; it takes a picture or a picture's address.")
    return bytes(data)


async def _stream(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """Give the body piece by piece; refuse it as soon as it is known to be too large."""
    seen = 0
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > most:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> ApiError:
    if most == LONGEST_JSON:
        return bad_argument(f"A JSON body has at most {most} bytes.")
    return too_large(most, f"at most {most} bytes")


async def _read_part(request: Request, most: int) -> bytes:
    """Return the first file of a multipart form."""
    pieces = _stream(request, most + MULTIPART_FRAME)
    try:
        form = await MultiPartParser(request.headers, pieces, max_files=4, max_fields=16).parse()
    except (MultiPartException, KeyError) as error:
        raise bad_argument(f"The multipart body is broken: {str(error).rstrip('.')}.") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    data = await files[0].read() if files else b""
    await form.close()
    if not data:
        raise bad_argument("The multipart body holds no file.")
    return data


def _address(data: bytes) -> str:
    """Read {"url": ...} from JSON, or from what Microsoft's samples send: {'url': ...}."""
    body = _parse(data)
    if not isinstance(body, dict):
        raise bad_argument('The body is a JSON object with one key: {"url": "https://..."}.')
    for key, value in body.items():
        if isinstance(key, str) and key.lower() == "url" and isinstance(value, str) and value:
            return value.strip()
    raise invalid_image_url('The body names no picture: it lacks "url".')


def _parse(data: bytes) -> object:
    try:
        text = data.decode("utf-8-sig")
        try:
            return json.loads(text)
        except ValueError:
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise bad_argument('The body is not valid JSON; send {"url": "https://..."}.') from None


class Drain:
    """Middleware that reads what is left of a body before the answer goes out, keeping nothing.

    A client that is still sending when it is refused would see a broken connection in place of the
    refusal. A body without end is cut off with its connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with an eye on how much of the body it has read."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        more, end = True, asyncio.get_running_loop().time() + SECONDS

        async def watch() -> Message:
            nonlocal more
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            unread = message["type"] == "http.response.start" and more
            if unread and (_is_cancelled() or not await _drained(watch, end)):
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        return await self._app(scope, watch, answer)


def _is_cancelled() -> bool:
    """Tell whether the service ends, and waits for no body any more."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _drained(receive: Receive, end: float) -> bool:
    """Read to the end of the body; tell whether it was reached within bounds."""
    seen = 0
    try:
        async with asyncio.timeout_at(end):
            while seen <= MOST_DRAINED:
                message = await receive()
                seen += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return True
    except TimeoutError:
        pass
    return False
