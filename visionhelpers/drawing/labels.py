"""Labels: texts by the boxes they belong to, along the text, never on top of each other.

Letters are as large as suits the picture, or smaller where that hides less of what is there, but
never too small to read. A label for which there is no room is left out, and its box stays: a note
on the picture then says how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, copysign, cos, degrees, radians, sin, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from .fonts import Typeface, typeface
from .placement import Floats, arrange, make_room

LARGEST, SMALLEST = 13.0, 6.0
"""Sizes of letters in points."""

SHRUNK = 1.0, 0.85, 0.7, 0.5
"""What sizes are tried, in parts of the one that suits the picture."""

SHRINKING = 0.2
"""What it costs to write a label smaller, from nothing to 1 for lying on another box."""

NOTE = "{} of {} labels do not fit"

PADDING = 0.15
"""Room between a label's letters and its edge, in parts of the letters' size."""

_LEVEL, _UPRIGHT = 2.0, 95.0
"""Degrees: text that leans less is level, text that leans more is upside down."""

_CORNERS = np.array([[0, 1], [2, 1], [2, 3], [0, 3]])
"""Which numbers of a rectangle make its corners, in order."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Four corners in the picture's pixels, clockwise from the text's own top left, and a text."""

    corners: tuple[tuple[float, float], ...]
    text: str
    colour: str


def letter_size(ax: Axes) -> float:
    """Return the size in points of letters that suit the axes as they stand on the figure."""
    ax.apply_aspect()
    inches = sqrt(ax.bbox.width * ax.bbox.height) / ax.figure.dpi
    return min(max(inches * 72 / 28, SMALLEST), LARGEST)


def ink(colour: str) -> str:
    """Return black or white, whichever is easier to read on a colour (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = float(np.dot((0.2126, 0.7152, 0.0722), linear))
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"


def add_labels(ax: Axes, marks: Sequence[Mark]) -> list[Text]:
    """Write each mark's text by its box, measured on the axes as they stand on the figure.

    Args:
        ax: Axes that show the picture.
        marks: Boxes and what to write by them; a mark without a text gets none. Those of one
            colour that follow each other are a line, whose labels rather stand on one side.

    Returns:
        The labels that have room, inside the axes, none on top of another or of a text that was
        there before. The note that counts the others is on the axes alone.
    """
    face = typeface(mark.text for mark in marks)
    marks = [mark for mark in marks if face.spell(mark.text)]
    if not marks:
        return []
    page, suits = _Page(ax, face, marks), letter_size(ax)
    sizes = sorted({max(part * suits, SMALLEST) for part in SHRUNK}, reverse=True)
    found = [page.arrange(size) for size in sizes]
    costs = [
        cost + SHRINKING * (1 - size / suits) * len(marks)
        for size, (cost, _) in zip(sizes, found, strict=True)
    ]
    best = int(np.argmin(costs))
    return page.write(sizes[best], found[best][1])


class _Page:
    """The axes, turned until the text on them is level, where all rectangles are upright."""

    def __init__(self, ax: Axes, face: Typeface, marks: Sequence[Mark]) -> None:
        corners = [np.asarray(ax.transData.transform(mark.corners)) for mark in marks]
        self._ax, self._face, self._marks = ax, face, marks
        self._angle = _direction(corners)
        c, s = cos(radians(self._angle)), sin(radians(self._angle))
        self._level = np.array([[c, -s], [s, c]])
        self._boxes = self._rectangles(corners)
        self._taken = self._rectangles([_outline(text) for text in ax.texts])

    def arrange(self, size: float) -> tuple[float, Floats]:
        """Return the cost and the places of all labels in letters of so many points."""
        texts, lines = zip(*((mark.text, mark.colour) for mark in self._marks), strict=True)
        extents = self._extents(texts, size)
        return arrange(self._boxes, extents, lines, self._taken, self._inside)

    def write(self, size: float, places: Floats) -> list[Text]:
        """Write the labels that have a place, and how many have none."""
        note = np.full(4, np.nan)
        if np.isnan(places).any():
            note, places = self._note(places)
        labels = [
            self._write(mark.text, mark.colour, size, place)
            for mark, place in zip(self._marks, places, strict=True)
            if np.isfinite(place).all()
        ]
        if np.isfinite(note).all():
            missing = NOTE.format(len(places) - len(labels), len(places))
            self._write(missing, "white", SMALLEST, note)
        return labels

    def _note(self, places: Floats) -> tuple[Floats, Floats]:
        """Find a place for the note, from which labels give way if need be."""
        (extent,) = self._extents([NOTE.format(len(places), len(places))], SMALLEST)
        (page,) = self._rectangles([self._ax.bbox.corners()])
        return make_room(extent, page, self._boxes, places, self._taken, self._inside)

    def _write(self, text: str, colour: str, size: float, place: Floats) -> Text:
        centre = (place[:2] + place[2:]) / 2 @ self._level.T
        x, y = self._ax.transData.inverted().transform(centre)
        return self._ax.text(
            x,
            y,
            self._face.spell(text),
            family=list(self._face.families),
            fontsize=size,
            rotation=self._angle,
            color=ink(colour),
            bbox={"boxstyle": f"square,pad={PADDING}", "fc": colour, "ec": "none", "alpha": 0.85},
            horizontalalignment="center",
            verticalalignment="center",
            parse_math=False,
            zorder=3,
        )

    def _extents(self, texts: Sequence[str], size: float) -> Floats:
        """Return width and height of each label in pixels, n x 2."""
        ruler = Text(family=list(self._face.families), fontsize=size, parse_math=False)
        ruler.set_figure(self._ax.figure)
        known: dict[str, Floats] = {}
        for text in set(texts):
            ruler.set_text(self._face.spell(text))
            known[text] = np.ptp(_outline(ruler), axis=0)
        return np.array([known[text] for text in texts])

    def _rectangles(self, corners: Sequence[Floats]) -> Floats:
        """Return the upright rectangles around some corners, n x 4."""
        level = [each @ self._level for each in corners]
        bounds = [[*each.min(axis=0), *each.max(axis=0)] for each in level]
        return np.array(bounds).reshape(-1, 4)

    def _inside(self, rectangles: Floats) -> Floats:
        """Move rectangles into the axes; one that is too large becomes NaN."""
        low, high = rectangles[..., :2], rectangles[..., 2:]
        half = (high - low) / 2
        reach = half @ abs(self._level)
        least, most = self._ax.bbox.min + reach, self._ax.bbox.max - reach
        centres = (low + high) / 2 @ self._level.T
        centres = np.where(least <= most, np.clip(centres, least, most), np.nan) @ self._level
        return np.concatenate([centres - half, centres + half], axis=-1)


def _outline(text: Text) -> Floats:
    """Return the corners of the upright rectangle around a text and its padding."""
    padding = PADDING * float(text.get_fontsize()) / 72 * text.figure.dpi
    return np.asarray(text.get_window_extent().padded(padding).extents[_CORNERS])


def _direction(corners: list[Floats]) -> float:
    """Return the angle along which to write, counter-clockwise, never upside down."""
    x, y = sum((each[1] - each[0] for each in corners), np.zeros(2))
    angle = degrees(atan2(y, x))
    if abs(angle) > _UPRIGHT:
        angle -= copysign(180, angle)
    return angle if abs(angle) > _LEVEL else 0.0
