"""The state of an Explorer: a picture, a task, and what came of it. It knows no widgets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from PIL import Image
from traitlets import Any, Bool, Bytes, Enum, HasTraits, Int, List, Unicode, observe

from .errors import VisionError, VisionWarning
from .images import Picture, fetch, is_url, load_image, read_bytes
from .tasks import TASKS, Shape

if TYPE_CHECKING:
    from traitlets.utils.bunch import Bunch

    from .client import VisionClient


class Exploration(HasTraits):
    """Ask a service about a picture, anew whenever the picture, the task or a size changes.

    Attributes:
        picture: An http(s) URL, a path, bytes or a Pillow image; None to begin with.
        title: What to call the picture.
        task: One of the names in `TASKS`.
        width: Of a thumbnail, in pixels.
        height: Of a thumbnail, in pixels.
        smart: Whether a thumbnail is cut around what matters.
        status: "idle", "working", "done" or "failed".
        answer: The service's JSON, or a Pillow image for a thumbnail; None until it is done.
        facts: The answer in short lines.
        drawing: The answer drawn on the picture: the bytes of a PNG file.
        error: One sentence on what went wrong, else empty.
    """

    picture = Any(None)
    title = Unicode("")
    task = Enum(list(TASKS), next(iter(TASKS)))
    width = Int(200, min=1, max=1024)
    height = Int(200, min=1, max=1024)
    smart = Bool(True)
    status = Enum(["idle", "working", "done", "failed"], "idle")
    answer = Any(None)
    facts = List(Unicode())
    drawing = Bytes(b"")
    error = Unicode("")

    def __init__(self, client: VisionClient, **traits: object) -> None:
        self._client = client
        super().__init__(**traits)

    def show(self, picture: Picture, title: str) -> None:
        """Turn to another picture, and look at it."""
        self.title = title
        self.picture = picture

    def look(self) -> None:
        """Ask for the task on the picture, and take in the answer or the error."""
        if self.picture is None:
            return
        self.answer, self.facts, self.drawing, self.error = None, [], b"", ""
        self.status = "working"
        try:
            self._ask()
        except Exception as error:  # whatever it is, the reader sees a sentence, not a traceback
            self.error = _sentence(error)
            self.status = "failed"
        else:
            self.status = "done"

    def _ask(self) -> None:
        task, shape = TASKS[self.task], Shape(self.width, self.height, self.smart)
        with warnings.catch_warnings(record=True) as notices:
            warnings.simplefilter("always", VisionWarning)
            picture = self._at_hand()
            image = load_image(picture)
            answer = task.ask(self._client, picture, shape)
        self.drawing = task.paint(image, answer)
        notes = [f"Note: {each.message}." for each in notices if each.category is VisionWarning]
        self.facts = [*task.tell(answer), *notes]
        self.answer = answer

    def _at_hand(self) -> Picture:
        """Return the picture in a form that can be shown and sent without getting it twice."""
        if isinstance(self.picture, Image.Image):
            return self.picture
        return fetch(self.picture) if is_url(self.picture) else read_bytes(self.picture)

    @observe("picture", "task")
    def _look_anew(self, _: Bunch) -> None:
        self.look()

    @observe("width", "height", "smart")
    def _cut_anew(self, _: Bunch) -> None:
        if TASKS[self.task].draw is None:
            self.look()


def _sentence(error: Exception) -> str:
    """Return what an error says on one line, ending in a full stop."""
    said = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, VisionError):
        said = f"This did not work ({type(error).__name__}): {said}"
    return said if said.endswith((".", "!", "?")) else f"{said}."
