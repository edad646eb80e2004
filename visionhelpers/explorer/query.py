"""A cancellable request about one image, and its result."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from PIL import Image

from .. import images
from ..client import VisionClient
from ..connect import LocalClient
from ..errors import ConfigurationError, ImageError, format_error
from ..results import Item, SummaryLine, summarize
from .tasks import Task


class QueryCancelled(BaseException):
    """The query was cancelled."""


class QueryResult(NamedTuple):
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
    image: images.ImageInput
    options: Mapping[str, Any]
    decoded: Image.Image | None = None  # the upright image, for `render`
    limiter: AbstractContextManager[object] = field(default_factory=nullcontext)
    uploads: dict[Any, images.Upload] = field(default_factory=dict)  # by the operation's limits
    cancelled: Event = field(default_factory=Event)
    finished: Event = field(default_factory=Event)

    def send(self, client: VisionClient, on_status: Callable[[str], None]) -> QueryResult:
        """Send the request; return the result without a drawing, or the error as one sentence.

        Raises:
            QueryCancelled: The query was cancelled.
        """

        def check(status: str = "") -> None:
            if self.cancelled.is_set():
                raise QueryCancelled
            if status:
                on_status(status)

        method, arguments = self.task.method, self.task.kwargs(self.options)
        if method == "recognize_text":
            arguments["on_status"] = check
        try:
            content = materialize(self.image)
            with self.limiter:
                check()
                limits = client.limits(method)
                if limits not in self.uploads:
                    self.uploads[limits] = client.prepare(method, content)
                with suppress(ImageError) if limits.documents else nullcontext():
                    self.decoded = self.decoded or images.load_image(content)  # not a PDF
                check()
                result = getattr(client, method)(self.uploads[limits], **arguments)
            note = self.uploads[limits].note
            notes = [SummaryLine((Item(f"{note}."),), "Note: ")] if note else []
            return QueryResult(result, (*summarize(result), *notes))
        except Exception as error:  # a sentence in place of a traceback
            return QueryResult(error=f"{format_error(error).rstrip('.')}.")

    def render(self, outcome: QueryResult) -> QueryResult:
        """Return the result with its drawing; call this on the thread that uses matplotlib."""
        if outcome.error or self.decoded is None:
            return outcome
        try:
            return outcome._replace(drawing=self.task.render_png(self.decoded, outcome.result))
        except Exception as error:
            return QueryResult(error=f"{format_error(error).rstrip('.')}.")

    def code(self, client: VisionClient, title: str) -> str:
        """Return the Python code of the request; an image without a path goes by its title."""
        image = f"{title!r}  # the path of your file"
        if name := sample_name(self.image):
            image = f"vh.sample_path({name!r})"
        elif isinstance(self.image, (str, PathLike)):
            image = repr(str(self.image))
        options = self.task.kwargs(self.options).items()
        arguments = "".join(f", {name}={value!r}" for name, value in options)
        result = f"vision.{self.task.method}(image{arguments})"
        vision = client_expression(client)
        return f"import visionhelpers as vh\nvision = {vision}\nimage = {image}\nresult = {result}"


def materialize(image: images.ImageInput) -> bytes | Image.Image:
    """Return the bytes of the file, or an upright Pillow image; both can be used repeatedly."""
    if isinstance(image, Image.Image):
        return images.load_image(image)
    return images.download(str(image)) if images.is_url(image) else images.read_bytes(image)


def sample_name(image: images.ImageInput | None) -> str:
    """Return the name of the sample at a path, or "", also for the images of its gallery."""
    names = {images.SAMPLES / name: name for name in images.sample_credits() if "/" not in name}
    return names.get(Path(image), "") if isinstance(image, (str, PathLike)) else ""


def client_expression(client: VisionClient) -> str:
    """Return the Python expression that creates such a client, without its key."""
    endpoint = os.environ.get("VISION_ENDPOINT", "").strip()
    if isinstance(client, LocalClient):
        return "vh.connect(local=True)" if endpoint else "vh.connect()"
    with suppress(ConfigurationError):
        if VisionClient(endpoint, "any key").base_url == client.base_url:
            return "vh.connect()"
    return f"vh.VisionClient({client.base_url!r}, 'your key')"
