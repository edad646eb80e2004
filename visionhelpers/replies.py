"""Replies of a service: the JSON or the picture in a good one, the reason in one that says no."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import requests
from PIL import Image

from .errors import ServiceError


def refusal(body: bytes) -> tuple[str | None, str, str | None]:
    """Return code, message and request id from any of the three forms an error comes in.

    They are `{"code", "message", "requestId"}`, the same under `"error"` (there `innererror`
    is the more exact), and `{"statusCode", "message"}`. A body that is not JSON is the message.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        return None, body.decode("utf-8", "replace").strip()[:200], None
    if not isinstance(answer, dict):
        return None, str(answer)[:200], None
    error = _object(answer, "error")
    inner = _object(error, "innererror")
    code = inner.get("code") or error.get("code") or error.get("statusCode")
    message = inner.get("message") or error.get("message") or ""
    request_id = error.get("requestId") or answer.get("requestId")
    return None if code is None else str(code), str(message), request_id


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    child = parent.get(key)
    return child if isinstance(child, dict) else parent


def decoded(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object that an answer holds.

    Raises:
        ServiceError: It holds something else.
    """
    try:
        parsed = answer.json()
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        kind = answer.headers.get("Content-Type", "no type")
        raise ServiceError(answer.status_code, None, f"The answer ({kind}) is not a JSON object")
    return parsed


def pictured(answer: requests.Response) -> Image.Image:
    """Return the picture that an answer holds.

    Raises:
        ServiceError: It holds something else.
    """
    try:
        image = Image.open(BytesIO(answer.content))
        image.load()
    except (OSError, SyntaxError) as error:
        raise ServiceError(answer.status_code, None, "The answer is no picture") from error
    return image
