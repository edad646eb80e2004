"""The state of an Explorer: a picture, a task, and what came of it. It knows no widgets."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import RLock, Semaphore, Thread
from typing import TYPE_CHECKING
from typing import Any as Anything

from traitlets import Any, Bool, Bytes, Enum, HasTraits, Int, List, Unicode, observe

from ..images import Picture
from .query import DroppedError, Finding, Inquiry
from .tasks import LANGUAGES, TASKS, Options

if TYPE_CHECKING:
    from traitlets.utils.bunch import Bunch

    from ..client import VisionClient

OPTIONS = tuple(Options.__dataclass_fields__)
AT_ONCE = 3
"""Questions that the service has, late ones that nobody wants any more among them."""


class Exploration(HasTraits):
    """Ask a service about a picture, anew whenever the picture, the task or an option changes.

    It asks on a thread of its own, and the last question wins: what comes late of an earlier one
    is dropped. Observers of `status`, `progress` and what was found may be called on that thread.

    Attributes:
        lock: Under which the traits change, whichever thread changes them; who holds it sees
            them agree.
        picture: An http(s) URL, a path, bytes or a Pillow image, as given to `show`; None to begin
            with.
        title: What the picture is called.
        task: One of the names in `TASKS`.
        captions: How many captions at most, 1 to 10.
        width: Of a thumbnail, in pixels.
        height: Of a thumbnail, in pixels.
        smart: Whether a thumbnail is cut around what matters.
        language: Of print, one of `LANGUAGES`; "unk" to have it found out.
        orientation: Whether print may stand on its side or its head.
        handwriting: Whether the text is written by hand.
        status: "idle", "working", "done" or "failed".
        progress: What the service says of an operation under way, as in "Running".
        answer: The service's JSON, or a Pillow image for a thumbnail; None until it is done.
        facts: The answer in short lines.
        drawing: The answer drawn on the picture: the bytes of a PNG file.
        error: One sentence on what went wrong, else empty.
        code: The three lines of Python that ask the same.
    """

    picture = Any(None)
    title = Unicode("")
    task = Enum(list(TASKS), next(iter(TASKS)))
    captions = Int(Options().captions, min=1, max=10)
    width = Int(Options().width, min=1, max=1024)
    height = Int(Options().height, min=1, max=1024)
    smart = Bool(Options().smart)
    language = Enum(list(LANGUAGES.values()), Options().language)
    orientation = Bool(Options().orientation)
    handwriting = Bool(Options().handwriting)
    status = Enum(["idle", "working", "done", "failed"], "idle")
    progress = Unicode("")
    answer = Any(None)
    facts = List(Unicode())
    drawing = Bytes(b"")
    error = Unicode("")
    code = Unicode("")

    def __init__(self, client: VisionClient, **traits: object) -> None:
        self._client = client
        self.lock = RLock()
        self._places = Semaphore(AT_ONCE)
        self._inquiry: Inquiry | None = None
        super().__init__(**traits)

    def show(self, picture: Picture, title: str) -> None:
        """Turn to a picture, and begin to look at it, even if it is the same."""
        with self.lock:
            before, self.title, self.picture = self._inquiry, title, picture
            if self._inquiry is before:
                self.look()

    def refuse(self, title: str, error: str) -> None:
        """Say in a sentence why a picture cannot be looked at; what was asked before is dropped."""
        with self.lock:
            self._drop()
            self._inquiry = None
            self.status = "idle"  # so that observers hear of a second refusal too
            self.title, self.picture, self.code, self.progress = title, None, "", ""
            self._take(Finding(error=error))
            self.status = "failed"

    def look(self) -> None:
        """Begin to ask for the task on the picture; what was asked before is dropped."""
        with self.lock:
            if self.picture is None:
                return
            self._drop()
            options = Options(**{name: getattr(self, name) for name in OPTIONS})
            inquiry = Inquiry(TASKS[self.task], self.picture, options, places=self._places)
            self._inquiry = inquiry
            self._take(Finding())
            self.progress = ""
            self.status = "working"
            self.code = inquiry.code(self._client, self.title)
        Thread(target=self._work, args=(inquiry,), daemon=True).start()

    def wait(self, seconds: float = 120) -> Anything:
        """Wait until the last question has been answered, and return the answer.

        Args:
            seconds: How long to wait at most.

        Returns:
            The service's JSON, or a Pillow image for a thumbnail; None where something went
            wrong: `error` says what.

        Raises:
            TimeoutError: There is no answer yet.
        """
        deadline = time.monotonic() + seconds
        while inquiry := self._inquiry:
            if not inquiry.ended.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"{self.task} has no answer after {seconds:g} seconds")
            if inquiry is self._inquiry:
                break
        return self.answer

    def _drop(self) -> None:
        if self._inquiry:
            self._inquiry.dropped.set()

    def _work(self, inquiry: Inquiry) -> None:
        def on_status(status: str) -> None:
            with self.lock:
                if inquiry is self._inquiry:
                    self.progress = status

        try:
            with suppress(DroppedError):
                self._end(inquiry, inquiry.ask(self._client, on_status))
        finally:
            inquiry.ended.set()

    def _end(self, inquiry: Inquiry, finding: Finding) -> None:
        with self.lock:
            if inquiry is self._inquiry:
                self._take(finding)
                self.status = "failed" if finding.error else "done"
                self.progress = ""

    def _take(self, finding: Finding) -> None:
        self.answer, self.facts = finding.answer, list(finding.facts)
        self.drawing, self.error = finding.drawing, finding.error

    @observe("picture", "task")
    def _look_anew(self, _: Bunch) -> None:
        self.look()

    @observe(*OPTIONS)
    def _ask_otherwise(self, change: Bunch) -> None:
        if change.name in TASKS[self.task].options:
            self.look()
