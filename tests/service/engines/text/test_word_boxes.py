from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visionservice.engines.text.word_boxes import word_boxes

SPANS = [(0.12, 0.28), (0.55, 0.85)]
Color = tuple[int, int, int]


def strip(
    *boxes: tuple[int, int, int, int], paper: Color = (255, 255, 255), pen: Color = (0, 0, 0)
) -> NDArray[np.uint8]:
    """Return a line of 200 x 40 pixels with these rectangles (left, top, right, bottom) in ink."""
    line = np.full((40, 200, 3), paper, np.uint8)
    for left, top, right, bottom in boxes:
        line[top:bottom, left:right] = pen
    return line


@pytest.mark.parametrize(
    ("paper", "pen"),
    [((255, 255, 255), (0, 0, 0)), ((0, 0, 0), (255, 255, 255)), ((200, 200, 200), (90, 90, 90)),
     ((0, 0, 97), (255, 0, 0))],  # of one gray if the channels are swapped
)  # fmt: skip
def test_frames_fit_the_ink_of_each_word(paper: Color, pen: Color) -> None:
    line = strip((20, 10, 60, 30), (100, 5, 180, 25), paper=paper, pen=pen)
    pixels = np.array(word_boxes(line, SPANS)) * (200, 40, 200, 40)
    assert pixels == pytest.approx(np.array([(19, 9, 61, 31), (99, 4, 181, 26)]))


def test_words_that_touch_are_separated_between_their_letters() -> None:
    first, second = word_boxes(strip((20, 10, 180, 30)), SPANS)
    assert 0.28 < first[2] < 0.55
    assert first[2] - second[0] == pytest.approx(2 / 200)


def test_a_strip_without_ink_is_divided_between_the_words() -> None:
    first, second = word_boxes(strip(), SPANS)
    assert first[0] == 0
    assert first[2] <= second[0]
    assert second[2] == 1


def test_ink_of_a_neighbouring_column_belongs_to_no_word() -> None:
    line = strip((50, 10, 70, 30), (80, 10, 120, 30), (190, 5, 200, 35), (0, 5, 4, 35))
    first, second = word_boxes(line, [(0.27, 0.33), (0.45, 0.58)])
    assert first[0] * 200 == pytest.approx(49)
    assert second[2] * 200 == pytest.approx(121)
