"""Layout analysis: the slope of lines of text, and their regions in reading order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Quads = NDArray[np.float64]
"""N x 4 x 2 corners in pixels, each line's clockwise from its top left."""

Frame = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of a line's width and height."""

MIN_SLOPE = 0.5
"""Degrees. Less is the rounding of the corners."""
LONG_LINE = 4
"""The least width of a line, in heights, that measures the slope: ascenders tilt short words."""
LONG_TILTED_LINE = 2.5
"""The same for an image that may be tilted, where the detected outlines are too high."""
MAX_LINE_GAP = 1.6
"""The widest gap between two lines of a paragraph, in heights of a line."""
MIN_OVERLAP = 0.2
"""The least horizontal overlap of two lines of a paragraph, in widths of the shorter one."""
MAX_WORD_GAP = 0.5
"""The widest gap between two pieces of one line, in heights of a line."""


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


def sub_quad(quad: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """Return the corners, 4 x 2, of a frame inside a line."""
    left, top, right, bottom = frame
    across = np.array([left, right, right, left])[:, None]
    down = np.array([top, top, bottom, bottom])[:, None]
    above = quad[0] + across * (quad[1] - quad[0])
    below = quad[3] + across * (quad[2] - quad[3])
    return np.asarray(above + down * (below - above), np.float64)


def slope(quads: Quads) -> float:
    """Return how many degrees the lines go down to the right; 0.0 for level ones.

    This is the median over the long lines, weighted by their length.
    """
    long = quads[np.divide(*sizes(quads).T) >= LONG_LINE]
    degrees = _weighted_median(*_directions(long)) if len(long) else 0.0
    return 0.0 if abs(degrees) < MIN_SLOPE else degrees


def tilt(quads: Quads) -> float:
    """Return the degrees clockwise between the lines and the nearer axis: -45 to 45.

    This is the median over all long lines, horizontal or vertical, weighted by their length. It is
    taken around their mean direction: near 45 degrees some lines seem horizontal, others vertical.
    """
    across, down = sizes(quads).T
    vertical = np.roll(quads, 1, axis=1)[down >= LONG_TILTED_LINE * across]
    long = np.concatenate([quads[across >= LONG_TILTED_LINE * down], vertical])
    if len(long) == 0:
        return 0.0
    degrees, lengths = _directions(long)
    mean = np.degrees(np.angle(np.sum(lengths * np.exp(4j * np.radians(degrees))))) / 4
    median = float(mean) + _weighted_median((degrees - mean + 45) % 90 - 45, lengths)
    return (median + 45) % 90 - 45


def _directions(quads: Quads) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions of lines, in degrees clockwise, and their lengths."""
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    return np.degrees(np.arctan2(along[:, 1], along[:, 0])), np.linalg.norm(along, axis=1)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])


def group_into_regions(quads: Quads, degrees: float) -> list[list[int]]:
    """Return the indices of lines by column or paragraph, all in reading order.

    Args:
        quads: The lines.
        degrees: Their slope.
    """
    boxes = _level_boxes(quads, degrees)
    order = np.argsort(boxes[:, 1])
    groups = [order[group].tolist() for group in _connected(_same_paragraph(boxes[order]))]
    tops_left = [boxes[group, :2].min(axis=0) for group in groups]
    bottoms_right = [boxes[group, 2:].max(axis=0) for group in groups]
    frames = np.hstack([tops_left, bottoms_right])
    return [_top_to_bottom(groups[i], boxes) for i in _reading_order(frames)]


def by_rows(quads: Quads) -> list[int]:
    """Return the order of level lines by row, those of one row from left to right."""
    return _top_to_bottom(list(range(len(quads))), _level_boxes(quads, 0.0))


def rotated(quads: Quads, degrees: float) -> Quads:
    """Return quadrilaterals rotated clockwise about the origin."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(quads @ turn.T, np.float64)


def _level_boxes(quads: Quads, degrees: float) -> NDArray[np.float64]:
    """Return left, top, right, bottom of each line, rotated by its slope to be level."""
    level = rotated(quads, -degrees)
    return np.concatenate([level.min(axis=1), level.max(axis=1)], axis=1)


def _same_paragraph(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each pair of lines, N x N, whether they are neighbors in one paragraph."""
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    narrower, lower = (np.minimum.outer(side, side) for side in (widths, heights))
    across, down = _overlaps(boxes, 0), _overlaps(boxes, 1)
    beside = -across < MAX_WORD_GAP * lower
    below = (across > MIN_OVERLAP * narrower) & (-down < MAX_LINE_GAP * lower)
    return np.where(down > 0.5 * lower, beside, below)


def _overlaps(boxes: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return how much each pair of boxes, N x N, overlaps along x (0) or y (1)."""
    starts, ends = boxes[:, axis], boxes[:, axis + 2]
    return np.asarray(np.minimum.outer(ends, ends) - np.maximum.outer(starts, starts), np.float64)


def _connected(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Return the connected components of a symmetric N x N matrix, each in ascending order."""
    free = np.ones(len(linked), np.bool_)
    groups = []
    while free.any():
        group, waiting = [], [int(free.argmax())]
        free[waiting] = False
        while waiting:
            line = waiting.pop()
            group.append(line)
            near = np.flatnonzero(linked[line] & free)
            free[near] = False
            waiting.extend(near.tolist())
        groups.append(sorted(group))
    return groups


def _reading_order(frames: NDArray[np.float64]) -> list[int]:
    """Return the order of frames in which all that one reads before another come first.

    This is a topological sort, after Breuel, "High performance document layout analysis" (2003).
    """
    order = np.lexsort((frames[:, 0], frames[:, 1]))
    before = _reads_before(frames[order])
    waits_for = before.sum(axis=0)
    left = np.ones(len(frames), np.bool_)
    chosen = []
    while left.any():
        free = left & (waits_for == 0)
        first = int((free if free.any() else left).argmax())
        left[first] = False
        waits_for -= before[first]
        chosen.append(int(order[first]))
    return chosen


def _reads_before(frames: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each pair of frames, N x N, whether the first is above or wholly to the left.

    A frame to the left does not come first if a third frame is vertically between the two and
    overlaps both horizontally.
    """
    left, top = frames[:, 0], frames[:, 1]
    stacked = _overlaps(frames, 0) > 0
    above = top[:, None] < top
    reaches_up = (stacked & above).astype(np.float32)  # from the first, above, to the third
    reaches_down = (stacked & above.T).astype(np.float32)
    between = reaches_up @ reaches_down.T > 0
    beside = (left[:, None] < left) & ~(between | between.T)
    return np.where(stacked, above, beside)


def _top_to_bottom(group: list[int], boxes: NDArray[np.float64]) -> list[int]:
    """Return the lines sorted by row, those of one row from left to right."""
    rows: list[list[int]] = []
    for line in sorted(group, key=lambda i: float(boxes[i][1] + boxes[i][3])):
        middle = (boxes[line][1] + boxes[line][3]) / 2
        if rows and middle < boxes[rows[-1][0]][3] - 0.25 * (boxes[line][3] - boxes[line][1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [i for row in rows for i in sorted(row, key=lambda i: float(boxes[i][0]))]
