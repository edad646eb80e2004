from __future__ import annotations

import numpy as np

from visionservice.engines.text.detection import _outlines


def test_the_upper_lines_of_a_page_with_too_many_are_kept() -> None:
    probabilities = np.zeros((736, 736), np.float32)
    tops = range(20, 700, 16)
    for top in tops:
        for left in range(20, 700, 24):
            probabilities[top : top + 6, left : left + 12] = 0.9
    rows = [outline[:, 1].mean() for outline in _outlines(probabilities)]
    assert len(rows) == 1000
    assert min(rows) < tops[0] + 6


def test_a_texture_that_fills_the_image_is_no_line() -> None:
    probabilities = np.full((736, 736), 0.9, np.float32)
    assert len(_outlines(probabilities)) == 1
    for top in range(20, 700, 16):
        probabilities[top : top + 4, 20:700:12] = 0.0
        probabilities[top : top + 4, 21:700:12] = 0.0
    assert all(np.ptp(outline[:, 1]) < 368 for outline in _outlines(probabilities))
