"""One question about one picture, and what came of it; it can be asked off the main thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..connect import made
from ..errors import sentence
from ..images import SAMPLES, Picture, fetch, is_url, load_image, read_bytes, samples, upright
from ..uploads import upload
from .tasks import Options, Task

if TYPE_CHECKING:
    from ..client import VisionClient

_reading = Lock()
"""Pillow reads the file of an image when its pixels are wanted, and not for two at once."""


class DroppedError(Exception):
    """Nobody wants to know any more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a question: an answer with its facts and its drawing, or an error."""

    answer: Any = None
    facts: tuple[str, ...] = ()
    drawing: bytes = b""
    error: str = ""


@dataclass(eq=False)
class Inquiry:
    """A task on a picture with its options.

    Attributes:
        painted: Whether the answer is drawn on the picture as well.
        places: Entered before the service is asked: others that ask it too may have to leave first.
        dropped: Set when a later question has taken its place.
        ended: Set when it needs no more waiting for.
    """

    task: Task
    picture: Picture
    options: Options
    painted: bool = True
    places: AbstractContextManager[object] = field(default_factory=nullcontext)
    dropped: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)

    def ask(self, vision: VisionClient, on_status: Callable[[str], None]) -> Finding:
        """Ask, and return the answer or the error in a sentence.

        Raises:
            DroppedError: A later question has taken its place.
        """
        try:
            return self._found(vision, on_status)
        except DroppedError:
            raise
        except Exception as error:  # whatever it is, the reader sees a sentence, not a traceback
            said = sentence(error)
            return Finding(error=said if said.endswith((".", "!", "?")) else f"{said}.")

    def code(self, vision: VisionClient, title: str) -> str:
        """Return the lines of Python that ask the same; a picture without a path goes by a title.

        Examples:
            A sample is `vh.sample("dahlia.jpg")`, an upload the name of a file, to be put there.
        """
        code = self.task.code(made(vision), _expression(self.picture, title), self.options)
        put = "" if isinstance(self.picture, (str, Path)) else "  # a file beside the notebook"
        return code + put

    def _found(self, vision: VisionClient, on_status: Callable[[str], None]) -> Finding:
        def heard(status: str) -> None:
            self._go_on()
            on_status(status)

        self._go_on()
        picture = at_hand(self.picture)
        with self.places:
            self._go_on()
            image, sent = load_image(picture), upload(picture)
            self._go_on()
            answer = self.task.ask(vision, sent, self.options, heard)
            self._go_on()
            facts = (*self.task.tell(answer), *([f"Note: {sent.note}."] if sent.note else []))
            return Finding(answer, facts, self.task.paint(image, answer) if self.painted else b"")

    def _go_on(self) -> None:
        if self.dropped.is_set():
            raise DroppedError


def sample_name(picture: Picture | None) -> str:
    """Return the name of the sample that a path leads to; empty for any other picture."""
    if isinstance(picture, (str, Path)) and not is_url(picture):
        path = Path(picture)
        if path.is_relative_to(SAMPLES):
            name = path.relative_to(SAMPLES).as_posix()
            return name if name in samples() else ""
    return ""


def at_hand(picture: Picture) -> Picture:
    """Return a picture in a form that can be shown and sent without getting it twice."""
    if isinstance(picture, Image.Image):
        with _reading:
            return upright(picture)
    return fetch(str(picture)) if is_url(picture) else read_bytes(picture)


def _expression(picture: Picture, title: str) -> str:
    if name := sample_name(picture):
        return f"vh.sample({name!r})"
    return repr(str(picture) if isinstance(picture, (str, Path)) else title)
