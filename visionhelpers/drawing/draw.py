"""Draw what the service saw on the picture it saw: captions, faces, words and lines of text.

Every function shows the picture on matplotlib Axes and gives them back: the ones it was given,
or those of a new figure that fits the picture. Coordinates are the API's: pixels of the upright
picture, from the top left, x to the right, y down. Nothing but the Axes is changed or shown.
Labels are measured on the figure as it stands, so set its size first: where there is no room for
all of them the boxes stay, and a note says how many labels do not fit.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import cycle
from math import dist
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke

from .. import results as answers
from ..images import Picture, load_image
from .fonts import typeface
from .labels import Mark, add_labels, ink, letter_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from PIL import Image

    from ..results import Answer, Found

LONG_SIDE, SHORTEST_SIDE = 7.0, 0.5
"""Inches of a new figure."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""Okabe and Ito's palette, which people tell apart whatever colours they see."""


def draw_caption(image: Picture, analysis: Answer | str, ax: Axes | None = None) -> Axes:
    """Draw the picture with its caption underneath, as the title of the Axes.

    The caption is wrapped to the picture's width, and the figure grows where the caption would
    leave it, unless a layout engine already makes the room.

    Args:
        image: The picture, as `load_image` takes it.
        analysis: The answer of analyze or describe (its first caption, with a capital), of
            landmarks (the name of the first), or the caption itself, written as it is. Nothing is
            written when the service found none.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, without captions and landmarks.
        ImageError: The picture cannot be read.
    """
    caption = analysis if isinstance(analysis, str) else _sentence(answers.caption(analysis))
    ax = _show(load_image(image), ax)
    face = typeface([caption])
    title = ax.set_title(
        face.spell(caption),
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
        ImageError: The picture cannot be read.
    """
    groups = [[face] for face in answers.faces(analysis)]
    return _draw(load_image(image), groups, ax)


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
        ImageError: The picture cannot be read.
    """
    picture = load_image(image)
    return _draw(picture, answers.words(ocr_answer, *picture.size), ax)


def draw_lines(image: Picture, recognize_text_answer: Answer, ax: Axes | None = None) -> Axes:
    """Draw a polygon around each line of handwriting or print, with its text.

    Args:
        image: The picture, as `load_image` takes it.
        recognize_text_answer: The finished answer of recognize_text, whose polygons are eight
            numbers: x and y of the four corners, clockwise from the text's own top left.
        ax: Where to draw; without it, on a new figure.

    Raises:
        ValueError: The answer is of another operation, or not finished.
        ImageError: The picture cannot be read.
    """
    groups = [[line] for line in answers.lines(recognize_text_answer)]
    return _draw(load_image(image), groups, ax)


def _sentence(caption: str) -> str:
    """Begin with a capital; capitalize() would write the names of people and places small."""
    return caption[:1].upper() + caption[1:]


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


def _draw(picture: Image.Image, groups: Iterable[Iterable[Found]], ax: Axes | None) -> Axes:
    """Frame and label what was found, each group in a colour of its own."""
    ax = _show(picture, ax)
    coloured = zip(groups, cycle(COLOURS), strict=False)
    marks = [Mark(*found, colour) for group, colour in coloured for found in group]
    width = _line_width(ax, marks)
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


def _line_width(ax: Axes, marks: list[Mark]) -> float:
    """Return the width in points of lines that are thin beside what they frame."""
    heights = [dist(mark.corners[0], mark.corners[3]) for mark in marks] or [0.0]
    point = abs(ax.transData.get_matrix()[1, 1]) * 72 / ax.figure.dpi
    return max(0.4, min(letter_size(ax) / 8, float(median(heights) * point) / 12))


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
