"""A cancellable request about one image, and its result."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from threading import Event
from typing import Any

from PIL import Image

from .. import images
from ..client import VisionClient
from ..connect import LocalClient
from ..endpoint import parse_endpoint
from ..errors import ConfigurationError, ImageError, format_error
from ..images import ImageInput, Upload
from ..results import Item, SummaryLine, summarize
from .tasks import Task


class QueryCancelled(BaseException):
    """The query was cancelled."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query, or its error.

    Attributes:
        result: The API's JSON, or a Pillow image for a thumbnail; None after an error.
        summary: The lines of the result, the most important first.
        drawing: The result drawn on the image, as the bytes of a PNG file; may be empty.
        error: One sentence, or "".
    """

    result: Any = None
    summary: tuple[SummaryLine, ...] = ()
    drawing: bytes = b""
    error: str = ""


@dataclass(eq=False)
class Query:
    """A task on one image with its options; set `cancelled` to cancel it."""

    task: Task
    image: ImageInput
    options: Mapping[str, Any]
    decode: bool = True  # `render` needs the decoded image
    limiter: AbstractContextManager[object] = field(default_factory=nullcontext)
    uploads: dict[Any, Upload] = field(default_factory=dict)  # by the limits of the operation
    cancelled: Event = field(default_factory=Event)
    finished: Event = field(default_factory=Event)
    decoded: Image.Image | None = field(default=None, init=False)

    def send(self, client: VisionClient, on_status: Callable[[str], None]) -> QueryResult:
        """Send the request; return the result without a drawing, or the error as one sentence.

        Raises:
            QueryCancelled: The query was cancelled.
        """

        def check(status: str) -> None:
            self._raise_if_cancelled()
            on_status(status)

        arguments = self.task.kwargs(self.options)
        if self.task.method == "recognize_text":
            arguments["on_status"] = check
        try:
            content = materialize(self.image)
            with self.limiter:
                self._raise_if_cancelled()
                upload = self._encode(client, content)
                self._raise_if_cancelled()
                result = getattr(client, self.task.method)(upload, **arguments)
                self._raise_if_cancelled()
            note = [SummaryLine((Item(f"{upload.note}."),), "Note: ")] if upload.note else []
            return QueryResult(result, (*summarize(result), *note))
        except Exception as error:  # a sentence in place of a traceback
            return _failure(error)

    def render(self, outcome: QueryResult) -> QueryResult:
        """Return the result with its drawing; call this on the thread that uses matplotlib."""
        try:
            if outcome.error or self.decoded is None:
                return outcome
            return replace(outcome, drawing=self.task.render_png(self.decoded, outcome.result))
        except Exception as error:
            return _failure(error)

    def code(self, client: VisionClient, title: str) -> str:
        """Return the Python code of the request; an image without a path goes by its title."""
        image = f"{title!r}  # the path of your file"
        if name := sample_name(self.image):
            image = f"vh.sample_path({name!r})"
        elif isinstance(self.image, (str, PathLike)):
            image = repr(str(self.image))
        options = self.task.kwargs(self.options).items()
        arguments = ", ".join(["image", *(f"{name}={value!r}" for name, value in options)])
        result = f"vision.{self.task.method}({arguments})"
        lines = f"vision = {client_expression(client)}", f"image = {image}", f"result = {result}"
        return "\n".join(["import visionhelpers as vh", *lines])

    def _encode(self, client: VisionClient, content: bytes | Image.Image) -> Upload:
        limits = client.limits(self.task.method)
        if limits not in self.uploads:
            self.uploads[limits] = client.prepare(self.task.method, content)
        try:
            self.decoded = images.load_image(content) if self.decode else None
        except ImageError:
            if not limits.documents:  # Pillow cannot read PDF
                raise
        return self.uploads[limits]

    def _raise_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise QueryCancelled


def materialize(image: ImageInput) -> bytes | Image.Image:
    """Return the bytes of the file, or an upright Pillow image; both can be used repeatedly."""
    if isinstance(image, Image.Image):
        return images.load_image(image)
    return images.download(str(image)) if images.is_url(image) else images.read_bytes(image)


def sample_name(image: ImageInput | None) -> str:
    """Return the name of the sample at a path, or "" for any other image."""
    names = {images.SAMPLES / name: name for name in images.sample_credits()}
    return names.get(Path(image), "") if isinstance(image, (str, PathLike)) else ""


def client_expression(client: VisionClient) -> str:
    """Return the Python expression that creates such a client, without its key."""
    endpoint = os.environ.get("VISION_ENDPOINT", "").strip()
    if isinstance(client, LocalClient):
        return "vh.connect(local=True)" if endpoint else "vh.connect()"
    with suppress(ConfigurationError):
        version = os.environ.get("VISION_API_VERSION")
        if endpoint and parse_endpoint(endpoint, version).base_url == client.base_url:
            return "vh.connect()"
    return f"vh.VisionClient({client.base_url!r}, 'your key')"


def _failure(error: Exception) -> QueryResult:
    message = format_error(error)
    return QueryResult(error=message if message.endswith((".", "!", "?")) else f"{message}.")
