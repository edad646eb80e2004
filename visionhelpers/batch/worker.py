"""The part of a batch that runs in a thread, in another process or on another machine."""

import pickle
from functools import lru_cache
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

from PIL import Image

from ..client import VisionClient
from ..errors import ServiceError, format_error
from ..images import ImageInput
from ..transport import CLOCK

RATE_LIMIT_SECONDS = 600.0
"""Seconds for which an image is sent again after status 429: other processes may use the limit."""
_loading = Lock()
_load = lru_cache(maxsize=4)(pickle.loads)


class BatchResult(NamedTuple):
    """The result of one image, named by its path or URL, or by a hash of its content.

    `result` is the JSON of the operation; for a thumbnail it has `width`, `height`, `format` and
    the bytes of the file as `data`. After an error it is None, `error` is the message, and `status`
    and `code` are those of an error response. `seconds` is the duration of the last request,
    without waiting for the rate limit.
    """

    image: str
    result: dict[str, Any] | None = None
    error: str = ""
    status: int | None = None
    code: str | None = None
    seconds: float = 0.0


class Worker:
    """A picklable callable that sends one image.

    In another process, workers with the same client share one copy of it and its rate limit.
    """

    def __init__(self, client: VisionClient | bytes, operation: str, options: Any) -> None:
        self._client, self.operation, self._options = client, operation, options

    def __reduce__(self) -> tuple[Any, ...]:
        pickled = self._client if isinstance(self._client, bytes) else pickle.dumps(self._client)
        return Worker, (pickled, self.operation, self._options)

    def __dask_tokenize__(self) -> str:
        """Return a unique token: for Dask, calls with the same token are one call."""
        return uuid4().hex

    def __call__(self, name: str, image: ImageInput) -> BatchResult:
        """Send an image; an exception becomes part of the result."""
        client = self._client
        try:
            with _loading:  # two threads would load two copies, each with a rate limit
                client = _load(client) if isinstance(client, bytes) else client
        except Exception as error:  # the local service of this machine may not start
            return failure(name, error)
        end = CLOCK.monotonic() + RATE_LIMIT_SECONDS
        while True:
            began, waited = CLOCK.monotonic(), client.rate_wait
            try:
                result = BatchResult(name, self._send(client, image))
            except Exception as error:  # the other images are sent
                pause = getattr(error, "retry_after", None) or 2.0
                is_limited = getattr(error, "status", None) == 429
                is_early = getattr(error, "reason", None) == "rate limit"  # the client's own
                if is_early or (is_limited and CLOCK.monotonic() + pause < end):
                    CLOCK.sleep(pause)
                    continue
                result = failure(name, error)
            seconds = CLOCK.monotonic() - began - (client.rate_wait - waited)
            return result._replace(seconds=round(seconds, 3))

    def _send(self, client: VisionClient, image: ImageInput) -> dict[str, Any]:
        if self.operation != "thumbnail":
            return dict(getattr(client, self.operation)(image, **self._options))
        data = client.thumbnail_bytes(image, **self._options)
        with Image.open(BytesIO(data)) as opened:
            size = {"width": opened.width, "height": opened.height, "format": opened.format}
        return {**size, "data": data}


def failure(name: str, error: BaseException) -> BatchResult:
    """Return the result of an image that failed."""
    status, code = (error.status, error.code) if isinstance(error, ServiceError) else (None, None)
    return BatchResult(name, None, format_error(error), status, code)
