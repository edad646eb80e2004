"""Labels: texts beside or inside the boxes they belong to, never on top of each other.

Three schemes, the best that has room for every label of a picture:

1. by the boxes, along the text, in letters that suit the picture: above, below, inside, shifted;
2. the same in smaller letters, where that hides less of what is there;
3. in place, for a page full of words: each label lies on its own box, in letters that fit it.
   One that would be smaller than `SMALLEST_IN_PLACE` points, or would touch another, is left
   out; its box stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, copysign, degrees, inf, sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from .fonts import Typeface, typeface

Floats: TypeAlias = NDArray[np.float64]
"""Rectangles are left, bottom, right, top in the figure's pixels, y up."""

LARGEST, SMALLEST, SMALLEST_IN_PLACE = 13.0, 6.0, 4.5
"""Sizes of letters in points."""

PADDING = 0.15
"""Room between a label's letters and its edge, in parts of the letters' size."""

HIDDEN = 0.2
"""How much of another box a label may cover at little cost."""

SHRINKING = 0.4
"""What it costs to write all labels smaller, from nothing to 1 for lying on another box."""

CROWDED = 0.4
"""What a layout may cost a label, on the same scale, before all go in place."""

TALLER = 1.3
"""How much higher than its box a label in place may be: a box around *are* has no room for *p*."""

_LEVEL, _UPRIGHT = 2.0, 95.0
"""Degrees: text that leans less is level, text that leans more is upside down."""

_RANKS = np.array([0, 1, 2, 4, 5, 6, 6, 7, 8, 6, 7, 8, 8, 9, 15, 15, 15, 15]) / 100
"""What each place by a box costs, in the order of `_spots`."""

_CORNERS = np.array([[0, 1], [2, 1], [2, 3], [0, 3]])
"""Which numbers of a rectangle make its corners, in order."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Four corners in the picture's pixels, clockwise from the text's own top left, and a text."""

    corners: tuple[tuple[float, float], ...]
    text: str
    colour: str


class Layout(NamedTuple):
    """Where all labels of a picture go: how bad that is, points, degrees, pixels."""

    cost: float
    size: float
    angle: float
    centres: list[Floats]


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
    earlier = [_outline(text) for text in ax.texts]
    face = typeface(mark.text for mark in marks)
    marks = [mark for mark in marks if face.spell(mark.text)]
    if not marks:
        return []
    labels = [_label(ax, mark, face) for mark in marks]
    corners = [np.asarray(ax.transData.transform(mark.corners)) for mark in marks]
    sizes = {max(part * letter_size(ax), SMALLEST) for part in (1, 0.85, 0.7)}
    layouts = [_beside(ax, labels, corners, earlier, size) for size in sizes]
    best = min(filter(None, layouts), key=lambda layout: layout.cost, default=None)
    if best is None or best.cost > CROWDED * len(labels):
        return _in_place(ax, labels, corners, earlier)
    for label, centre in zip(labels, best.centres, strict=True):
        _move(ax, label, best.size, centre, best.angle)
    return labels


def _label(ax: Axes, mark: Mark, face: Typeface) -> Text:
    return ax.text(
        *mark.corners[0],
        face.spell(mark.text),
        family=list(face.families),
        color=ink(mark.colour),
        bbox={"boxstyle": f"square,pad={PADDING}", "fc": mark.colour, "ec": "none", "alpha": 0.85},
        horizontalalignment="center",
        verticalalignment="center",
        parse_math=False,
        zorder=3,
    )


def _beside(
    ax: Axes, labels: list[Text], corners: list[Floats], earlier: list[Floats], size: float
) -> Layout | None:
    """Find a place for every label by its box, along the text, if there is room for all."""
    angle = _direction(corners)
    level = Affine2D().rotate_deg(-angle)
    back = level.inverted()
    boxes = np.array([_bounds(level.transform(each)) for each in corners])
    taken = [_bounds(level.transform(each)) for each in earlier]
    limits = _bounds(level.transform(ax.bbox.corners()))
    cost, centres = SHRINKING * (1 - size / letter_size(ax)) * len(labels), []
    for number, label in enumerate(labels):
        label.set(fontsize=size, rotation=0)
        spots = np.array(list(_spots(boxes[number], np.ptp(_outline(label), axis=0), limits)))
        inside = np.array([_holds(ax, back.transform(spot[_CORNERS])) for spot in spots])
        costs = np.where(inside, _costs(spots, number, boxes, taken), inf)
        if costs.min() == inf:
            return None
        spot = spots[costs.argmin()]
        taken.append(spot)
        centres.append(back.transform((spot[:2] + spot[2:]) / 2))
        cost += float(costs.min())
    return Layout(cost, size, angle, centres)


def _spots(box: Floats, size: Floats, limits: Floats) -> Iterator[Floats]:
    """Yield rectangles for a label: above its box, below, inside, beside, further away."""
    box = np.clip(box, np.tile(limits[:2], 2), np.tile(limits[2:], 2))
    (left, bottom, right, top), (width, height), gap = box, size, 1.0
    rows = top + gap, bottom - gap - height, top - height - gap, bottom + gap
    further = top + height + 2 * gap, bottom - 2 * (height + gap)
    places = [(x, y) for y in rows for x in (left, (left + right - width) / 2, right - width)]
    places += [(x, (bottom + top - height) / 2) for x in (right + gap, left - gap - width)]
    places += [(x, y) for y in further for x in (left, right - width)]
    for x, y in places:
        start = min(max(x, limits[0]), limits[2] - width)
        yield np.array([start, y, start + width, y + height])


def _costs(spots: Floats, number: int, boxes: Floats, taken: list[Floats]) -> Floats:
    """Return how bad each spot is: by how much of it lies on boxes, infinitely on a label."""
    shared = _shared(spots[:, None], boxes)
    own, shared[:, number] = shared[:, number].copy(), 0
    size = _shared(spots, spots)
    costs: Floats = shared.sum(axis=1) / size + own / size / 3 + _RANKS
    costs += (shared > HIDDEN * _shared(boxes, boxes) + 1).any(axis=1)
    if taken:
        costs[(_shared(spots[:, None], np.array(taken)) > 0).any(axis=1)] = inf
    return costs


def _in_place(
    ax: Axes, labels: list[Text], corners: list[Floats], earlier: list[Floats]
) -> list[Text]:
    """Lay each label on its own box, and drop what could not be read."""
    angle, size = _direction(corners), letter_size(ax)
    taken, kept = [Path(each) for each in earlier], []
    for label, box in zip(labels, corners, strict=True):
        label.set(fontsize=size, rotation=0)
        outline = _fit(ax, label, box, angle)
        readable = float(label.get_fontsize()) >= SMALLEST_IN_PLACE and _holds(ax, outline)
        if readable and not any(Path(outline).intersects_path(other) for other in taken):
            taken.append(Path(outline))
            kept.append(label)
        else:
            label.remove()
    return kept


def _fit(ax: Axes, label: Text, corners: Floats, angle: float) -> Floats:
    """Fit a label to the lower edge of its box, and return its corners."""
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    room = np.array([np.hypot(*along), np.hypot(*down)]) + 1e-6
    size = np.ptp(_outline(label), axis=0)
    scale = min(1.0, *(room * (0.97, TALLER) / size))
    width, height = scale * size
    along, down = along / room[0] * width / 2, down / room[1]
    centre = (corners[0] + corners[2]) / 2 + down * (room[1] - height) / 2
    # Text that runs up or down the page is read from one side, whichever way a box leans.
    lean = (degrees(atan2(along[1], along[0])) - angle + 90) % 180 - 90
    _move(ax, label, scale * float(label.get_fontsize()), centre, angle + lean)
    sides = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.asarray(centre + sides @ np.array([along, down * height / 2]))


def _move(ax: Axes, label: Text, size: float, centre: Floats, angle: float) -> None:
    label.set(fontsize=size, rotation=angle, position=ax.transData.inverted().transform(centre))


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


def _bounds(corners: Floats) -> Floats:
    return np.asarray([*corners.min(axis=0), *corners.max(axis=0)])


def _holds(ax: Axes, corners: Floats) -> bool:
    """Tell whether points lie inside the axes, give or take half a pixel."""
    return bool(ax.bbox.padded(0.5).count_contains(corners) == len(corners))


def _shared(some: Floats, others: Floats) -> Floats:
    """Return the area that rectangles share, broadcast."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))
