"""The Explorer: ask a service about pictures by clicking, in a notebook.

The view only shows the state of an `Exploration` and changes it; all that happens happens there.
"""

from __future__ import annotations

import json
from base64 import b64encode
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ipywidgets import (
    HTML,
    BoundedIntText,
    Button,
    Checkbox,
    Dropdown,
    FileUpload,
    HBox,
    Layout,
    Text,
    VBox,
    link,
)
from PIL import Image

from .exploration import Exploration
from .images import sample, samples
from .tasks import TASKS

if TYPE_CHECKING:
    from traitlets.utils.bunch import Bunch

    from .client import VisionClient

LABELLED = {"description_width": "initial"}
"""Labels as wide as they are: ipywidgets cuts them otherwise."""

FITTING = {"width": "30em", "max_width": "calc(100% - 4px)"}
"""As wide as a title or an address wants it, in a narrow window as wide as there is room."""

CLOSE = 'style="margin: 0; line-height: 1.5"'
"""Lines of text as close together as in the notebook's own prose."""

OWN = "A picture of your own"


class Explorer(VBox):  # type: ignore[misc]
    """Show what a service sees: choose a picture and a task, see it drawn, said and as JSON.

    Attributes:
        model: The `Exploration` behind the view; whoever changes it sees the view follow.
    """

    def __init__(self, client: VisionClient) -> None:
        """Take a client of any service, and begin with the first sample picture.

        Args:
            client: What `connect` returns.
        """
        self.model = Exploration(client)
        self._make_controls()
        self._figure, self._status, self._facts, self._json = HTML(), HTML(), HTML(), HTML()
        beside = VBox([self._status, self._facts], layout=Layout(flex="1 1 16em"))
        self._json.layout.display = "none"
        super().__init__(
            [
                HBox([self._sample, self._upload, self._address], layout=_wrapping()),
                HBox([self._task, self._again, self._sizes], layout=_wrapping()),
                HBox([self._figure, beside], layout=_wrapping()),
                self._unfold,
                self._json,
            ]
        )
        self._connect()
        self._sample.index = 1

    def __repr__(self) -> str:
        return "Explorer()"

    def _make_controls(self) -> None:
        choices = [name for name in samples() if "/" not in name]
        options = [(OWN, ""), *((samples()[name].title, name) for name in choices)]
        self._sample = Dropdown(
            description="Sample picture",
            options=options,
            style=LABELLED,
            layout=Layout(**FITTING),
        )
        self._upload = FileUpload(
            accept="image/*",
            description="Upload a picture",
            tooltip="Up to 10 MB; give the path of a larger one instead",
            layout=Layout(width="auto"),
        )
        self._address = Text(
            description="or URL or path",
            placeholder="https://… or a file, then Enter",
            continuous_update=False,
            style=LABELLED,
            layout=Layout(**FITTING),
        )
        self._task = Dropdown(description="Task", options=list(TASKS), style=LABELLED)
        self._again = Button(description="Look again", tooltip="Ask the service once more")
        self._width, self._height = (
            BoundedIntText(description=f"{side} in pixels", min=1, max=1024, style=LABELLED)
            for side in ("Width", "Height")
        )
        # Not an Accordion for the JSON, which opens to a mouse only.
        self._smart, self._unfold = (
            Checkbox(value=False, description=said, indent=False, layout=Layout(width="auto"))
            for said in ("Keep what matters in view", "Show the answer as JSON")
        )
        self._sizes = HBox([self._width, self._height, self._smart], layout=_wrapping())

    def _connect(self) -> None:
        for name, control in (
            ("task", self._task),
            ("width", self._width),
            ("height", self._height),
            ("smart", self._smart),
        ):
            link((self.model, name), (control, "value"))
        self._sample.observe(self._on_sample, "value")
        self._upload.observe(self._on_upload, "value")
        self._address.observe(self._on_address, "value")
        self._unfold.observe(self._on_unfold, "value")
        self._again.on_click(lambda _: self.model.look())
        self.model.observe(self._render, ["status", "task"])

    def _on_sample(self, change: Bunch) -> None:
        if change.new:
            self._address.value, self._upload.value = "", ()
            self.model.show(sample(change.new), samples()[change.new].title)

    def _on_upload(self, change: Bunch) -> None:
        if change.new:
            self._sample.value = self._address.value = ""
            self.model.show(bytes(change.new[0]["content"]), change.new[0]["name"])

    def _on_address(self, change: Bunch) -> None:
        address = change.new.strip().strip("\"'")
        if address:
            self._sample.value, self._upload.value = "", ()
            self.model.show(address, PurePath(address).name or address)

    def _on_unfold(self, change: Bunch) -> None:
        self._json.layout.display = "" if change.new else "none"

    def _render(self, _: Bunch) -> None:
        model = self.model
        self._again.disabled = model.status == "working"
        self._sizes.layout.display = "" if TASKS[model.task].draw is None else "none"
        self._status.value = _status(model)
        self._facts.value = "".join(f"<p {CLOSE}>{escape(fact)}</p>" for fact in model.facts)
        self._figure.value = _figure(model)
        self._json.value = _json(model.answer)


def _status(model: Exploration) -> str:
    doing = "Looking at" if model.status == "working" else f"{model.task}:"
    said = f"<b>{escape(doing)} {escape(model.title)}</b>"
    if model.status == "failed":
        return f'<p role="alert" {CLOSE}>{said}<br>{escape(model.error)}</p>'
    return f'<p role="status" {CLOSE}>{said}</p>'


def _figure(model: Exploration) -> str:
    if not model.drawing:
        return ""
    said = escape(" ".join([f"{model.title}.", *model.facts]), quote=True)
    data = b64encode(model.drawing).decode("ascii")
    return f'<img alt="{said}" style="max-width: 100%" src="data:image/png;base64,{data}">'


def _json(answer: Any) -> str:
    if answer is None:
        return ""
    if isinstance(answer, Image.Image):
        return "<p>This operation answers with a picture, not with JSON.</p>"
    text = json.dumps(answer, indent=2, ensure_ascii=False)
    return f'<pre style="overflow: auto; max-height: 30em">{escape(text)}</pre>'


def _wrapping() -> Layout:
    return Layout(flex_flow="row wrap", align_items="flex-start", grid_gap="0 0.8em")
