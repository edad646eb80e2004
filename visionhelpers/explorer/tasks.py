"""The tasks of the Explorer and of `compare`: an operation with its arguments and its drawing."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from ..drawing import draw_caption, draw_faces, draw_lines, draw_words
from ..drawing.draw import extend_figure, figure_size
from ..results import Result

LANGUAGES = {  # of OCR in API v1.0
    "Detect automatically": "unk", "Arabic": "ar", "Chinese, simplified": "zh-Hans",
    "Chinese, traditional": "zh-Hant", "Czech": "cs", "Danish": "da", "Dutch": "nl",
    "English": "en", "Finnish": "fi", "French": "fr", "German": "de", "Greek": "el",
    "Hungarian": "hu", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Norwegian": "nb",
    "Polish": "pl", "Portuguese": "pt", "Romanian": "ro", "Russian": "ru",
    "Serbian, Cyrillic": "sr-Cyrl", "Serbian, Latin": "sr-Latn", "Slovak": "sk",
    "Spanish": "es", "Swedish": "sv", "Turkish": "tr",
}  # fmt: skip
DEFAULTS: dict[str, Any] = {  # the options of all tasks, by the names of the client's arguments
    "max_candidates": 3, "width": 200, "height": 200, "smart": True, "language": "unk",
    "detect_orientation": True, "handwriting": True,
}  # fmt: skip


class Task(NamedTuple):
    """A method of the client, with the names of its options; `draw` is None for a thumbnail."""

    name: str
    method: str
    draw: Callable[..., Any] | None
    options: tuple[str, ...] = ()
    features: str = ""  # of analyze

    def kwargs(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the method, given the values of all options."""
        fixed = {"features": self.features} if self.features else {}
        return {**fixed, **{name: options[name] for name in self.options}}

    def render_png(self, image: Image.Image, result: Any) -> bytes:
        """Return the image with the result drawn on it, as the bytes of a PNG file."""
        file = BytesIO()
        if self.draw is None:
            result.save(file, "PNG")
            return file.getvalue()
        figure = Figure(figsize=figure_size(image, long_side=6), dpi=100)
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


def _draw_names(image: Image.Image, result: Result, ax: Axes) -> None:
    found = result.get("tags") or result.get("categories", ())
    draw_caption(image, ", ".join(each["name"] for each in found[:5]), ax=ax)


def _draw_accent(image: Image.Image, result: Result, ax: Axes) -> None:
    """Frame the image in its accent color, above the names of the dominant colors."""
    names, accent = result["color"]["dominantColors"], f"#{result['color']['accentColor']}"
    draw_caption(image, ", ".join(names), ax=ax)
    ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, lw=24, ec=accent))


_TASKS = (
    Task("Describe", "describe", draw_caption, ("max_candidates",)),
    Task("Tags", "tag", _draw_names),
    Task("Categories", "analyze", _draw_names, features="Categories"),
    Task("Faces", "analyze", draw_faces, features="Faces"),
    Task("Celebrities", "celebrities", draw_faces),
    Task("Landmarks", "landmarks", draw_caption),
    Task("Thumbnail", "thumbnail", None, ("width", "height", "smart")),
    Task("OCR", "ocr", draw_words, ("language", "detect_orientation")),
    Task("Recognize text", "recognize_text", draw_lines, ("handwriting",)),
    Task("Color and image type", "analyze", _draw_accent, features="Color,ImageType"),
)
TASKS = {task.name: task for task in _TASKS}
"""The tasks by name, in the order of the quickstart."""
