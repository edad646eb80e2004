from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from tests.support.axes_assertions import assert_legible, outlines
from visionhelpers.drawing.draw import PALETTE
from visionhelpers.drawing.labels import (
    MAX_TEXT_SIZE,
    MIN_TEXT_SIZE,
    LabelledBox,
    add_labels,
    contrast_color,
    text_size,
)

WIDTH, HEIGHT = 600, 400


def axes(width: float, height: float) -> Axes:
    """Return Axes of a size in inches, filled by an image of 600 x 400 pixels."""
    ax = Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    ax.imshow(np.full((HEIGHT, WIDTH), 255), extent=(0, WIDTH, HEIGHT, 0))
    return ax


def make_box(
    left: float, top: float, width: float, height: float, text: str, lean: float = 0.0
) -> LabelledBox:
    """Return a box that leans clockwise by an angle in degrees about its top left corner."""
    offsets = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    corners = Affine2D().rotate_deg(lean).translate(left, top).transform(offsets)
    return LabelledBox(tuple(map(tuple, corners)), text, PALETTE[0])


def page(rows: int, columns: int) -> list[LabelledBox]:
    """Return rows of words that fill the image, with a fifth of the height between the lines."""
    wide, high = WIDTH / columns, HEIGHT / rows
    return [
        make_box(x * wide + 2, y * high, wide - 4, high * 0.8, f"word{x * y % 7}")
        for y in range(rows)
        for x in range(columns)
    ]


SIZES = [(3, 2), (7, 4.6), (15, 10)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "boxes",
    [
        [make_box(x, 150, 70, 70, "54, Female") for x in (0, 80, 160, 240, 480, 530)],
        [make_box(20, 20, 560, 360, "the whole image")],
        [make_box(30, 60 * n, 300, 30, "a line of handwriting", lean=12) for n in range(1, 5)],
        [make_box(x, 100, 200, 40, f"down {x}", lean=90) for x in (100, 200)],
    ],
    ids=["faces side by side", "one box for all", "slanted lines", "text down the page"],
)
def test_all_labels_are_inside_the_image_without_overlap(
    size: tuple[float, float], boxes: list[Any]
) -> None:
    ax = axes(*size)
    labels = add_labels(ax, boxes)
    assert [label.get_text() for label in labels] == [each.text for each in boxes]
    assert all(MIN_TEXT_SIZE <= label.get_fontsize() <= MAX_TEXT_SIZE for label in labels)
    assert_legible(ax, labels)


def test_a_label_is_just_above_its_box_and_at_the_top_of_the_image_below_it() -> None:
    ax = axes(6, 4)
    boxes = make_box(200, 200, 100, 50, "above"), make_box(200, 2, 100, 50, "below")
    labels = [label for box in boxes for label in add_labels(ax, [box])]
    above, below = [area.get_extents() for area in outlines(ax, labels)]
    x, y = ax.transData.transform((200, 200))
    assert above.y0 - y == pytest.approx(1.5, abs=1.5)
    assert above.x0 - x == pytest.approx(0.5, abs=1)
    assert above.x1 < ax.transData.transform((300, 200))[0]
    assert below.y1 < ax.transData.transform((200, 52))[1]


def test_the_text_size_grows_with_the_axes_between_two_bounds() -> None:
    sizes = [text_size(axes(*size)) for size in [(0.5, 0.3), (3, 2), (4, 2.7), (7, 4.6), (20, 13)]]
    assert sizes == sorted(sizes)
    assert sizes[0] == MIN_TEXT_SIZE
    assert sizes[-1] == MAX_TEXT_SIZE
    assert MIN_TEXT_SIZE < sizes[2] < MAX_TEXT_SIZE


@pytest.mark.parametrize(("lean", "rotation"), [(0, 0), (1, 0), (12, -12), (-12, 12), (180, 0)])
def test_labels_lean_as_the_text_does_and_are_never_upside_down(
    lean: float, rotation: float
) -> None:
    (label,) = add_labels(axes(6, 4), [make_box(300, 200, 150, 30, "read me", lean=lean)])
    turned = (label.get_rotation() + 180) % 360 - 180
    assert turned == pytest.approx(rotation, abs=0.01)


def test_on_a_page_full_of_words_each_label_is_on_its_word() -> None:
    ax, boxes = axes(7, 4.7), page(18, 11)
    labels = add_labels(ax, boxes)
    assert len(labels) == len(boxes) == 198
    assert_legible(ax, labels)
    for label, each in zip(labels, boxes, strict=True):
        (left, top), _, (right, bottom), _ = each.corners
        x, y = label.get_position()
        assert left < x < right
        assert top < y < bottom


def test_labels_have_a_given_size_even_where_some_do_not_fit() -> None:
    ax, boxes = axes(7, 4.6), page(10, 6)
    labels = add_labels(ax, boxes, 30)
    assert {label.get_fontsize() for label in labels} == {30}
    assert len(labels) < len(boxes)
    assert_legible(ax, ax.texts)


def test_a_note_on_the_image_counts_the_omitted_labels() -> None:
    ax, boxes = axes(3, 2), page(18, 11)
    labels = add_labels(ax, boxes)
    assert 0 < len(labels) < len(boxes)
    *others, note = ax.texts
    assert others == labels
    assert note.get_text() == f"{len(boxes) - len(labels)} of {len(boxes)} labels do not fit"
    assert note.get_fontsize() >= MIN_TEXT_SIZE
    assert_legible(ax, ax.texts)


def test_a_label_or_a_note_wider_than_the_image_is_omitted_and_the_others_are_not() -> None:
    boxes = [make_box(20, 50, 500, 40, "words " * 40), make_box(20, 200, 200, 40, "short")]
    small, tiny = axes(3, 2), axes(0.5, 0.3)
    assert [label.get_text() for label in add_labels(small, boxes)] == ["short"]
    assert small.texts[-1].get_text() == "1 of 2 labels do not fit"
    assert add_labels(tiny, boxes[:1]) == list(tiny.texts) == []


def test_labels_do_not_overlap_those_drawn_before() -> None:
    ax = axes(6, 4)
    first = add_labels(ax, [make_box(200, 200, 100, 50, "faces")])
    second = add_labels(ax, [make_box(205, 203, 90, 45, "words")])
    assert_legible(ax, first + second)


def test_a_text_has_no_formula_and_a_box_without_a_text_has_no_label() -> None:
    texts = ["from $5 to $10_{", "", " \n"]
    (label,) = add_labels(axes(6, 4), [make_box(200, 200, 100, 50, text) for text in texts])
    assert not label.get_parse_math()
    assert label.get_text() == "from $5 to $10_{"


@pytest.mark.parametrize("color", PALETTE)
def test_the_text_has_enough_contrast_on_every_color(color: str) -> None:
    def luminance(color: str) -> float:
        linear = [((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in to_rgb(color)]
        return float(np.dot((0.2126, 0.7152, 0.0722), linear))

    dark, light = sorted([luminance(color), luminance(contrast_color(color))])
    assert (light + 0.05) / (dark + 0.05) >= 4.5
