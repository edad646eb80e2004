"""Layout analysis: the slope of lines of text, and their regions in reading order."""

import numpy as np
from numpy.typing import NDArray

Quads = NDArray[np.float64]  # N x 4 x 2 corners in pixels, each line's clockwise from its top left
Frame = tuple[float, float, float, float]  # left, top, right, bottom, in shares of a line's size
Floats = NDArray[np.float64]

MIN_SLOPE = 0.5  # degrees; less is the rounding of the corners
LONG_LINE = 4  # the width, in heights, of a line that measures the slope: short words seem tilted
LONG_TILTED_LINE = 2.5  # the same in an image that may be tilted: its outlines are too high
MAX_LINE_GAP = 1.6  # between two lines of a paragraph, in heights of a line
MIN_OVERLAP = 0.2  # horizontally, of two lines of a paragraph, in widths of the shorter one
MAX_WORD_GAP = 0.5  # between two pieces of one line, in heights of a line


def sizes(quads: Quads) -> Floats:
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


def sub_quad(quad: Floats, frame: Frame) -> Floats:
    """Return the corners, 4 x 2, of a frame inside a line."""
    left, top, right, bottom = frame
    across = np.array([left, right, right, left])[:, None]
    down = np.array([top, top, bottom, bottom])[:, None]
    above = quad[0] + across * (quad[1] - quad[0])
    below = quad[3] + across * (quad[2] - quad[3])
    return np.asarray(above + down * (below - above), np.float64)


def slope(quads: Quads) -> float:
    """Return the median degrees that the long lines go down to the right; 0.0 for level ones."""
    long = quads[np.divide(*sizes(quads).T) >= LONG_LINE]
    degrees = _weighted_median(*_directions(long)) if len(long) else 0.0
    return 0.0 if abs(degrees) < MIN_SLOPE else degrees


def tilt(quads: Quads) -> float:
    """Return the median degrees clockwise between the long lines and the nearer axis: -45 to 45.

    It is taken around their mean: near 45 degrees some lines seem horizontal, others vertical.
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


def _directions(quads: Quads) -> tuple[Floats, Floats]:
    """Return the directions of lines, in degrees clockwise, and their lengths."""
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    return np.degrees(np.arctan2(along[:, 1], along[:, 0])), np.linalg.norm(along, axis=1)


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])


def group_into_regions(quads: Quads, degrees: float) -> list[list[int]]:
    """Return the indices of lines of this slope by column or paragraph, all in reading order."""
    boxes = _level_boxes(quads, degrees)
    groups = _connected(_same_paragraph(boxes))
    frames = [(*boxes[group, :2].min(axis=0), *boxes[group, 2:].max(axis=0)) for group in groups]
    return [_top_to_bottom(groups[i], boxes) for i in _reading_order(np.reshape(frames, (-1, 4)))]


def by_rows(quads: Quads, degrees: float) -> list[int]:
    """Return the indices of lines of this slope by row, those of one row from left to right."""
    return _top_to_bottom(list(range(len(quads))), _level_boxes(quads, degrees))


def _level_boxes(quads: Quads, degrees: float) -> Floats:
    """Return left, top, right, bottom of each line, rotated by its slope to be level."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    level = quads @ np.array([(cosine, -sine), (sine, cosine)])
    return np.concatenate([level.min(axis=1), level.max(axis=1)], axis=1)


def _same_paragraph(boxes: Floats) -> NDArray[np.bool_]:
    """Return for each pair of lines, N x N, whether they are neighbors in one paragraph."""
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    narrower, lower = (np.minimum.outer(side, side) for side in (widths, heights))
    across, down = _overlaps(boxes, 0), _overlaps(boxes, 1)
    beside = -across < MAX_WORD_GAP * lower
    below = (across > MIN_OVERLAP * narrower) & (-down < MAX_LINE_GAP * lower)
    return np.where(down > 0.5 * lower, beside, below)


def _overlaps(boxes: Floats, axis: int) -> Floats:
    """Return how much each pair of boxes, N x N, overlaps along x (0) or y (1)."""
    starts, ends = boxes[:, axis], boxes[:, axis + 2]
    return np.asarray(np.minimum.outer(ends, ends) - np.maximum.outer(starts, starts), np.float64)


def _connected(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Return the connected components of a symmetric N x N matrix, each in ascending order."""
    lowest = np.arange(len(linked))
    while True:  # each index takes the lowest one that it is linked to, until none changes
        lower = np.where(linked, lowest, lowest[:, None]).min(axis=1, initial=len(lowest))
        if (lower == lowest).all():
            return [np.flatnonzero(lowest == first).tolist() for first in np.unique(lowest)]
        lowest = lower[lower]


def _reading_order(frames: Floats) -> list[int]:
    """Return the order of frames in which all that one reads before another come first."""
    # A topological sort, after Breuel, "High performance document layout analysis" (2003).
    order = np.lexsort((frames[:, 0], frames[:, 1]))
    before = _reads_before(frames[order])
    waits_for = before.sum(axis=0)
    done = np.zeros(len(frames), np.bool_)
    chosen = []
    for _ in order:
        first = int(np.where(done, 2, waits_for > 0).argmin())
        done[first] = True
        waits_for -= before[first]
        chosen.append(int(order[first]))
    return chosen


def _reads_before(frames: Floats) -> NDArray[np.bool_]:
    """Return for each pair of frames, N x N, whether the first is above or wholly to the left."""
    # Not if a third frame is vertically between the two and overlaps both horizontally.
    left, top = frames[:, 0], frames[:, 1]
    stacked = _overlaps(frames, 0) > 0
    above = top[:, None] < top
    reaches_up = (stacked & above).astype(np.float32)  # from the first, above, to the third
    reaches_down = (stacked & above.T).astype(np.float32)
    between = reaches_up @ reaches_down.T > 0
    beside = (left[:, None] < left) & ~(between | between.T)
    return np.where(stacked, above, beside)


def _top_to_bottom(group: list[int], boxes: Floats) -> list[int]:
    """Return the lines sorted by row, those of one row from left to right."""
    rows: list[list[int]] = []
    for line in sorted(group, key=lambda i: (boxes[i, 1] + boxes[i, 3], boxes[i, 1])):
        _, top, _, bottom = boxes[line]
        if rows and (top + bottom) / 2 < boxes[rows[-1][0], 3] - 0.25 * (bottom - top):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [i for row in rows for i in sorted(row, key=lambda i: float(boxes[i, 0]))]
