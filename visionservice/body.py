"""Request bodies: a picture's address as JSON, or its bytes; bounded in size and time."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .errors import ApiError, bad_argument, invalid_image_url
from .imaging.probe import InputLimits, too_large

SECONDS = 60.0
LONGEST_JSON = 16 * 1024
MULTIPART_FRAME = 16 * 1024


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
