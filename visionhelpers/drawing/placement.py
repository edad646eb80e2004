"""Layouts: where labels go, each by its box, never on another label or much of another box.

Rectangles are left, bottom, right, top in pixels, y up, along the text: whoever writes on a slant
turns them first. Each label has some spots by its box, which cost the more the more they hide.
The labels are set down in turn, each on its cheapest free spot, and then each moves to a better
one as long as there is one. A label with no spot that is free is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

GAP = 1.0
"""Pixels between a label and its box, and between labels."""

HIDDEN = 0.2
"""How much of another box a label may cover."""

OWN, OTHERS = 0.25, 1.5
"""What it costs a label to lie on its own box altogether, and on others."""

MISSING = 4.0
"""What it costs to leave a label out."""

TWISTED = 0.1
"""What it costs to stand above the box where the neighbour in a line stands below, or so."""

SWEEPS = 4
"""How often at most every label looks for a better spot."""

_ABOVE, _BELOW, _ON, _BESIDE = range(4)
_SIDES = np.array([_ABOVE] * 3 + [_BELOW] * 3 + [_ON] * 9 + [_BESIDE] * 2 + [_ABOVE, _BELOW] * 2)
_RANKS = np.array([0, 1, 2, 4, 5, 6, *[6, 7, 8] * 3, 8, 9, 15, 15, 15, 15]) / 100
"""On which side of the box each spot is, and what it costs by itself, in the order of `_spots`."""


def arrange(
    boxes: Floats,
    sizes: Floats,
    groups: Sequence[Hashable],
    taken: Floats,
    inside: Callable[[Floats], Floats],
) -> tuple[float, Floats]:
    """Find a place for each label.

    Args:
        boxes: A rectangle for each label, n x 4.
        sizes: Width and height of each label, n x 2.
        groups: What each label belongs to: those of a group that follow each other are a line.
        taken: Rectangles to keep clear of, m x 4.
        inside: Moves rectangles, … x 4, into the picture; makes NaN of one too large for it.

    Returns:
        What it costs, and n rectangles, of NaN for a label that is left out.
    """
    spots = inside(_spots(boxes, sizes))
    reach = np.concatenate([spots[..., :2].min(axis=1), spots[..., 2:].max(axis=1)], axis=1)
    near = _meet(reach[:, None], np.concatenate([reach, taken]))  # no others can be in the way
    others = _meet(reach[:, None], boxes) & ~np.eye(len(boxes), dtype=bool)
    costs = [_costs(spots[n], boxes[n], boxes[others[n]]) for n in range(len(boxes))]
    return _settle(spots, np.array(costs), near, groups, taken)


def make_room(
    extent: Floats,
    page: Floats,
    boxes: Floats,
    places: Floats,
    taken: Floats,
    inside: Callable[[Floats], Floats],
) -> tuple[Floats, Floats]:
    """Find a place on the page for a text that must not be missing, rather in a corner.

    Returns:
        The rectangle, on as few labels and then on as little of the boxes as can be, of NaN if
        the page is too small; and the places of the labels, of NaN for those that give way.
    """
    left, bottom, right, top = page
    across, up = np.linspace(right, left, 12), np.linspace(bottom, top, 48)
    starts = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    spots = inside(np.concatenate([starts, starts + extent], axis=1))
    costs = _shared(spots[:, None], boxes).sum(axis=1) / extent.prod()
    costs += _meet(spots[:, None], places).sum(axis=1) + np.linspace(0, 0.1, len(spots))
    costs[np.isnan(spots).any(axis=1) | _meet(spots[:, None], taken).any(axis=1)] = inf
    best = int(costs.argmin())
    if costs[best] == inf:
        return np.full(4, np.nan), places
    return spots[best], np.where(_meet(places, spots[best])[:, None], np.nan, places)


def _settle(
    spots: Floats,
    costs: Floats,
    near: NDArray[np.bool_],
    groups: Sequence[Hashable],
    taken: Floats,
) -> tuple[float, Floats]:
    """Give each label the cheapest spot that the others leave it, until none changes."""
    places = np.concatenate([np.full((len(spots), 4), np.nan), taken])
    chosen, paid = np.full(len(spots), -1), np.full(len(spots), MISSING)
    for _ in range(SWEEPS):
        before = chosen.copy()
        for number, each in enumerate(spots):
            places[number] = np.nan
            now = costs[number] + _twists(number, chosen, groups)
            now[_meet(each[:, None], places[near[number]]).any(axis=1)] = inf
            best = int(now.argmin())
            if now[best] < inf:
                places[number], chosen[number], paid[number] = each[best], best, now[best]
            else:
                chosen[number], paid[number] = -1, MISSING
        if (chosen == before).all():
            break
    return float(paid.sum()), places[: len(spots)]


def _spots(boxes: Floats, sizes: Floats) -> Floats:
    """Return n x k rectangles: above each box, below, on it, beside, further away."""
    left, bottom, right, top = boxes.T
    width, height = sizes.T
    middle = (bottom + top - height) / 2
    columns = left, (left + right - width) / 2, right - width
    rows = top + GAP, bottom - GAP - height, top - height - GAP, bottom + GAP, middle
    places = [(x, y) for y in rows for x in columns]
    places += [(right + GAP, middle), (left - GAP - width, middle)]
    further = top + height + 2 * GAP, bottom - 2 * (height + GAP)
    places += [(x, y) for x in (columns[0], columns[2]) for y in further]
    corners = np.array([(x, y, x + width, y + height) for x, y in places])
    return np.asarray(corners.transpose(2, 0, 1))


def _costs(spots: Floats, own: Floats, others: Floats) -> Floats:
    """Return how bad each spot is by itself: by how much of it lies on boxes."""
    shared = _shared(spots[:, None], others)
    hides = (shared > HIDDEN * _shared(others, others) + 1).any(axis=1)
    size = np.ptp(spots.reshape(-1, 2, 2), axis=1).prod(axis=1)
    lies = OTHERS * shared.sum(axis=1) + OWN * _shared(spots, own)
    return np.where(hides | np.isnan(size), inf, lies / size + _RANKS)


def _twists(number: int, chosen: NDArray[np.int_], groups: Sequence[Hashable]) -> Floats:
    """Return what each spot costs for being on another side than the neighbours in the line."""
    near = [n for n in (number - 1, number + 1) if 0 <= n < len(groups)]
    sides = [_SIDES[chosen[n]] for n in near if groups[n] == groups[number] and chosen[n] >= 0]
    return np.asarray(sum((TWISTED * (side != _SIDES) for side in sides), np.zeros(len(_SIDES))))


def _meet(some: Floats, others: Floats) -> NDArray[np.bool_]:
    """Tell which rectangles overlap, broadcast; none does with one of NaN."""
    overlap = (some[..., :2] < others[..., 2:]) & (others[..., :2] < some[..., 2:])
    return np.asarray(overlap.all(axis=-1))


def _shared(some: Floats, others: Floats) -> Floats:
    """Return the area that rectangles share, broadcast."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))
