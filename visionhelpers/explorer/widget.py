"""The Explorer: ask a service about pictures by clicking, in a notebook.

The view only shows the state of an `Exploration` and changes it; all that happens happens there.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text, VBox, link

from ..images import sample, samples
from . import html as panes
from .accessibility import QUIET, Quiet
from .controls import LABELLED, sample_picture, task_options, tick_box, typed_picture
from .file_upload import FilePicker
from .live_region import Announcement
from .query import sample_name
from .state import Exploration
from .tasks import TASKS

if TYPE_CHECKING:
    from traitlets.utils.bunch import Bunch

    from ..client import VisionClient


class Explorer(VBox):  # type: ignore[misc]
    """Show what a service sees: choose a picture and a task, see it drawn, said and as JSON.

    Attributes:
        model: The `Exploration` behind the view; whoever changes it sees the view follow.
    """

    def __init__(self, client: VisionClient) -> None:
        """Take a client of any service, and begin to look at the first sample picture.

        Args:
            client: What `connect` returns.
        """
        self.model = Exploration(client)
        self._make_controls()
        self._status = Announcement(layout=Layout(margin="2px"))
        self._figure, self._facts, self._code, self._json = (HTML() for _ in range(4))
        self._code.layout.width = self._json.layout.width = "calc(100% - 4px)"
        self._json.layout.display = "none"
        self._gap = ""
        beside = VBox([self._status, self._facts], layout=Layout(flex="1 1 16em", min_width="0"))
        super().__init__(
            [
                self._sample,
                HBox([self._upload, self._address], layout=_wrapping()),
                HBox([self._task, *self._options.values(), self._again], layout=_wrapping()),
                HBox([self._figure, beside], layout=_wrapping(min_height="12em")),
                self._code,
                self._unfold,
                self._json,
                Quiet(),
            ]
        )
        self.add_class(QUIET)
        self._connect()
        first = next(name for _, name in self._sample.options if name)
        self.model.show(sample(first), samples()[first].title)

    def __repr__(self) -> str:
        return "Explorer()"

    def _make_controls(self) -> None:
        self._sample = sample_picture()
        self._upload = FilePicker(self._on_upload, self.model.refuse)
        self._address = typed_picture()
        self._task = Dropdown(description="Task", options=list(TASKS), style=LABELLED)
        self._options = task_options()
        self._again = Button(description="Look again", tooltip="Ask the service once more")
        # Not an Accordion for the JSON, which opens to a mouse only.
        self._unfold = tick_box("Show the answer as JSON")

    def _connect(self) -> None:
        for name, control in {"task": self._task, **self._options}.items():
            link((self.model, name), (control, "value"))
        self._sample.observe(self._on_sample, "value")
        self._address.observe(self._on_address, "value")
        self._address.on_msg(self._on_enter)
        self._unfold.observe(self._on_unfold, "value")
        self._again.on_click(lambda _: self.model.look())
        self.model.observe(self._follow, "picture")
        self.model.observe(self._render_status, "progress")
        self.model.observe(self._render, ["status", "task", "code"])

    def _on_sample(self, change: Bunch) -> None:
        shown = sample_name(self.model.picture)
        if not change.new:
            self._sample.value = shown  # one's own is uploaded or typed, not chosen here
        elif change.new != shown:
            self.model.show(sample(change.new), samples()[change.new].title)

    def _on_upload(self, name: str, content: bytes) -> None:
        self.model.show(content, name)

    def _on_address(self, change: Bunch) -> None:
        if address := _unquoted(change.new):
            self.model.show(address, PurePath(address).name or address)

    def _on_enter(self, _: Text, said: dict[str, Any], __: list[memoryview]) -> None:
        """Try the same address once more; another one comes as its value."""
        if said.get("event") == "submit" and self.model.status == "failed":
            self.model.look()

    def _on_unfold(self, change: Bunch) -> None:
        self._json.layout.display = "" if change.new else "none"

    def _follow(self, change: Bunch) -> None:
        """Let the controls name the picture that is looked at, whoever has chosen it."""
        name = sample_name(change.new)
        self._sample.value = name if name in dict(self._sample.options).values() else ""
        self._upload.drop()
        if change.new != _unquoted(self._address.value):
            self._address.value = ""

    def _render(self, _: Bunch) -> None:
        with self.model.lock:  # the view is drawn from two threads
            model = self.model
            for name, control in self._options.items():
                control.layout.display = "" if name in TASKS[model.task].options else "none"
            self._render_status()
            self._facts.value = panes.facts(model.facts)
            if model.drawing:
                self._gap, self._figure.value = panes.gap(model.drawing), panes.figure(model)
            else:
                self._figure.value = self._gap if model.status == "working" else ""
            self._code.value = panes.code(model.code)
            self._json.value = panes.answer(model.answer)

    def _render_status(self, _: Bunch | None = None) -> None:
        with self.model.lock:
            self._status.say(panes.status(self.model), urgent=self.model.status == "failed")


def _unquoted(typed: str) -> str:
    """Return a path or an address without the quotation marks that file managers copy it with."""
    bare = typed.strip()
    return bare[1:-1] if bare[:1] in ("'", '"') and bare[:1] == bare[-1:] and bare[1:] else bare


def _wrapping(**more: str) -> Layout:
    return Layout(flex_flow="row wrap", align_items="flex-start", grid_gap="0 0.8em", **more)
