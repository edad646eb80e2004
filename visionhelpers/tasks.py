"""What the Explorer can ask of a picture: the request, its answer in words, and its drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from . import answers
from .draw import draw_caption, draw_faces, draw_lines, draw_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .client import Answer, VisionClient
    from .images import Picture

INCHES = 6.0
"""The longest side of a drawing, at 100 pixels to the inch."""

CLIP_ART = ("no", "perhaps", "yes", "yes, good clip art")


@dataclass(frozen=True, slots=True)
class Shape:
    """The size in pixels that a thumbnail is to have, and how it is cut."""

    width: int = 200
    height: int = 200
    smart: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to ask.

    Attributes:
        name: What the reader chooses it by.
        ask: Sends a picture and returns the service's answer.
        tell: Says the answer in short lines, the most important first.
        draw: Draws the answer on the picture; None when the answer is itself a picture.
    """

    name: str
    ask: Callable[[VisionClient, Picture, Shape], Any]
    tell: Callable[[Any], list[str]]
    draw: Callable[[Image.Image, Any, Axes], Axes] | None

    def paint(self, image: Image.Image, answer: Any) -> bytes:
        """Return the picture with the answer drawn on it, as the bytes of a PNG file."""
        file = BytesIO()
        if self.draw is None:
            answer.save(file, "PNG")
            return file.getvalue()
        width, height = (max(0.5, side * INCHES / max(image.size)) for side in image.size)
        figure = Figure(figsize=(width, height), dpi=100)
        FigureCanvasAgg(figure)  # a canvas of its own: pyplot knows nothing of it
        self.draw(image, answer, figure.add_axes((0, 0, 1, 1)))
        figure.savefig(file, format="png")
        return file.getvalue()


def _caption(answer: Answer) -> list[str]:
    captions = answer["description"]["captions"]
    found = [f"{each['text']} ({each['confidence']:.2f})" for each in captions]
    tags = answer["description"]["tags"]
    return [*(found or ["No caption found."]), *_listed("Tags", tags)]


def _tags(answer: Answer) -> list[str]:
    categories = [f"{each['name']} ({each['score']:.2f})" for each in answer.get("categories", ())]
    tags = [f"{each['name']} ({each['confidence']:.2f})" for each in answer["tags"]]
    return [*_listed("Tags", tags), *_listed("Categories", categories)] or ["No tags found."]


def _faces(answer: Answer) -> list[str]:
    return _counted("face", "faces", [face.text for face in answers.faces(answer)])


def _names(model: str, one: str) -> Callable[[Answer], list[str]]:
    def tell(answer: Answer) -> list[str]:
        found = answer["result"][model]
        return _counted(
            one, model, [f"{each['name']} ({each['confidence']:.2f})" for each in found]
        )

    return tell


def _thumbnail(image: Image.Image) -> list[str]:
    return [f"A thumbnail of {image.width} x {image.height} pixels, sent as a picture."]


def _print(answer: Answer) -> list[str]:
    lines = [line for region in answer["regions"] for line in region["lines"]]
    texts = [" ".join(word["text"] for word in line["words"]) for line in lines]
    how = f"Language {answer['language']}, orientation {answer['orientation']}"
    turn = answer.get("textAngle", 0)
    angle = f", to be turned by {turn:.1f} degrees" if turn else ""
    return [*_counted("line", "lines", texts), f"{how}{angle}."]


def _handwriting(answer: Answer) -> list[str]:
    return _counted("line", "lines", [line.text for line in answers.lines(answer)])


def _colours(answer: Answer) -> list[str]:
    colour, kind = answer["color"], answer["imageType"]
    grey = colour.get("isBwImg", colour.get("isBWImg"))
    return [
        f"Foreground: {colour['dominantColorForeground']}",
        f"Background: {colour['dominantColorBackground']}",
        *_listed("Dominant colours", colour["dominantColors"]),
        f"Accent colour: #{colour['accentColor']}",
        f"Black and white: {_yes(grey)}",
        f"Clip art: {CLIP_ART[kind['clipArtType']]}",
        f"Line drawing: {_yes(kind['lineDrawingType'])}",
    ]


def _yes(answer: object) -> str:
    return "yes" if answer else "no"


def _listed(name: str, found: Iterable[str]) -> list[str]:
    text = ", ".join(found)
    return [f"{name}: {text}"] if text else []


def _counted(one: str, many: str, found: list[str]) -> list[str]:
    if not found:
        return [f"No {one} found."]
    return [f"{len(found)} {one if len(found) == 1 else many} found:", *found]


def _first_tags(image: Image.Image, answer: Answer, ax: Axes) -> Axes:
    return draw_caption(image, ", ".join(tag["name"] for tag in answer["tags"][:5]), ax)


def _framed(image: Image.Image, answer: Answer, ax: Axes) -> Axes:
    """Frame the picture in its accent colour, over the names of the dominant ones."""
    colour = answer["color"]
    draw_caption(image, ", ".join(colour["dominantColors"]), ax)
    frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, linewidth=24)
    frame.set_edgecolor(f"#{colour['accentColor']}")
    ax.add_patch(frame)
    return ax


TASKS = {
    task.name: task
    for task in (
        Task(
            "Describe",
            lambda vision, picture, _: vision.describe(picture, 3),
            _caption,
            draw_caption,
        ),
        Task(
            "Tags and categories",
            lambda vision, picture, _: vision.analyze(picture, ("Categories", "Tags")),
            _tags,
            _first_tags,
        ),
        Task(
            "Faces", lambda vision, picture, _: vision.analyze(picture, "Faces"), _faces, draw_faces
        ),
        Task(
            "Celebrities",
            lambda vision, picture, _: vision.celebrities(picture),
            _names("celebrities", "celebrity"),
            draw_faces,
        ),
        Task(
            "Landmarks",
            lambda vision, picture, _: vision.landmarks(picture),
            _names("landmarks", "landmark"),
            draw_caption,
        ),
        Task(
            "Thumbnail",
            lambda vision, picture, to: vision.thumbnail(picture, to.width, to.height, to.smart),
            _thumbnail,
            None,
        ),
        Task("Print", lambda vision, picture, _: vision.ocr(picture), _print, draw_words),
        Task(
            "Handwriting",
            lambda vision, picture, _: vision.recognize_text(picture),
            _handwriting,
            draw_lines,
        ),
        Task(
            "Colours and type",
            lambda vision, picture, _: vision.analyze(picture, ("Color", "ImageType")),
            _colours,
            _framed,
        ),
    )
}
"""Every task by its name, in the order of the quickstart."""
