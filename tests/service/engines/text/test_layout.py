from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from numpy.typing import NDArray

from visionservice.engines.text import layout


def quads(*boxes: tuple[float, float, float, float], degrees: float = 0) -> NDArray[np.float64]:
    """Return the corners of left, top, right, bottom, turned clockwise about the origin."""
    corners = [[(x, y), (r, y), (r, b), (x, b)] for x, y, r, b in boxes]
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array(corners, float) @ np.array([[c, -s], [s, c]]).T


@pytest.mark.parametrize("first", [0, 1, 2, 3])
@pytest.mark.parametrize("degrees", [-40, 0, 40])
def test_corners_start_at_the_top_left(first: int, degrees: float) -> None:
    line = quads((0, 0, 300, 40), degrees=degrees)
    assert layout.clockwise_from_top_left(np.roll(line, first, axis=1)) == pytest.approx(line)


def test_sizes_are_width_and_height() -> None:
    assert layout.sizes(quads((5, 5, 305, 45), degrees=17)) == pytest.approx(np.array([[300, 40]]))


def test_a_part_is_given_in_shares_of_the_edges() -> None:
    part = layout.sub_quad(quads((100, 50, 300, 90))[0], (0.5, 0, 1, 0.25))
    assert part.tolist() == [[200, 50], [300, 50], [300, 60], [200, 60]]


@pytest.mark.parametrize("degrees", [-30, -5, 5, 30])
def test_the_slope_is_that_of_the_lines(degrees: float) -> None:
    lines = quads((0, 0, 300, 40), (0, 60, 280, 100), degrees=degrees)
    assert layout.slope(lines) == pytest.approx(degrees)


def test_one_crooked_line_does_not_tilt_the_page() -> None:
    straight = quads((0, 0, 300, 40), (0, 60, 280, 100), (0, 120, 290, 160))
    crooked = quads((0, 200, 200, 240), degrees=20)
    assert layout.slope(np.concatenate([straight, crooked])) == 0.0


def test_short_words_do_not_tilt_the_page() -> None:
    assert layout.slope(quads((0, 0, 60, 40), degrees=5)) == 0.0


@pytest.mark.parametrize("degrees", [-44, -20, 0, 20, 44])
def test_the_tilt_is_that_of_level_and_of_plumb_lines(degrees: float) -> None:
    level = quads((0, 0, 300, 40), (0, 60, 280, 100), degrees=degrees)
    plumb = quads((0, 0, 40, 300), (60, 0, 100, 280), degrees=degrees)
    assert layout.tilt(level) == pytest.approx(degrees)
    assert layout.tilt(plumb) == pytest.approx(degrees)


def test_lines_on_either_side_of_45_degrees_do_not_cancel_out() -> None:
    one, other = quads((0, 0, 300, 40), degrees=44), quads((0, 0, 300, 40), degrees=46)
    seen = layout.clockwise_from_top_left(np.concatenate([one, other, other]))
    assert layout.tilt(seen) % 90 == pytest.approx(46, abs=2)


def test_a_page_without_long_lines_has_no_tilt() -> None:
    assert layout.tilt(quads((0, 0, 60, 40), degrees=30)) == 0.0
    assert layout.tilt(np.empty((0, 4, 2))) == 0.0


@pytest.mark.parametrize("degrees", [0, 15, -15])
def test_columns_are_read_one_after_the_other(degrees: float) -> None:
    left, right = (0, 0, 300, 40), (400, 0, 700, 40)
    under_left, under_right = (0, 60, 300, 100), (400, 60, 700, 100)
    lines = quads(right, left, under_right, under_left, degrees=degrees)
    assert layout.group_into_regions(lines, degrees) == [[1, 3], [0, 2]]


def test_a_wide_gap_separates_paragraphs() -> None:
    lines = quads((0, 0, 300, 40), (0, 60, 300, 100), (0, 220, 300, 260))
    assert layout.group_into_regions(lines, 0) == [[0, 1], [2]]


def test_a_heading_comes_before_the_columns_and_a_footer_after_them() -> None:
    heading, footer = (0, 0, 700, 40), (0, 500, 700, 540)
    left, right = (0, 200, 300, 240), (400, 160, 700, 200)
    assert layout.group_into_regions(quads(footer, right, left, heading), 0) == [[3], [2], [1], [0]]


def test_pieces_of_one_row_go_from_left_to_right() -> None:
    lines = quads((210, 2, 400, 42), (0, 0, 200, 40), (0, 60, 400, 100))
    assert layout.group_into_regions(lines, 0) == [[1, 0, 2]]


def test_centered_lines_of_any_size_are_one_region() -> None:
    lines = quads((20, 0, 380, 80), (80, 100, 320, 140), (140, 160, 260, 185))
    assert layout.group_into_regions(lines, 0) == [[0, 1, 2]]


def test_a_region_that_spans_two_columns_comes_between_their_parts() -> None:
    above, beside = (0, 0, 300, 40), (400, 0, 700, 40)
    wide, below = (0, 140, 700, 180), (400, 280, 700, 320)
    lines = quads(below, wide, beside, above)
    assert layout.group_into_regions(lines, 0) == [[3], [2], [1], [0]]


@pytest.mark.parametrize(("columns", "rows"), [(24, 20), (40, 25)])
def test_a_table_of_many_cells_is_ordered_within_a_second(columns: int, rows: int) -> None:
    cells = [(x * 120, y * 60) for y in range(rows) for x in range(columns)]
    lines = quads(*((x, y, x + 60, y + 20) for x, y in cells))
    start = thread_time()
    groups = layout.group_into_regions(lines, 0)
    assert thread_time() - start < 1
    order = [i for group in groups for i in group]
    assert sorted(order) == list(range(columns * rows))
    assert order == sorted(order, key=lambda i: cells[i])
