"""The part of a batch that runs in a thread, in another process or on another machine."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from threading import Lock
from typing import Any
from uuid import uuid4

from PIL import Image

from ..client import VisionClient
from ..errors import ServiceError, format_error
from ..images import ImageInput

Outcome = dict[str, Any]
"""`seconds`, and either `result` or `error`, `status` and `code`."""
RATE_LIMIT_SECONDS = 600.0
"""Seconds for which an image is sent again after status 429, beyond the client's deadline: other
processes may use the same rate limit."""
RETRY_SECONDS = 2.0
"""Seconds before an image is sent again where the service sends no Retry-After."""
_loading = Lock()


class Worker:
    """A picklable callable that sends one image.

    In another process, workers with the same client share one copy of it, with its connections and
    its rate limit.
    """

    def __init__(self, client: VisionClient, operation: str, options: Mapping[str, Any]) -> None:
        self._client: VisionClient | None = client
        self._pickled = b""
        self._operation, self._options = operation, options

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._operation!r})"  # schedulers log it

    def __getstate__(self) -> dict[str, Any]:
        pickled = self._pickled or pickle.dumps(self._client)
        return self.__dict__ | {"_client": None, "_pickled": pickled}

    def __dask_tokenize__(self) -> str:
        """Return a unique token: for Dask, calls with the same token are one call."""
        return uuid4().hex

    def __call__(self, image: ImageInput) -> Outcome:
        """Send an image; an exception becomes part of the outcome.

        `seconds` is the duration of the last attempt, without waiting for the rate limit.
        """
        try:
            with _loading:  # two threads would load two copies, each with a rate limit
                client = self._client or _load_client(self._pickled)
        except Exception as error:  # the local service of this machine may not start
            return failure(error)
        end = time.monotonic() + RATE_LIMIT_SECONDS
        while True:
            began, waited = time.monotonic(), client.rate_wait
            try:
                outcome: Outcome = {"result": self._send(client, image)}
            except Exception as error:  # the other images are sent
                pause = getattr(error, "retry_after", None) or RETRY_SECONDS
                is_limited = getattr(error, "status", None) == HTTPStatus.TOO_MANY_REQUESTS
                is_early = getattr(error, "reason", None) == "rate limit"  # the client's own
                if is_early or (is_limited and time.monotonic() + pause < end):
                    time.sleep(pause)
                    continue
                outcome = failure(error)
            seconds = time.monotonic() - began - (client.rate_wait - waited)
            return outcome | {"seconds": round(seconds, 3)}

    def _send(self, client: VisionClient, image: ImageInput) -> dict[str, Any]:
        if self._operation != "thumbnail":
            return dict(getattr(client, self._operation)(image, **self._options))
        data = client.thumbnail_bytes(image, **self._options)
        with Image.open(BytesIO(data)) as opened:
            size = {"width": opened.width, "height": opened.height, "format": opened.format}
        return {**size, "data": data}


def failure(error: BaseException) -> Outcome:
    """Return the outcome of an image that failed."""
    status, code = (error.status, error.code) if isinstance(error, ServiceError) else (None, None)
    return {"seconds": 0.0, "error": format_error(error), "status": status, "code": code}


@lru_cache(maxsize=4)
def _load_client(pickled: bytes) -> VisionClient:
    client: VisionClient = pickle.loads(pickled)  # noqa: S301
    return client
