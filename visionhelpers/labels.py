"""Labels: texts beside or inside the boxes they belong to, never on top of each other.

Three schemes, the first that has room for every label of a picture:

1. beside the boxes, in letters that suit the picture: above, below, inside, then shifted;
2. the same in smaller letters, down to `SMALLEST` points;
3. in place, for a page full of words: each label lies on its own box, in letters that fit it and
   in the direction of the text. One that would be smaller than `SMALLEST_IN_PLACE` points, or
   would touch another, is left out; its box stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, degrees, sqrt
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.text import Text
from numpy.typing import NDArray

from .fonts import Typeface, typeface

Floats: TypeAlias = NDArray[np.float64]
"""Rectangles are left, bottom, right, top in the figure's pixels, y up."""

LARGEST, SMALLEST, SMALLEST_IN_PLACE = 13.0, 6.0, 4.5
PADDING = 0.15
"""Room between a label's letters and its edge, in parts of the letters' size."""

HIDDEN = 0.2
"""How much of another box a label may cover."""


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
        marks: Boxes and what to write by them; a mark without a text gets none.

    Returns:
        The labels, inside the axes, none on top of another or of a text that was there before.
    """
    largest = letter_size(ax)
    earlier = [_extent(text) for text in ax.texts]
    marks = [mark for mark in marks if mark.text.strip()]
    face = typeface(mark.text for mark in marks)
    labels = [_label(ax, mark, face) for mark in marks]
    for size in sorted({max(part * largest, SMALLEST) for part in (1, 0.85, 0.7, 0)}, reverse=True):
        if _beside(ax, labels, marks, earlier, size):
            return labels
    return _in_place(ax, labels, marks, earlier)


def _label(ax: Axes, mark: Mark, face: Typeface) -> Text:
    return ax.text(
        *mark.corners[0],
        face.spell(mark.text),
        family=list(face.families),
        color=ink(mark.colour),
        bbox={
            "boxstyle": f"square,pad={PADDING}",
            "facecolor": mark.colour,
            "edgecolor": "none",
            "alpha": 0.85,
        },
        horizontalalignment="center",
        verticalalignment="center",
        parse_math=False,
        zorder=3,
    )


def _extent(text: Text) -> Floats:
    """Return the rectangle that a text covers, its padding included."""
    background = text.get_bbox_patch()
    points = float(text.get_fontsize()) * PADDING if background else 0.0
    box = text.get_window_extent()
    return np.array(box.padded(points / 72 * text.figure.dpi).extents)


def _beside(
    ax: Axes, labels: list[Text], marks: list[Mark], earlier: list[Floats], size: float
) -> bool:
    """Place every label by its box, and tell whether there was room for all."""
    corners = [ax.transData.transform(mark.corners) for mark in marks]
    boxes = np.array([[*each.min(axis=0), *each.max(axis=0)] for each in corners])
    taken = list(earlier)
    for number, label in enumerate(labels):
        label.set_fontsize(size)
        spot = _best(ax, _extent(label), number, boxes, taken)
        if spot is None:
            return False
        taken.append(spot)
        label.set(position=ax.transData.inverted().transform((spot[:2] + spot[2:]) / 2))
    return True


def _best(
    ax: Axes, extent: Floats, number: int, boxes: Floats, taken: list[Floats]
) -> Floats | None:
    """Return the free spot for one label that hides the least of the boxes."""
    bounds = np.array(ax.bbox.extents)
    spots = np.array(list(_spots(boxes[number], extent[2:] - extent[:2], bounds)))
    hidden = _shared(spots[:, None], boxes) / np.maximum(_shared(boxes, boxes), 1)
    own = hidden[:, number].copy()
    hidden[:, number] = 0
    cost = hidden.max(axis=1) + own / 2 + np.arange(len(spots)) / 100
    free = (hidden <= HIDDEN).all(axis=1)
    free &= (spots[:, :2] >= bounds[:2]).all(axis=1) & (spots[:, 2:] <= bounds[2:]).all(axis=1)
    if taken:
        free &= (_shared(spots[:, None], np.array(taken)) == 0).all(axis=1)
    return spots[np.argmin(np.where(free, cost, np.inf))] if free.any() else None


def _spots(box: Floats, size: Floats, bounds: Floats) -> Iterator[Floats]:
    """Yield rectangles for a label: above its box, below, inside, beside, further away."""
    box = np.clip(box, np.tile(bounds[:2], 2), np.tile(bounds[2:], 2))
    (left, bottom, right, top), (width, height), gap = box, size, 1.0
    rows = (top + gap, bottom - gap - height, top - height - gap, bottom + gap)
    for y in (*rows, top + height + 2 * gap, bottom - 2 * (height + gap)):
        for x in (left, (left + right - width) / 2, right - width):
            inside = min(max(x, bounds[0]), bounds[2] - width)
            yield np.array([inside, y, inside + width, y + height])
    middle = min(max((bottom + top - height) / 2, bounds[1]), bounds[3] - height)
    for x in (right + gap, left - gap - width):
        yield np.array([x, middle, x + width, middle + height])


def _shared(some: Floats, others: Floats) -> Floats:
    """Return the area that rectangles share, broadcast."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))


def _in_place(ax: Axes, labels: list[Text], marks: list[Mark], earlier: list[Floats]) -> list[Text]:
    """Lay each label on its own box, in the direction of the text; drop what cannot be read."""
    taken = [Path(np.array([[a, b], [c, b], [c, d], [a, d]])) for a, b, c, d in earlier]
    largest, kept = letter_size(ax), []
    for label, mark in zip(labels, marks, strict=True):
        outline = _fit(ax, label, mark, largest)
        if outline is None or any(outline.intersects_path(other) for other in taken):
            label.remove()
            continue
        taken.append(outline)
        kept.append(label)
    return kept


def _fit(ax: Axes, label: Text, mark: Mark, largest: float) -> Path | None:
    """Fit a label to the lower edge of its box, and return its outline if it can be read."""
    corners = np.asarray(ax.transData.transform(mark.corners))
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    room = np.array([np.hypot(*along), np.hypot(*down)])
    label.set_fontsize(largest)
    extent = _extent(label)
    scale = min(1.0, *(0.97 * room / (extent[2:] - extent[:2])))
    if scale * largest < SMALLEST_IN_PLACE:
        return None
    width, height = scale * (extent[2:] - extent[:2])
    along, down = along / room[0], down / room[1]
    centre = (corners[0] + corners[2]) / 2 + down * (room[1] - height) / 2
    angle = degrees(atan2(along[1], along[0]))
    label.set(
        fontsize=scale * largest,
        rotation=(angle + 90) % 180 - 90,
        position=ax.transData.inverted().transform(centre),
    )
    halves = along * width / 2, down * height / 2
    outline = Path(np.array([centre + x * halves[0] + y * halves[1] for x, y in _CORNERS]))
    return outline if ax.bbox.padded(0.5).count_contains(outline.vertices) == 4 else None


_CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))
