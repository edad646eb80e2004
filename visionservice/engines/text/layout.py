"""How lines of text lie on a page: their slope, and the regions they form in reading order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Quads = NDArray[np.float64]
"""N x 4 x 2 corners in pixels, each line's clockwise from its top left."""

STRAIGHT = 0.5  # degrees: below this a slope is the rounding of corners
TELLING = 4  # how many heights long a line must be: ascenders tilt the outlines of short words
STEEPLY = 2.5  # the same on a page that may be tilted: outlines found there are too thick
LEADING = 1.6  # the widest gap between two lines of a paragraph, in heights of a line
OVERLAP = 0.2  # the least share of the shorter of two lines under one another
GUTTER = 0.5  # the widest gap between two pieces of one line, in heights of a line


def sizes(quads: Quads) -> NDArray[np.float64]:
    """Return the width and height of each quadrilateral, N x 2, in pixels."""
    across = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    down = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return np.stack([across, down], axis=1)


def clockwise_from_top_left(quads: Quads) -> Quads:
    """Return each quadrilateral beginning with the edge that points most to the right."""
    edges = np.roll(quads, -1, axis=1) - quads
    first = np.argmin(np.abs(np.arctan2(edges[..., 1], edges[..., 0])), axis=1)
    order = (first[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, order[..., None], axis=1)


def part(quad: NDArray[np.float64], frame: tuple[float, float, float, float]) -> Quads:
    """Return the corners, 4 x 2, of a frame given as shares of a quadrilateral's edges.

    Args:
        quad: Four corners, clockwise from the top left.
        frame: Left, top, right, bottom, each 0 to 1.
    """
    left, top, right, bottom = frame
    across = np.array([left, right, right, left])[:, None]
    down = np.array([top, top, bottom, bottom])[:, None]
    above = quad[0] + across * (quad[1] - quad[0])
    below = quad[3] + across * (quad[2] - quad[3])
    return np.asarray(above + down * (below - above), np.float64)


def slope(quads: Quads) -> float:
    """Return how many degrees the lines go down to the right; 0.0 for straight ones.

    The median over the long lines, each counted by its length.
    """
    long = quads[np.divide(*sizes(quads).T) >= TELLING]
    middle = _median(*_along(long)) if len(long) else 0.0
    return 0.0 if abs(middle) < STRAIGHT else middle


def tilt(quads: Quads) -> float:
    """Return by how many degrees clockwise the lines are off level or plumb: -45 to 45.

    The median over all lines that are long one way or the other, each counted by its length,
    about their mean direction: next to 45 degrees some lines seem level and others plumb.
    """
    across, down = sizes(quads).T
    plumb = np.roll(quads, 1, axis=1)[down >= STEEPLY * across]
    long = np.concatenate([quads[across >= STEEPLY * down], plumb])
    if len(long) == 0:
        return 0.0
    degrees, lengths = _along(long)
    mean = np.degrees(np.angle(np.sum(lengths * np.exp(4j * np.radians(degrees))))) / 4
    middle = float(mean) + _median((degrees - mean + 45) % 90 - 45, lengths)
    return (middle + 45) % 90 - 45


def _along(quads: Quads) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions of lines, in degrees clockwise, and their lengths."""
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    return np.degrees(np.arctan2(along[:, 1], along[:, 0])), np.linalg.norm(along, axis=1)


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])


def group_into_regions(quads: Quads, degrees: float) -> list[list[int]]:
    """Group lines into columns and paragraphs, both in reading order.

    Args:
        quads: The lines.
        degrees: How much they slope, as `slope` says.

    Returns:
        The numbers of the lines, region by region, each from top to bottom.
    """
    boxes = _straight(quads, degrees)
    groups: list[list[int]] = []
    for line in np.argsort(boxes[:, 1]).tolist():
        near = [
            group for group in groups if any(_same_paragraph(boxes[i], boxes[line]) for i in group)
        ]
        merged = sorted((i for group in near for i in group), key=lambda i: float(boxes[i][1]))
        groups = [group for group in groups if group not in near] + [[*merged, line]]
    frames = np.array([_around(boxes[group]) for group in groups])
    return [_top_to_bottom(groups[i], boxes) for i in _reading_order(frames)]


def by_rows(quads: Quads) -> list[int]:
    """Sort level lines by row, pieces of one row from left to right, whatever their region."""
    return _top_to_bottom(list(range(len(quads))), _straight(quads, 0.0))


def turned(quads: Quads, degrees: float) -> Quads:
    """Return quadrilaterals turned clockwise about the origin."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(quads @ turn.T, np.float64)


def _straight(quads: Quads, degrees: float) -> NDArray[np.float64]:
    """Return left, top, right, bottom of each line once its slope is undone."""
    flat = turned(quads, -degrees)
    return np.concatenate([flat.min(axis=1), flat.max(axis=1)], axis=1)


def _around(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _same_paragraph(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether two lines are neighbours in one paragraph."""
    heights = one[3] - one[1], other[3] - other[1]
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if down > 0.5 * min(heights):
        return bool(-across < GUTTER * min(heights))
    narrow = min(one[2] - one[0], other[2] - other[0])
    return bool(across > OVERLAP * narrow and -down < LEADING * min(heights))


def _reading_order(frames: NDArray[np.float64]) -> list[int]:
    """Sort frames so that what stands above or wholly to the left comes first.

    After Breuel, "High performance document layout analysis" (2003): a frame to the left waits
    for nothing on the right unless that is above it and as wide as both.
    """
    left = sorted(range(len(frames)), key=lambda i: (frames[i][1], frames[i][0]))
    order: list[int] = []
    while left:
        free = (i for i in left if not any(_reads_before(j, i, frames) for j in left if j != i))
        chosen = next(free, left[0])
        left.remove(chosen)
        order.append(chosen)
    return order


def _reads_before(one: int, other: int, frames: NDArray[np.float64]) -> bool:
    a, b = frames[one], frames[other]
    if min(a[2], b[2]) > max(a[0], b[0]):
        return bool(a[1] < b[1])
    if a[0] >= b[2]:
        return False
    between = (
        c
        for c in frames
        if min(a[1], b[1]) < c[1] < max(a[1], b[1])
        and min(c[2], a[2]) > max(c[0], a[0])
        and min(c[2], b[2]) > max(c[0], b[0])
    )
    return bool(a[0] < b[0]) and next(between, None) is None


def _top_to_bottom(group: list[int], boxes: NDArray[np.float64]) -> list[int]:
    """Sort lines by row; pieces of one row from left to right."""
    rows: list[list[int]] = []
    for line in sorted(group, key=lambda i: float(boxes[i][1] + boxes[i][3])):
        middle = (boxes[line][1] + boxes[line][3]) / 2
        if rows and middle < boxes[rows[-1][0]][3] - 0.25 * (boxes[line][3] - boxes[line][1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [i for row in rows for i in sorted(row, key=lambda i: float(boxes[i][0]))]
