"""Label placement: near its box, off other labels, with little of other boxes hidden.

Rectangles are left, bottom, right, top in pixels, y up, in the direction of the text; NaN for none.
A greedy pass gives each label the cheapest free one of its candidates, or none. Further passes move
single labels until no label moves.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Clamp: TypeAlias = Callable[[Floats], Floats]

GAP = 1.0  # pixels between a label and its box, and between labels
MAX_HIDDEN = 0.2  # part of another box that a label may hide
OWN_BOX_COST, OTHER_BOX_COST = 0.25, 1.5  # costs of a label that covers its own box, or others
OMISSION_COST = 4.0  # cost of a label without a place
SIDE_CHANGE_COST = 0.1  # cost of a label on another side than an adjacent label of its group
MAX_PASSES = 4

_ABOVE, _BELOW, _ON, _BESIDE = range(4)
_SIDES = np.array([_ABOVE] * 3 + [_BELOW] * 3 + [_ON] * 9 + [_BESIDE] * 2 + [_ABOVE, _BELOW] * 2)
_BASE_COSTS = np.array([0, 1, 2, 4, 5, 6, *[6, 7, 8] * 3, 8, 9, 15, 15, 15, 15]) / 100
"""Side and cost of each position, in the order of `_candidates`."""


def place_labels(
    boxes: Floats, sizes: Floats, groups: Sequence[int], occupied: Floats, clamp: Clamp
) -> tuple[float, Floats]:
    """Return the cost and the rectangles, n x 4, of labels of some `sizes`, n x 2, for n boxes.

    Adjacent labels of a group prefer the same side. No label overlaps an `occupied` rectangle.
    `clamp` moves rectangles, … x 4, into the image; those too large become NaN.
    """
    candidates, count = clamp(_candidates(boxes, sizes)), len(boxes)
    low, high = candidates[..., :2].min(axis=1), candidates[..., 2:].max(axis=1)
    reach = np.concatenate([low, high], axis=1)
    near = _overlap_area(reach[:, None], np.concatenate([reach, occupied])) > 0
    others = (_overlap_area(reach[:, None], boxes) > 0) & ~np.eye(count, dtype=bool)
    costs = [_costs(candidates[n], boxes[n], boxes[others[n]]) for n in range(count)]
    placed = np.concatenate([np.full((count, 4), np.nan), occupied])
    chosen, paid = np.full(count, -1), np.full(count, OMISSION_COST)
    for _ in range(MAX_PASSES):
        before = chosen.copy()
        for n, own in enumerate(candidates):
            placed[n], chosen[n], paid[n] = np.nan, -1, OMISSION_COST
            adjacent = [m for m in (n - 1, n + 1) if 0 <= m < count and groups[m] == groups[n]]
            changes = sum(_SIDES[chosen[m]] != _SIDES for m in adjacent if chosen[m] >= 0)
            cost = costs[n] + SIDE_CHANGE_COST * changes
            cost[(_overlap_area(own[:, None], placed[near[n]]) > 0).any(axis=1)] = inf
            best = int(cost.argmin())
            if cost[best] < inf:
                placed[n], chosen[n], paid[n] = own[best], best, cost[best]
        if (chosen == before).all():
            break
    return float(paid.sum()), placed[:count]


def place_note(size: Floats, page: Floats, boxes: Floats, occupied: Floats, clamp: Clamp) -> Floats:
    """Return the rectangle for a note on a page that hides least of the boxes; NaN if none fits."""
    left, bottom, right, top = page
    xs, ys = np.linspace(right, left, 12), np.linspace(bottom, top, 48)
    corners = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    candidates = clamp(np.concatenate([corners, corners + size], axis=1))
    blocked = (_overlap_area(candidates[:, None], occupied) > 0).any(axis=1)
    candidates[blocked | np.isnan(candidates).any(axis=1)] = np.nan
    costs = _overlap_area(candidates[:, None], boxes).sum(axis=1) / size.prod()
    costs += np.linspace(0, 0.1, len(candidates))  # preferably at the bottom right
    best = np.where(np.isnan(candidates[:, 0]), inf, costs).argmin()
    return np.asarray(candidates[best])


def _candidates(boxes: Floats, sizes: Floats) -> Floats:
    """Return n x k rectangles: above each box, below, on it, beside it, and further away."""
    left, bottom, right, top = boxes.T
    width, height = sizes.T
    middle = (bottom + top - height) / 2
    columns = left, (left + right - width) / 2, right - width
    rows = top + GAP, bottom - GAP - height, top - height - GAP, bottom + GAP, middle
    corners = [(x, y) for y in rows for x in columns]
    corners += [(right + GAP, middle), (left - GAP - width, middle)]
    further = top + height + 2 * GAP, bottom - 2 * (height + GAP)
    corners += [(x, y) for x in (columns[0], columns[2]) for y in further]
    rectangles = np.array([(x, y, x + width, y + height) for x, y in corners])
    return np.asarray(rectangles.transpose(2, 0, 1))


def _costs(candidates: Floats, own: Floats, others: Floats) -> Floats:
    """Return the costs of one label's candidates from the boxes that they hide."""
    shared = _overlap_area(candidates[:, None], others)
    hides = (shared > MAX_HIDDEN * _overlap_area(others, others) + 1).any(axis=1)
    area = np.ptp(candidates.reshape(-1, 2, 2), axis=1).prod(axis=1)
    covers = OTHER_BOX_COST * shared.sum(axis=1) + OWN_BOX_COST * _overlap_area(candidates, own)
    return np.where(hides | np.isnan(area), inf, covers / area + _BASE_COSTS)


def _overlap_area(some: Floats, others: Floats) -> Floats:
    """Return the area that rectangles share, broadcast; NaN where one is NaN."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))
