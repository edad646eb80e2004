"""One question about one picture, and what came of it; it can be asked off the main thread."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from PIL import Image

from .errors import VisionError, VisionWarning
from .images import SAMPLES, Picture, fetch, is_url, load_image, read_bytes
from .tasks import Options, Task
from .uploads import LIMIT

if TYPE_CHECKING:
    from .client import VisionClient

_listening = Lock()
"""Python catches warnings for all threads together."""


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
        dropped: Set when a later question has taken its place.
        ended: Set when it needs no more waiting for.
    """

    task: Task
    picture: Picture
    options: Options
    painted: bool = True
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
            return Finding(error=_sentence(error))

    def code(self, title: str) -> str:
        """Return the lines of Python that ask the same; a picture without a name goes by a title.

        Examples:
            A sample is `vh.sample("dahlia.jpg")`, an upload the name of the file.
        """
        return self.task.code(_expression(self.picture, title), self.options)

    def _found(self, vision: VisionClient, on_status: Callable[[str], None]) -> Finding:
        def heard(status: str) -> None:
            self._go_on()
            on_status(status)

        self._go_on()
        picture = at_hand(self.picture)
        image = load_image(picture)
        self._go_on()
        answer, notes = _noted(picture, lambda: self.task.ask(vision, picture, self.options, heard))
        self._go_on()
        facts = (*self.task.tell(answer), *notes)
        return Finding(answer, facts, self.task.paint(image, answer) if self.painted else b"")

    def _go_on(self) -> None:
        if self.dropped.is_set():
            raise DroppedError


def sample_name(picture: Picture | None) -> str:
    """Return the name of the sample that a path leads to; empty for any other picture."""
    if isinstance(picture, (str, Path)) and not is_url(picture):
        path = Path(picture)
        if path.is_relative_to(SAMPLES):
            return path.relative_to(SAMPLES).as_posix()
    return ""


def at_hand(picture: Picture) -> Picture:
    """Return a picture in a form that can be shown and sent without getting it twice."""
    if isinstance(picture, Image.Image):
        return picture
    return fetch(str(picture)) if is_url(picture) else read_bytes(picture)


def _expression(picture: Picture, title: str) -> str:
    if name := sample_name(picture):
        return f"vh.sample({name!r})"
    return repr(str(picture)) if isinstance(picture, (str, Path)) else repr(title)


def _noted(picture: Picture, ask: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Ask, and note what the client warns of: that a large picture is sent smaller."""
    if isinstance(picture, bytes) and len(picture) < LIMIT:
        return ask(), []
    with _listening, warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always", VisionWarning)
        answer = ask()
    found = [each.message for each in notices if each.category is VisionWarning]
    return answer, [f"Note: {message}." for message in found]


def _sentence(error: Exception) -> str:
    """Return what an error says on one line, ending in a full stop."""
    said = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, VisionError):
        said = f"This did not work ({type(error).__name__}): {said}"
    return said if said.endswith((".", "!", "?")) else f"{said}."
