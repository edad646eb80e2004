"""The tasks of the Explorer and of `compare`: an operation with its arguments and its drawing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from .. import results
from ..drawing.draw import (
    draw_caption,
    draw_faces,
    draw_lines,
    draw_words,
    extend_figure,
    figure_size,
)
from ..results import Result

LONG_SIDE, DPI = 6.0, 100
"""Long side of a drawing in inches, and pixels per inch."""

LANGUAGES = {
    "Detect automatically": "unk", "Arabic": "ar", "Chinese, simplified": "zh-Hans",
    "Chinese, traditional": "zh-Hant", "Czech": "cs", "Danish": "da", "Dutch": "nl",
    "English": "en", "Finnish": "fi", "French": "fr", "German": "de", "Greek": "el",
    "Hungarian": "hu", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Norwegian": "nb",
    "Polish": "pl", "Portuguese": "pt", "Romanian": "ro", "Russian": "ru",
    "Serbian, Cyrillic": "sr-Cyrl", "Serbian, Latin": "sr-Latn", "Slovak": "sk",
    "Spanish": "es", "Swedish": "sv", "Turkish": "tr",
}  # fmt: skip
"""Languages of OCR in API v1.0."""

DEFAULTS: dict[str, Any] = {
    "max_candidates": 3, "width": 200, "height": 200, "smart": True, "language": "unk",
    "detect_orientation": True, "handwriting": True,
}  # fmt: skip
"""The options of all tasks, by the names of the client's arguments."""

_drawing = Lock()
"""Matplotlib is not thread-safe."""


@dataclass(frozen=True, slots=True)
class Task:
    """A method of the client, with the names of its `options` and its fixed `arguments`.

    `draw` is None if the result is an image.
    """

    name: str
    method: str
    draw: Callable[..., Any] | None
    options: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def kwargs(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the method, given the values of all options."""
        return {**self.arguments, **{name: options[name] for name in self.options}}

    def render_png(self, image: Image.Image, result: Any) -> bytes:
        """Return the image with the result drawn on it, as the bytes of a PNG file."""
        file = BytesIO()
        if self.draw is None:
            result.save(file, "PNG")
            return file.getvalue()
        with _drawing:
            figure = Figure(figsize=figure_size(image, LONG_SIDE), dpi=DPI)
            figure.set_layout_engine("none")
            FigureCanvasAgg(figure)  # not registered with pyplot
            self.draw(image, result, ax=figure.add_axes((0, 0, 1, 1)))
            extend_figure(figure)
            figure.savefig(file, format="png")
        return file.getvalue()


def find_task(name: str) -> Task:
    """Return the task of a name, or raise ValueError."""
    if name not in TASKS:
        raise ValueError(f"Invalid task {name!r}: use one of {', '.join(TASKS)}.")
    return TASKS[name]


def _draw_tags(image: Image.Image, result: Result, ax: Axes) -> None:
    tags = results.tags(result) or []
    draw_caption(image, ", ".join(tag.text for tag in tags[:5]), ax=ax)


def _draw_categories(image: Image.Image, result: Result, ax: Axes) -> None:
    names = [category["name"] for category in result.get("categories", ())]
    draw_caption(image, ", ".join(names), ax=ax)


def _draw_accent(image: Image.Image, result: Result, ax: Axes) -> None:
    """Frame the image in its accent color, above the names of the dominant colors."""
    color = result["color"]
    draw_caption(image, ", ".join(color["dominantColors"]), ax=ax)
    frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, linewidth=24)
    frame.set_edgecolor(f"#{color['accentColor']}")
    ax.add_patch(frame)


TASKS = {
    task.name: task
    for task in (
        Task("Describe", "describe", draw_caption, ("max_candidates",)),
        Task("Tags", "tag", _draw_tags),
        Task("Categories", "analyze", _draw_categories, (), {"features": "Categories"}),
        Task("Faces", "analyze", draw_faces, (), {"features": "Faces"}),
        Task("Celebrities", "celebrities", draw_faces),
        Task("Landmarks", "landmarks", draw_caption),
        Task("Thumbnail", "thumbnail", None, ("width", "height", "smart")),
        Task("OCR", "ocr", draw_words, ("language", "detect_orientation")),
        Task("Recognize text", "recognize_text", draw_lines, ("handwriting",)),
        Task("Color and image type", "analyze", _draw_accent, (), {"features": "Color,ImageType"}),
    )
}
"""The tasks by name, in the order of the quickstart."""
