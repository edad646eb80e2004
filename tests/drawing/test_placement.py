from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from visionhelpers.drawing.placement import (
    GAP,
    MAX_HIDDEN,
    OMISSION_COST,
    Floats,
    place_labels,
    place_note,
)

PAGE = np.array([0.0, 0, 200, 100])
"""Left, bottom, right and top."""

NONE = np.empty((0, 4))


def clamp(rectangles: Floats) -> Floats:
    low, size = rectangles[..., :2], rectangles[..., 2:] - rectangles[..., :2]
    low = np.where(size <= PAGE[2:], np.clip(low, 0, PAGE[2:] - size), np.nan)
    return np.concatenate([low, low + size], axis=-1)


def place(
    *boxes: Any, size: Any = (30, 10), groups: list[int] | None = None, occupied: Any = NONE
) -> tuple[float, Floats]:
    sizes = np.array([size] * len(boxes), float)
    groups = list(range(len(boxes))) if groups is None else groups
    return place_labels(np.array(boxes, float), sizes, groups, np.array(occupied, float), clamp)


def area(one: Floats, other: Floats) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.clip(sides, 0, None).prod())


def test_the_best_position_is_above_the_left_edge_of_the_box() -> None:
    cost, (label,) = place((50, 30, 100, 50))
    assert label.tolist() == [50, 50 + GAP, 80, 60 + GAP]
    assert cost == 0


def test_no_label_overlaps_another_or_an_occupied_rectangle() -> None:
    boxes = [(x, 30, x + 20, 50) for x in (40, 60, 80, 100)]
    occupied = [(40, 50, 120, 62)]
    _, labels = place(*boxes, occupied=occupied)
    assert np.isfinite(labels).all()
    assert all(area(*pair) == 0 for pair in combinations([*labels, np.array(occupied[0])], 2))


def test_a_label_hides_little_of_other_boxes() -> None:
    boxes = np.array([(50, 20, 100, 40), (45, 42, 105, 54), (45, 2, 105, 18)], float)
    _, labels = place(*boxes)
    for n, label in enumerate(labels):
        for box in np.delete(boxes, n, axis=0):
            assert area(label, box) <= MAX_HIDDEN * area(box, box) + 1


def test_a_label_too_large_for_the_image_is_omitted_at_a_cost() -> None:
    cost, (label,) = place((50, 30, 100, 50), size=(300, 10))
    assert np.isnan(label).all()
    assert cost == OMISSION_COST


def test_adjacent_labels_of_a_group_are_on_the_same_side() -> None:
    boxes = [(10, 40, 50, 60), (60, 40, 100, 60)]
    occupied = [(55, 61, 200, 75)]  # above the second box
    _, (first, second) = place(*boxes, occupied=occupied)
    assert first[1] > 50 > second[1]
    _, (first, second) = place(*boxes, groups=[7, 7], occupied=occupied)
    assert 50 > first[1] == second[1]


def test_in_a_crowded_row_as_many_labels_as_fit_are_placed() -> None:
    boxes = [(x, 0, x + 4, 100) for x in range(0, 200, 5)]
    cost, labels = place(*boxes, size=(60, 45))
    assert np.isnan(labels).all(), "each would hide most of several boxes"
    assert cost == OMISSION_COST * len(boxes)
    _, labels = place(*boxes, size=(12, 12))
    assert np.isfinite(labels[:, 0]).sum() > len(boxes) / 2


def test_the_note_hides_as_little_as_possible_of_the_boxes() -> None:
    boxes = np.array([(0, 0, 200, 40), (0, 40, 80, 100)], float)
    note = place_note(np.array([60.0, 20]), PAGE, boxes, NONE, clamp)
    assert sum(area(note, box) for box in boxes) == 0


@pytest.mark.parametrize(
    ("size", "occupied", "note"),
    [
        pytest.param((60, 20), NONE, [140, 0, 200, 20], id="at the bottom right"),
        pytest.param((60, 20), [(100, 0, 200, 100)], [36, 0, 96, 20], id="beside other labels"),
        pytest.param((60, 20), [(0, 0, 200, 100)], [np.nan] * 4, id="nowhere between labels"),
        pytest.param((300, 20), NONE, [np.nan] * 4, id="nowhere on a small image"),
    ],
)
def test_the_note_has_the_first_place_from_the_bottom_right_that_is_free(
    size: Any, occupied: Any, note: Any
) -> None:
    sizes, rectangles = np.array(size, float), np.array(occupied, float)
    found = place_note(sizes, PAGE, NONE, rectangles, clamp)
    assert found == pytest.approx(note, abs=5, nan_ok=True)
    assert not np.nan_to_num(area(found, rectangles[0]) if len(rectangles) else 0)
