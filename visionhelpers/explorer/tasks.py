"""What the Explorer can ask of a picture: the request, its answer in words, and its drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from .. import facts
from ..drawing.draw import draw_caption, draw_faces, draw_lines, draw_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..client import Answer, VisionClient
    from ..uploads import Upload

INCHES = 6.0
"""The longest side of a drawing, at 100 pixels to the inch."""

LANGUAGES = {
    "Find out": "unk", "Arabic": "ar", "Chinese, simplified": "zh-Hans",
    "Chinese, traditional": "zh-Hant", "Czech": "cs", "Danish": "da", "Dutch": "nl",
    "English": "en", "Finnish": "fi", "French": "fr", "German": "de", "Greek": "el",
    "Hungarian": "hu", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Norwegian": "nb",
    "Polish": "pl", "Portuguese": "pt", "Romanian": "ro", "Russian": "ru",
    "Serbian, Cyrillic": "sr-Cyrl", "Serbian, Latin": "sr-Latn", "Slovak": "sk",
    "Spanish": "es", "Swedish": "sv", "Turkish": "tr",
}  # fmt: skip
"""What v1.0 reads print in."""

_painting = Lock()
"""Matplotlib is not made for several threads at once."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set: each task has a few of these.

    Attributes:
        captions: How many captions at most.
        width: Of a thumbnail, in pixels.
        height: Of a thumbnail, in pixels.
        smart: Whether a thumbnail is cut around what matters.
        language: Of print, as in "en"; "unk" to have it found out.
        orientation: Whether print may stand on its side or its head.
        handwriting: Whether the text is written by hand.
    """

    captions: int = 3
    width: int = 200
    height: int = 200
    smart: bool = True
    language: str = "unk"
    orientation: bool = True
    handwriting: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to ask.

    Attributes:
        name: What the reader chooses it by.
        method: The client's method that asks for it.
        arguments: What the method is given beside the picture: a value as it is, or, as
            `Option("width")`, that of an option.
        tell: Says the answer in short lines, the most important first.
        draw: Draws the answer on the picture; None when the answer is itself a picture.
    """

    name: str
    method: str
    arguments: dict[str, str | Option]
    tell: Callable[[Any], list[str]]
    draw: Callable[[Image.Image, Any, Axes], Axes] | None

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options that the task has."""
        return tuple(each.name for each in self.arguments.values() if isinstance(each, Option))

    def ask(
        self,
        vision: VisionClient,
        picture: Upload,
        options: Options,
        on_status: Callable[[str], None] | None = None,
    ) -> Any:
        """Send a picture and return the service's answer; tell each status of an operation."""
        arguments = self._given(options)
        if self.method == "recognize_text":
            arguments["on_status"] = on_status
        return getattr(vision, self.method)(picture, **arguments)

    def code(self, vision: str, picture: str, options: Options) -> str:
        """Return the lines of Python that ask the same, given how to come by client and picture."""
        given = "".join(f", {name}={value!r}" for name, value in self._given(options).items())
        return (
            "import visionhelpers as vh\n"
            f"vision = {vision}\n"
            f"answer = vision.{self.method}({picture}{given})"
        )

    def paint(self, image: Image.Image, answer: Any) -> bytes:
        """Return the picture with the answer drawn on it, as the bytes of a PNG file."""
        file = BytesIO()
        if self.draw is None:
            answer.save(file, "PNG")
            return file.getvalue()
        width, height = (max(0.5, side * INCHES / max(image.size)) for side in image.size)
        with _painting:
            figure = Figure(figsize=(width, height), dpi=100)
            FigureCanvasAgg(figure)  # a canvas of its own: pyplot knows nothing of it
            self.draw(image, answer, figure.add_axes((0, 0, 1, 1)))
            figure.savefig(file, format="png")
        return file.getvalue()

    def _given(self, options: Options) -> dict[str, Any]:
        return {
            name: getattr(options, value.name) if isinstance(value, Option) else value
            for name, value in self.arguments.items()
        }


@dataclass(frozen=True, slots=True)
class Option:
    """An argument whose value is one of the `Options`."""

    name: str


def _first_tags(image: Image.Image, answer: Answer, ax: Axes) -> Axes:
    return draw_caption(image, ", ".join(tag["name"] for tag in answer["tags"][:5]), ax)


def _categories(image: Image.Image, answer: Answer, ax: Axes) -> Axes:
    names = [each["name"] for each in answer.get("categories", ())]
    return draw_caption(image, ", ".join(names), ax)


def _framed(image: Image.Image, answer: Answer, ax: Axes) -> Axes:
    """Frame the picture in its accent colour, over the names of the dominant ones."""
    colour = answer["color"]
    draw_caption(image, ", ".join(colour["dominantColors"]), ax)
    frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, linewidth=24)
    frame.set_edgecolor(f"#{colour['accentColor']}")
    ax.add_patch(frame)
    return ax


_DESCRIBE: dict[str, str | Option] = {"max_candidates": Option("captions")}
_SIZE: dict[str, str | Option] = {name: Option(name) for name in ("width", "height", "smart")}
_READ: dict[str, str | Option] = {
    "language": Option("language"),
    "detect_orientation": Option("orientation"),
}
_WRITTEN: dict[str, str | Option] = {"handwriting": Option("handwriting")}

TASKS = {
    task.name: task
    for task in (
        Task("Describe", "describe", _DESCRIBE, facts.captions, draw_caption),
        Task("Tags", "tag", {}, facts.tags, _first_tags),
        Task("Categories", "analyze", {"features": "Categories"}, facts.categories, _categories),
        Task("Faces", "analyze", {"features": "Faces"}, facts.faces, draw_faces),
        Task("Celebrities", "celebrities", {}, facts.celebrities, draw_faces),
        Task("Landmarks", "landmarks", {}, facts.landmarks, draw_caption),
        Task("Thumbnail", "thumbnail", _SIZE, facts.thumbnail, None),
        Task("Print", "ocr", _READ, facts.printed, draw_words),
        Task("Handwriting", "recognize_text", _WRITTEN, facts.handwriting, draw_lines),
        Task(
            "Colours and type", "analyze", {"features": "Color,ImageType"}, facts.colours, _framed
        ),
    )
}
"""Every task by its name, in the order of the quickstart."""
