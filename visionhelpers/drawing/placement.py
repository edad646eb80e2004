"""Label placement: near its box, off other labels, with little of other boxes hidden.

Rectangles are left, bottom, right, top in pixels, y up, in the direction of the text; NaN for none.
A greedy pass gives each label the cheapest free one of its candidates, or none. Further passes move
single labels until no label moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Clamp: TypeAlias = Callable[[Floats], Floats]

GAP = 1.0
"""Pixels between a label and its box, and between labels."""

MAX_HIDDEN = 0.2
"""Part of another box that a label may hide."""

OWN_BOX_COST, OTHER_BOX_COST, OMISSION_COST, SIDE_CHANGE_COST = 0.25, 1.5, 4.0, 0.1
"""Costs: on the own box, on others, without a place, on another side than the adjacent label."""

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
    candidates = clamp(_candidates(boxes, sizes))
    low, high = candidates[..., :2].min(axis=1), candidates[..., 2:].max(axis=1)
    reach = np.concatenate([low, high], axis=1)
    near = _overlap_area(reach[:, None], np.concatenate([reach, occupied])) > 0
    others = (_overlap_area(reach[:, None], boxes) > 0) & ~np.eye(len(boxes), dtype=bool)
    costs = [_costs(candidates[n], boxes[n], boxes[others[n]]) for n in range(len(boxes))]
    return _optimize(candidates, np.array(costs), near, groups, occupied)


def place_note(size: Floats, page: Floats, boxes: Floats, occupied: Floats, clamp: Clamp) -> Floats:
    """Return the rectangle for a note on a page that hides least of the boxes; NaN if none fits."""
    left, bottom, right, top = page
    xs, ys = np.linspace(right, left, 12), np.linspace(bottom, top, 48)
    corners = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    candidates = clamp(np.concatenate([corners, corners + size], axis=1))
    costs = _overlap_area(candidates[:, None], boxes).sum(axis=1) / size.prod()
    costs += np.linspace(0, 0.1, len(candidates))  # preferably at the bottom right
    blocked = (_overlap_area(candidates[:, None], occupied) > 0).any(axis=1)
    costs[np.isnan(candidates).any(axis=1) | blocked] = inf
    best = int(costs.argmin())
    return candidates[best] if costs[best] < inf else np.full(4, np.nan)


def _optimize(
    candidates: Floats, costs: Floats, near: Bools, groups: Sequence[int], occupied: Floats
) -> tuple[float, Floats]:
    """Move each label to its cheapest free candidate until no label moves."""
    placed = np.concatenate([np.full((len(candidates), 4), np.nan), occupied])
    chosen, paid = np.full(len(candidates), -1), np.full(len(candidates), OMISSION_COST)
    for _ in range(MAX_PASSES):
        before = chosen.copy()
        for n, own in enumerate(candidates):
            placed[n] = np.nan
            now = costs[n] + _side_change_cost(n, chosen, groups)
            now[(_overlap_area(own[:, None], placed[near[n]]) > 0).any(axis=1)] = inf
            best = int(now.argmin())
            if now[best] < inf:
                placed[n], chosen[n], paid[n] = own[best], best, now[best]
            else:
                chosen[n], paid[n] = -1, OMISSION_COST
        if (chosen == before).all():
            break
    return float(paid.sum()), placed[: len(candidates)]


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


def _side_change_cost(n: int, chosen: NDArray[np.int_], groups: Sequence[int]) -> Floats:
    """Return the cost of each candidate on another side than the adjacent labels of the group."""
    cost = np.zeros(len(_SIDES))
    for m in (n - 1, n + 1):
        if 0 <= m < len(groups) and groups[m] == groups[n] and chosen[m] >= 0:
            cost += SIDE_CHANGE_COST * (_SIDES[chosen[m]] != _SIDES)
    return cost


def _overlap_area(some: Floats, others: Floats) -> Floats:
    """Return the area that rectangles share, broadcast; NaN where one is NaN."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))
