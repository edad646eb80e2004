from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from numpy.typing import NDArray

from visionservice.engines.text import layout

Frame = tuple[float, float, float, float]  # left, top, right, bottom


def quads(*boxes: Frame, degrees: float = 0) -> NDArray[np.float64]:
    """Return the corners of boxes, turned clockwise about the origin."""
    corners = [[(x, y), (r, y), (r, b), (x, b)] for x, y, r, b in boxes]
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array(corners, float) @ np.array([[c, -s], [s, c]]).T


@pytest.mark.parametrize("degrees", [-40, 0, 40])
def test_corners_start_at_the_top_left(degrees: float) -> None:
    line = quads((0, 0, 300, 40), degrees=degrees)
    for first in range(4):
        begun_elsewhere = np.roll(line, first, axis=1)
        assert layout.clockwise_from_top_left(begun_elsewhere) == pytest.approx(line)


def test_sizes_and_parts_of_a_line() -> None:
    assert layout.sizes(quads((5, 5, 305, 45), degrees=17)) == pytest.approx(np.array([[300, 40]]))
    part = layout.sub_quad(quads((100, 50, 300, 90))[0], (0.5, 0, 1, 0.25))
    assert part.tolist() == [[200, 50], [300, 50], [300, 60], [200, 60]]


LEVEL = (0, 0, 300, 40), (0, 60, 280, 100), (0, 120, 290, 160)
PLUMB = (0, 0, 40, 300), (60, 0, 100, 280)


@pytest.mark.parametrize(
    ("lines", "degrees"),
    [
        pytest.param(quads(*LEVEL, degrees=-30), -30, id="up to the right"),
        pytest.param(quads(*LEVEL, degrees=5), 5, id="down to the right"),
        pytest.param(
            np.vstack([quads(*LEVEL), quads((0, 200, 200, 240), degrees=20)]), 0, id="one crooked"
        ),
        pytest.param(quads((0, 0, 60, 40), degrees=5), 0, id="short words"),
    ],
)
def test_the_slope_is_that_of_most_long_lines(lines: NDArray[np.float64], degrees: float) -> None:
    assert layout.slope(lines) == pytest.approx(degrees)


@pytest.mark.parametrize("degrees", [-44, -20, 0, 20, 44])
def test_the_tilt_is_that_of_long_level_or_plumb_lines(degrees: float) -> None:
    for lines in (LEVEL, PLUMB):
        assert layout.tilt(quads(*lines, degrees=degrees)) == pytest.approx(degrees)
    assert layout.tilt(quads((0, 0, 60, 40), degrees=degrees)) == 0.0


def test_lines_on_either_side_of_45_degrees_do_not_cancel_out() -> None:
    one, other = quads((0, 0, 300, 40), degrees=44), quads((0, 0, 300, 40), degrees=46)
    seen = layout.clockwise_from_top_left(np.concatenate([one, other, other]))
    assert layout.tilt(seen) % 90 == pytest.approx(46, abs=2)
    assert layout.tilt(seen[:0]) == 0.0


LEFT, RIGHT, BELOW_LEFT, BELOW_RIGHT = (
    (0, 0, 300, 40), (400, 0, 700, 40), (0, 60, 300, 100), (400, 60, 700, 100)
)  # fmt: skip
REGIONS: dict[str, tuple[list[Frame], list[list[int]]]] = {
    "paragraphs": ([LEFT, BELOW_LEFT, (0, 220, 300, 260)], [[0, 1], [2]]),
    "centered lines of any size": (
        [(20, 0, 380, 80), (80, 100, 320, 140), (140, 160, 260, 185)],
        [[0, 1, 2]],
    ),
    "pieces of one row": ([(310, 2, 500, 42), LEFT, (0, 60, 400, 100)], [[1, 0, 2]]),
    "a heading before the columns and a footer after them": (
        [(0, 500, 700, 540), (400, 160, 700, 200), (0, 200, 300, 240), (0, 0, 700, 40)],
        [[3], [2], [1], [0]],
    ),
    "a line across the columns between their parts": (
        [(400, 280, 700, 320), (0, 140, 700, 180), RIGHT, LEFT],
        [[3], [2], [1], [0]],
    ),
}


@pytest.mark.parametrize(("lines", "regions"), REGIONS.values(), ids=REGIONS)
def test_lines_are_grouped_into_regions_in_reading_order(
    lines: list[Frame], regions: list[list[int]]
) -> None:
    assert layout.group_into_regions(quads(*lines), 0) == regions


@pytest.mark.parametrize("degrees", [0, 15, -15])
def test_columns_are_read_one_after_the_other(degrees: float) -> None:
    lines = quads(RIGHT, LEFT, BELOW_RIGHT, BELOW_LEFT, degrees=degrees)
    assert layout.group_into_regions(lines, degrees) == [[1, 3], [0, 2]]


def test_a_table_of_a_thousand_cells_is_ordered_within_a_second() -> None:
    cells = [(x * 120, y * 60) for y in range(25) for x in range(40)]
    lines = quads(*((x, y, x + 60, y + 20) for x, y in cells))
    start = thread_time()
    groups = layout.group_into_regions(lines, 0)
    assert thread_time() - start < 1
    order = [i for group in groups for i in group]
    assert sorted(order) == list(range(1000))
    assert order == sorted(order, key=lambda i: cells[i])
