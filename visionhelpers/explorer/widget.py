"""The Explorer: a widget that shows an `ExplorerState`, and changes it."""

from typing import Any

from ..client import VisionClient
from ..errors import not_installed
from ..images import ImageInput, sample_credits, sample_path
from .query import sample_name
from .tasks import DEFAULTS, LANGUAGES, TASKS

try:
    import ipywidgets as widgets
    from ipywidgets import HTML, BoundedIntText, Checkbox, Dropdown, HBox, Layout, Text, VBox
    from traitlets import Bunch

    from . import html
    from .accessibility import GUARD_CLASS, LiveRegion, ShortcutGuard
    from .file_upload import ChunkedUpload
    from .state import ExplorerState
except ModuleNotFoundError as error:
    raise not_installed("The Explorer", error.name, "explorer") from None

FULL_WIDTH = "calc(100% - 4px)"


class Explorer(VBox):  # type: ignore[misc]
    """A widget that shows results drawn, as text and as JSON. Its `state` is an `ExplorerState`."""

    def __init__(self, client: VisionClient) -> None:
        """Create the widget for a client, and run the first task on the first sample image."""
        self.state = state = ExplorerState(client)
        samples = [(each.title, each.file) for each in sample_credits().values()]
        choices = [("Your own image", ""), *(each for each in samples if "/" not in each[1])]
        self._samples = _control(Dropdown, "Sample image", "48em", options=choices)
        self._upload = ChunkedUpload(state.show, state.fail)
        self._url_or_path = _control(Text, "or URL or path", "30em", continuous_update=False)
        self._url_or_path.placeholder = "https://… or a file, then press Enter"
        self._controls = task_controls()
        rerun = widgets.Button(description="Run again")
        self._status = LiveRegion(layout=Layout(margin="2px"))
        self._figure, summary = HTML(), HTML()
        code, json = (HTML(layout=Layout(width=FULL_WIDTH)) for _ in range(2))
        # A checkbox, because an Accordion needs a mouse.
        toggle = _control(Checkbox, "Show the response as JSON", "auto", indent=False)

        text = VBox([self._status, summary], layout=Layout(flex="1 1 16em", min_width="0"))
        image_row = _row(self._upload, self._url_or_path)
        task_row = _row(*self._controls.values(), rerun)
        output = _row(self._figure, text, min_height="12em")
        guard = ShortcutGuard(layout=Layout(display="none"))
        super().__init__([self._samples, image_row, task_row, output, code, toggle, json, guard])
        self.add_class(GUARD_CLASS)

        for name, control in self._controls.items():
            widgets.link((state, name), (control, "value"))
        widgets.dlink((state, "summary"), (summary, "value"), html.summary)
        widgets.dlink((state, "code"), (code, "value"), html.code)
        widgets.dlink((state, "result"), (json, "value"), html.response)
        checked, display = (toggle, "value"), (json.layout, "display")
        widgets.dlink(checked, display, lambda on: "" if on else "none")
        rerun.on_click(lambda _: state.run())
        self._samples.observe(self._on_sample, "value")
        self._url_or_path.observe(self._on_url_or_path, "value")
        self._url_or_path.on_msg(self._on_enter)
        state.observe(self._on_image, "image")
        state.observe(self._render, ["task", "status", "progress"])
        self._samples.value = self._samples.options[1][1]

    def __repr__(self) -> str:
        return "Explorer()"

    @property
    def result(self) -> Any:
        """The API's JSON, or a Pillow image for a thumbnail; None until the query is done."""
        return self.state.result

    def show(self, image: ImageInput, title: str | None = None) -> None:
        """Run the task on an image, even if it is the same as before.

        The title is by default the name of the file.

        Raises:
            ImageError: An open file or a Pillow image cannot be read.
            TypeError: It is no URL, path, bytes, open binary file or Pillow image.
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

    def _on_image(self, change: Bunch) -> None:
        self._samples.value = sample_name(change.new)
        self._upload.cancel()
        if change.new != _unquoted(self._url_or_path.value):
            self._url_or_path.value = ""

    def _render(self, _: Bunch) -> None:
        state = self.state
        for name in DEFAULTS:
            shown = name in TASKS[state.task].options
            self._controls[name].layout.display = "" if shown else "none"
        if state.status != "working":
            self._figure.value = html.figure(state)
        # A hidden drawing keeps its space, so that the content below does not move.
        self._figure.layout.visibility = "hidden" if state.status == "working" else "visible"
        self._status.update(html.status(state), urgent=state.status == "failed")


def task_controls() -> dict[str, Any]:
    """Return a control for the task and for each option, by name."""
    return {
        "task": _control(Dropdown, "Task", options=list(TASKS)),
        "max_candidates": _control(BoundedIntText, "Maximum captions", "13em", min=1, max=10),
        "width": _control(BoundedIntText, "Width in pixels", "13em", min=1, max=1024),
        "height": _control(BoundedIntText, "Height in pixels", "13em", min=1, max=1024),
        "smart": _control(Checkbox, "Smart cropping", "auto", indent=False),
        "language": _control(Dropdown, "Language", options=list(LANGUAGES.items())),
        "detect_orientation": _control(Checkbox, "Detect orientation", "auto", indent=False),
        "handwriting": _control(Checkbox, "Handwriting", "auto", indent=False),
    }


def _control(kind: type, label: str, width: str | None = None, **traits: Any) -> Any:
    """Return a control with a label in full width: ipywidgets cuts it off by default."""
    layout = Layout(width=width, max_width=FULL_WIDTH)
    style = {"description_width": "initial"}
    return kind(description=label, layout=layout, style=style, **traits)


def _row(*children: widgets.Widget, **layout: str) -> HBox:
    wrapping = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 0.8em"}
    return HBox(children, layout=Layout(**wrapping, **layout))


def _unquoted(text: str) -> str:
    """Return a path or URL without the quotation marks that file managers add to it."""
    text = text.strip()
    return text[1:-1] if text[:1] in ("'", '"') and text[:1] == text[-1:] and text[1:] else text
