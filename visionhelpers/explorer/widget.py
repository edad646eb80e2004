"""The Explorer: choose images and tasks in a notebook, and view the results.

The widget shows an `ExplorerState` and changes it; the state sends the requests.
"""

from typing import Any

import ipywidgets as widgets
from ipywidgets import HTML, BoundedIntText, Checkbox, Dropdown, HBox, Layout, Text, VBox
from traitlets import Bunch

from ..client import VisionClient
from ..images import ImageInput, sample_credits, sample_path
from . import html
from .accessibility import GUARD_CLASS, LiveRegion, ShortcutGuard
from .file_upload import ChunkedUpload
from .query import sample_name
from .state import ExplorerState
from .tasks import LANGUAGES, TASKS

FULL_WIDTH = "calc(100% - 4px)"


class Explorer(VBox):  # type: ignore[misc]
    """A widget that sends images to a service, and shows each result drawn, as text and as JSON.

    Attributes:
        state: The `ExplorerState`; the widget follows its changes.
    """

    def __init__(self, client: VisionClient) -> None:
        """Create the widget for a client, and run the first task on the first sample image."""
        self.state = ExplorerState(client)
        self._samples = _control(Dropdown, "Sample image", "48em", options=_samples())
        self._upload = ChunkedUpload(self.state.show, self.state.fail)
        self._url_or_path = _control(Text, "or URL or path", "30em", continuous_update=False)
        self._url_or_path.placeholder = "https://… or a file, then press Enter"
        self._task = _control(Dropdown, "Task", options=list(TASKS))
        self._options = option_controls()
        self._rerun_button = widgets.Button(description="Run again")
        self._json_toggle = _checkbox("Show the response as JSON")  # an Accordion needs a mouse
        self._status = LiveRegion(layout=Layout(margin="2px"))
        self._figure, self._summary, self._code, self._json = (HTML() for _ in range(4))
        self._code.layout.width = self._json.layout.width = FULL_WIDTH
        self._placeholder = ""
        text = VBox([self._status, self._summary], layout=Layout(flex="1 1 16em", min_width="0"))
        rows = [
            _row(self._upload, self._url_or_path),
            _row(self._task, *self._options.values(), self._rerun_button),
            _row(self._figure, text, min_height="12em"),
        ]
        guard = ShortcutGuard(layout=Layout(display="none"))
        below = [self._code, self._json_toggle, self._json, guard]
        super().__init__([self._samples, *rows, *below])
        self.add_class(GUARD_CLASS)
        self._connect()
        self._samples.value = self._samples.options[1][1]

    def __repr__(self) -> str:
        return "Explorer()"

    @property
    def result(self) -> Any:
        """The API's JSON, or a Pillow image for a thumbnail; None until the query is done."""
        return self.state.result

    def show(self, image: ImageInput, title: str | None = None) -> None:
        """Run the task on an image, even if it is the same as before.

        Args:
            image: A URL, a path, bytes, an open binary file or a Pillow image.
            title: Title of the image; by default the name of the file.

        Raises:
            ImageError: An open file or a Pillow image cannot be read.
            TypeError: The image is none of these.
        """
        self.state.show(image, title)

    def run(self, task: str | None = None) -> None:
        """Run a task, such as "Faces"; by default the current one again.

        Raises:
            ValueError: There is no such task.
        """
        self.state.run(task)

    def wait(self, seconds: float = 120) -> Any:
        """Wait for the last query and return its result, or None after an error.

        Raises:
            TimeoutError: The query did not finish within `seconds`.
        """
        return self.state.wait(seconds)

    def _connect(self) -> None:
        for name, control in {"task": self._task, **self._options}.items():
            widgets.link((self.state, name), (control, "value"))
        self._samples.observe(self._on_sample, "value")
        self._url_or_path.observe(self._on_url_or_path, "value")
        self._url_or_path.on_msg(self._on_enter)
        toggle, display = (self._json_toggle, "value"), (self._json.layout, "display")
        widgets.dlink(toggle, display, lambda shown: "" if shown else "none")
        self._rerun_button.on_click(lambda _: self.state.run())
        self.state.observe(self._sync_controls, "image")
        self.state.observe(self._render_status, "progress")
        self.state.observe(self._render, ["status", "task", "code"])

    def _on_sample(self, change: Bunch) -> None:
        current = sample_name(self.state.image)
        if not change.new:
            self._samples.value = current  # "Your own image" is a label, not a choice
        elif change.new != current:
            self.state.show(sample_path(change.new), sample_credits()[change.new].title)

    def _on_url_or_path(self, change: Bunch) -> None:
        if text := _unquoted(change.new):
            self.state.show(text)

    def _on_enter(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Try the same URL or path again; a different one arrives as a change of the value."""
        if message.get("event") == "submit" and self.state.status == "failed":
            self.state.run()

    def _sync_controls(self, change: Bunch) -> None:
        """Show the image of the state in the controls."""
        self._samples.value = sample_name(change.new)
        self._upload.cancel()
        if change.new != _unquoted(self._url_or_path.value):
            self._url_or_path.value = ""

    def _render(self, _: Bunch) -> None:
        state = self.state
        with state.lock:  # without an event loop, two threads render
            for name, control in self._options.items():
                control.layout.display = "" if name in TASKS[state.task].options else "none"
            self._render_status()
            self._summary.value = html.summary(state.summary)
            if state.drawing:
                self._placeholder = html.placeholder(state.drawing)
                self._figure.value = html.figure(state)
            else:
                self._figure.value = self._placeholder if state.status == "working" else ""
            self._code.value = html.code(state.code)
            self._json.value = html.response(state.result)

    def _render_status(self, _: Bunch | None = None) -> None:
        with self.state.lock:
            self._status.update(html.status(self.state), urgent=self.state.status == "failed")


def option_controls() -> dict[str, Any]:
    """Return a control for each option by its name."""
    return {
        "max_candidates": _control(BoundedIntText, "Maximum captions", "13em", min=1, max=10),
        "width": _control(BoundedIntText, "Width in pixels", "13em", min=1, max=1024),
        "height": _control(BoundedIntText, "Height in pixels", "13em", min=1, max=1024),
        "smart": _checkbox("Smart cropping"),
        "language": _control(Dropdown, "Language", options=list(LANGUAGES.items())),
        "detect_orientation": _checkbox("Detect orientation"),
        "handwriting": _checkbox("Handwriting"),
    }


def _control(kind: type, label: str, width: str | None = None, **traits: Any) -> Any:
    """Return a control with a label in full width: ipywidgets cuts it off by default."""
    layout = Layout(width=width, max_width=FULL_WIDTH)
    style = {"description_width": "initial"}
    return kind(description=label, layout=layout, style=style, **traits)


def _checkbox(label: str) -> Checkbox:
    return Checkbox(description=label, indent=False, layout=Layout(width="auto"))


def _samples() -> list[tuple[str, str]]:
    samples = [each for each in sample_credits().values() if "/" not in each.file]
    return [("Your own image", ""), *((each.title, each.file) for each in samples)]


def _row(*children: widgets.Widget, **layout: str) -> HBox:
    wrapping = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 0.8em"}
    return HBox(children, layout=Layout(**wrapping, **layout))


def _unquoted(text: str) -> str:
    """Return a path or URL without the quotation marks that file managers add to it."""
    text = text.strip()
    return text[1:-1] if text[:1] in ("'", '"') and text[:1] == text[-1:] and text[1:] else text
