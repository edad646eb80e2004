from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from tests.legible import assert_legible, outlines
from visionhelpers.drawing.draw import COLOURS
from visionhelpers.drawing.labels import LARGEST, SMALLEST, Mark, add_labels, ink, letter_size

WIDTH, HEIGHT = 600, 400


def axes(width: float, height: float) -> Axes:
    """Axes that a picture of 600 x 400 pixels fills, on a figure of so many inches."""
    ax = Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    ax.imshow(np.full((HEIGHT, WIDTH), 255), extent=(0, WIDTH, HEIGHT, 0))
    return ax


def mark(left: float, top: float, width: float, height: float, text: str, lean=0.0) -> Mark:
    """A mark whose sides lean clockwise by so many degrees about its top left."""
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    offsets = [(0, 0), (width, 0), (width, height), (0, height)]
    corners = tuple((left + x * c - y * s, top + x * s + y * c) for x, y in offsets)
    return Mark(corners, text, COLOURS[0])


def page(rows: int, columns: int) -> list[Mark]:
    """Rows of words that fill the picture, with a fifth between the lines."""
    wide, high = WIDTH / columns, HEIGHT / rows
    return [
        mark(x * wide + 2, y * high, wide - 4, high * 0.8, f"word{x * y % 7}")
        for y in range(rows)
        for x in range(columns)
    ]


SIZES = [(3, 2), (7, 4.6), (15, 10)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "marks",
    [
        [mark(x, 150, 70, 70, "54, Female") for x in (0, 80, 160, 240, 480, 530)],
        [mark(20, 20, 560, 360, "the whole picture")],
        [mark(30, 60 * n, 300, 30, "a line of handwriting", lean=12) for n in range(1, 5)],
        [mark(100, 100, 200, 40, "down", lean=90), mark(200, 100, 200, 40, "the page", lean=90)],
    ],
    ids=["faces side by side", "one box for all", "slanted lines", "text down the page"],
)
def test_all_labels_are_inside_the_picture_and_apart(size, marks):
    ax = axes(*size)
    labels = add_labels(ax, marks)
    assert [label.get_text() for label in labels] == [each.text for each in marks]
    assert all(SMALLEST <= label.get_fontsize() <= LARGEST for label in labels)
    assert_legible(ax, labels)


def test_a_label_stands_just_above_its_box_where_there_is_room():
    ax = axes(6, 4)
    (area,) = outlines(ax, add_labels(ax, [mark(200, 200, 100, 50, "above")]))
    left, bottom, right, _ = area.get_extents().extents
    x, y = ax.transData.transform((200, 200))
    assert bottom - y == pytest.approx(1.5, abs=1.5)
    assert left - x == pytest.approx(0.5, abs=1)
    assert right < ax.transData.transform((300, 200))[0]


def test_at_the_top_of_the_picture_a_label_goes_below_its_box():
    ax = axes(6, 4)
    (area,) = outlines(ax, add_labels(ax, [mark(200, 2, 100, 50, "below")]))
    assert area.get_extents().y1 < ax.transData.transform((200, 52))[1]


def test_letters_grow_with_the_axes_between_two_bounds():
    sizes = [
        letter_size(axes(*size)) for size in [(0.5, 0.3), (3, 2), (4, 2.7), (7, 4.6), (20, 13)]
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] == SMALLEST
    assert sizes[-1] == LARGEST
    assert SMALLEST < sizes[2] < LARGEST


@pytest.mark.parametrize(("lean", "rotation"), [(0, 0), (1, 0), (12, -12), (-12, 12), (180, 0)])
def test_labels_lean_as_the_text_does_and_are_never_upside_down(lean, rotation):
    (label,) = add_labels(axes(6, 4), [mark(300, 200, 150, 30, "read me", lean=lean)])
    turned = (label.get_rotation() + 180) % 360 - 180
    assert turned == pytest.approx(rotation, abs=0.01)


def test_on_a_page_full_of_words_each_label_lies_on_its_word():
    ax, marks = axes(7, 4.7), page(18, 11)
    labels = add_labels(ax, marks)
    assert len(labels) == len(marks) == 198
    assert_legible(ax, labels)
    for label, each in zip(labels, marks, strict=True):
        (left, top), _, (right, bottom), _ = each.corners
        x, y = label.get_position()
        assert left < x < right
        assert top < y < bottom


def test_labels_too_small_to_read_are_left_out():
    assert add_labels(axes(2, 1.3), page(40, 20)) == []


@pytest.mark.parametrize(("size", "shape"), [((3, 2), (18, 11)), ((2.5, 1.7), (14, 8))])
def test_a_note_on_the_page_says_how_many_labels_are_left_out(size, shape):
    ax, marks = axes(*size), page(*shape)
    labels = add_labels(ax, marks)
    assert 0 < len(labels) < len(marks)
    *others, note = ax.texts
    assert others == labels
    assert note.get_text() == f"{len(marks) - len(labels)} of {len(marks)} labels do not fit"
    assert note.get_fontsize() >= SMALLEST
    assert_legible(ax, ax.texts)


def test_a_text_wider_than_the_picture_is_left_out_and_the_others_are_not():
    ax = axes(3, 2)
    marks = [mark(20, 50, 500, 40, "words " * 40), mark(20, 200, 200, 40, "short")]
    assert [label.get_text() for label in add_labels(ax, marks)] == ["short"]
    assert ax.texts[-1].get_text() == "1 of 2 labels do not fit"


def test_where_not_even_the_note_fits_there_is_none():
    ax = axes(0.5, 0.3)
    assert add_labels(ax, [mark(20, 50, 500, 40, "words " * 40)]) == []
    assert list(ax.texts) == []


def test_a_label_hides_no_more_than_a_fifth_of_a_neighbour():
    ax, marks = axes(3, 2), page(12, 9)
    marks = [Mark(each.corners, f"word{n}", each.colour) for n, each in enumerate(marks)]
    labels = add_labels(ax, marks)
    assert labels
    for label, area in zip(labels, outlines(ax, labels), strict=True):
        for each in marks:
            if each.text != label.get_text():
                box = Bbox(ax.transData.transform(each.corners)[[0, 2]])
                hidden = Bbox.intersection(area.get_extents(), box)
                assert hidden is None or area_of(hidden) <= 0.2 * area_of(box) + 1


def area_of(box: Bbox) -> float:
    return abs(box.width * box.height)


def test_the_labels_of_a_line_stand_on_the_same_side():
    ax = axes(7, 4.7)
    line = [mark(60 * n + 10, 100, 50, 25, f"word{n}") for n in range(9)]
    labels = add_labels(ax, [*line, mark(10, 75, 110, 10, "")])
    assert {label.get_position()[1] < 100 for label in labels} == {True}
    roof = mark(10, 60, 50, 30, "roof")
    labels = add_labels(axes(7, 4.7), [*line, Mark(roof.corners, roof.text, COLOURS[1])])
    assert {label.get_position()[1] > 125 for label in labels[:9]} == {True}


def test_labels_keep_clear_of_those_drawn_before():
    ax = axes(6, 4)
    first = add_labels(ax, [mark(200, 200, 100, 50, "faces")])
    second = add_labels(ax, [mark(205, 203, 90, 45, "words")])
    assert_legible(ax, first + second)


def test_a_mark_without_a_text_gets_no_label():
    assert add_labels(axes(6, 4), [mark(10, 10, 50, 50, ""), mark(90, 90, 50, 50, " \n")]) == []


def test_dollars_are_dollars():
    ax = axes(6, 4)
    (label,) = add_labels(ax, [mark(200, 200, 100, 50, "from $5 to $10_{")])
    assert not label.get_parse_math()
    assert label.get_text() == "from $5 to $10_{"


def test_the_ink_is_readable_on_every_colour():
    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in COLOURS:
        dark, light = sorted([luminance(colour), luminance(ink(colour))])
        assert (light + 0.05) / (dark + 0.05) >= 4.5
