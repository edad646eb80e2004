"""Draw what the service saw on the picture it saw: captions, faces, words and lines of text.

Every function shows the picture on matplotlib Axes and gives them back: the ones it was given,
or those of a new figure that fits the picture. Coordinates are the API's: pixels of the upright
picture, from the top left, x to the right, y down. Nothing but the Axes is changed or shown.
Labels are measured on the figure as it stands, so set its size first.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke

from .fonts import typeface
from .images import Picture, load_image
from .labels import Mark, add_labels, ink, letter_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from PIL import Image

Answer: TypeAlias = Mapping[str, Any]
Corners: TypeAlias = tuple[tuple[float, float], ...]

LONG_SIDE, SHORTEST_SIDE = 7.0, 0.5
"""Inches of a new figure."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""Okabe and Ito's palette, which people tell apart whatever colours they see."""

_TURNS = {"Up": 0, "Right": 1, "Down": 2, "Left": 3}


def draw_caption(image: Picture, analysis: Answer | str, ax: Axes | None = None) -> Axes:
    """Draw the picture with its caption underneath, as the title of the Axes.

    The caption is wrapped to the picture's width, and the figure grows where the caption would
    leave it, unless a layout engine already makes the room.

    Args:
        image: The picture, as `load_image` takes it.
        analysis: The answer of analyze or describe (its first caption), of landmarks (the name
            of the first), or the caption itself. Nothing is written when the service found none.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, without captions and landmarks.
        PictureError: The picture cannot be read.
    """
    caption = analysis if isinstance(analysis, str) else _caption(analysis)
    ax = _show(load_image(image), ax)
    face = typeface([caption])
    # Not capitalize(): it would write the names of people and places small.
    title = ax.set_title(
        face.spell(caption[:1].upper() + caption[1:]),
        y=0,
        pad=-5,
        fontsize=letter_size(ax) * 1.1,
        fontfamily=list(face.families),
        verticalalignment="top",
        parse_math=False,
    )
    _wrap(title, ax.bbox.width)
    _make_room(ax.figure, title)
    return ax


def draw_faces(image: Picture, analysis: Answer, ax: Axes | None = None) -> Axes:
    """Draw a rectangle around each face, with the name or else the age and gender.

    A face that the answer both names and describes gets its name only.

    Args:
        image: The picture, as `load_image` takes it.
        analysis: The answer of celebrities, or of analyze with the feature Faces, the detail
            Celebrities, or both.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, without faces and celebrities.
        PictureError: The picture cannot be read.
    """
    faces = _faces(analysis)
    marks = [
        Mark(_rectangle(*rectangle), text, colour)
        for (rectangle, text), colour in zip(faces.items(), cycle(COLOURS), strict=False)
    ]
    return _draw(load_image(image), marks, ax)


def draw_words(image: Picture, ocr_answer: Answer, ax: Axes | None = None) -> Axes:
    """Draw a box around each word of printed text, with the word, one colour a line.

    OCR's boxes lie in the picture as it is after a clockwise turn about its centre by
    `textAngle` degrees; here they are turned back to lie on the words.

    Args:
        image: The picture, as `load_image` takes it.
        ocr_answer: The answer of ocr.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, without regions.
        PictureError: The picture cannot be read.
    """
    if "regions" not in ocr_answer:
        raise _wrong("draw_words needs the answer of ocr, with its 'regions'", ocr_answer)
    picture = load_image(image)
    lines = [line for region in ocr_answer["regions"] for line in region["lines"]]
    marks = [
        Mark(_word_corners(word["boundingBox"], ocr_answer, picture.size), word["text"], colour)
        for line, colour in zip(lines, cycle(COLOURS), strict=False)
        for word in line["words"]
    ]
    return _draw(picture, marks, ax)


def draw_lines(image: Picture, recognize_text_answer: Answer, ax: Axes | None = None) -> Axes:
    """Draw a polygon around each line of handwriting or print, with its text.

    Args:
        image: The picture, as `load_image` takes it.
        recognize_text_answer: The finished answer of recognize_text, whose polygons are eight
            numbers: x and y of the four corners, clockwise from the text's own top left.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, or not finished.
        PictureError: The picture cannot be read.
    """
    if "recognitionResult" not in recognize_text_answer:
        needs = "draw_lines needs the finished answer of recognize_text, with 'recognitionResult'"
        raise _wrong(needs, recognize_text_answer)
    lines = recognize_text_answer["recognitionResult"]["lines"]
    marks = [
        Mark(_pairs(line["boundingBox"]), line["text"], colour)
        for line, colour in zip(lines, cycle(COLOURS), strict=False)
    ]
    return _draw(load_image(image), marks, ax)


def _wrong(needs: str, answer: Answer) -> ValueError:
    return ValueError(f"{needs}, and this one has {', '.join(map(repr, answer)) or 'nothing'}")


def _caption(analysis: Answer) -> str:
    """Return the first caption, or the first landmark's name; nothing if none was found."""
    if "captions" in analysis.get("description", {}):
        return _first(analysis["description"]["captions"], "text")
    if "landmarks" in analysis.get("result", {}):
        return _first(analysis["result"]["landmarks"], "name")
    details = list(_details(analysis, "landmarks"))
    if not details:
        needs = "draw_caption needs the answer of describe, landmarks or analyze with Description"
        raise _wrong(needs, analysis)
    return _first([landmark for detail in details for landmark in detail], "name")


def _first(found: list[dict[str, Any]], key: str) -> str:
    return str(found[0][key]) if found else ""


def _details(analysis: Answer, model: str) -> Iterator[list[dict[str, Any]]]:
    """Yield what a domain model found in each category."""
    for category in analysis.get("categories", ()):
        if model in category.get("detail", {}):
            yield category["detail"][model]


def _faces(analysis: Answer) -> dict[tuple[int, ...], str]:
    """Return the rectangles of faces (left, top, width, height) and what to write by each."""
    people = list(_details(analysis, "celebrities"))
    if "celebrities" in analysis.get("result", {}):
        people.append(analysis["result"]["celebrities"])
    if not people and "faces" not in analysis:
        needs = "draw_faces needs the answer of celebrities or of analyze with the feature Faces"
        raise _wrong(needs, analysis)
    found = {_edges(person): str(person["name"]) for group in people for person in group}
    for face in analysis.get("faces", ()):
        rectangle = _edges(face)
        if not any(_same_face(rectangle, other) for other in found):
            known = [str(face[key]) for key in ("age", "gender") if face.get(key) is not None]
            found[rectangle] = ", ".join(known)
    return found


def _edges(face: dict[str, Any]) -> tuple[int, ...]:
    return tuple(face["faceRectangle"][key] for key in ("left", "top", "width", "height"))


def _same_face(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Tell whether the middle of each rectangle lies in the other."""
    return all(
        abs((a + size / 2) - (b + length / 2)) < min(size, length) / 2
        for a, b, size, length in zip(one[:2], other[:2], one[2:], other[2:], strict=True)
    )


def _rectangle(left: float, top: float, width: float, height: float) -> Corners:
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _word_corners(box: str, answer: Answer, size: tuple[int, int]) -> Corners:
    """Return the corners of "left,top,width,height", turned back, from the word's top left."""
    corners = _rectangle(*map(float, box.split(",")))
    turns = _TURNS.get(answer.get("orientation", "Up"), 0)
    angle, x0, y0 = radians(answer.get("textAngle") or 0), size[0] / 2, size[1] / 2
    return tuple(
        (
            x0 + (x - x0) * cos(angle) + (y - y0) * sin(angle),
            y0 - (x - x0) * sin(angle) + (y - y0) * cos(angle),
        )
        for x, y in corners[turns:] + corners[:turns]
    )


def _pairs(numbers: list[float]) -> Corners:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _show(picture: Image.Image, ax: Axes | None) -> Axes:
    width, height = picture.size
    if ax is None:
        import matplotlib.pyplot as plt  # slow to load, and not needed where Axes are given

        inches = [max(side * LONG_SIDE / max(picture.size), SHORTEST_SIDE) for side in picture.size]
        ax = plt.figure(figsize=(inches[0], inches[1])).add_axes((0, 0, 1, 1))
    # The API counts edges of pixels, imshow their middles unless it is told the extent.
    ax.imshow(np.asarray(picture), extent=(0, width, height, 0))
    ax.set_axis_off()
    return ax


def _draw(picture: Image.Image, marks: Iterable[Mark], ax: Axes | None) -> Axes:
    ax, marks = _show(picture, ax), list(marks)
    width = letter_size(ax) / 8
    for mark in marks:
        halo = withStroke(linewidth=2 * width, foreground=ink(mark.colour), alpha=0.6)
        ax.add_patch(
            Polygon(
                np.array(mark.corners),
                fill=False,
                edgecolor=mark.colour,
                linewidth=width,
                path_effects=[halo],
            )
        )
    add_labels(ax, marks)
    return ax


def _wrap(title: Text, width: float) -> None:
    """Break a text into lines that are no wider than some pixels on the figure."""
    text = title.get_text()
    for columns in range(len(text), 0, -1):
        title.set_text(textwrap.fill(text, columns))
        if title.get_window_extent().width <= width:
            return


def _make_room(figure: Any, title: Text) -> None:
    """Let a figure grow downwards until it holds a title, with everything else as it was."""
    missing = (4 - title.get_window_extent().y0) / figure.dpi
    if missing <= 0 or not isinstance(figure, Figure) or figure.get_layout_engine():
        return
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + missing)
    for ax in figure.axes:
        box = ax.get_position(original=True)
        bottom, tall = box.y0 * height + missing, box.height * height
        ax.set_position((box.x0, bottom / (height + missing), box.width, tall / (height + missing)))
