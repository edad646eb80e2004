import math

import numpy as np
import pytest

from visionservice.engines.faces.detector import _crops, _packed


@pytest.mark.parametrize("edges", [(-40, 5, -10, 35), (5, -40, 35, -10), (90, 70, 120, 100)])
def test_a_square_beyond_an_edge_of_the_image_is_black(edges: tuple[int, ...]) -> None:
    image = np.full((60, 80, 3), 200, np.uint8)
    assert _crops(image, np.array([[*edges, 1.0]]), 24).max() == 0


@pytest.mark.parametrize("size", [(316, 422), (101, 77), (12, 300), (13, 13)])
def test_the_levels_of_a_pyramid_are_packed_without_an_overlap(size: tuple[int, int]) -> None:
    levels, scale = [], 1.0
    while min(size) * scale >= 12:
        height, width = (math.ceil(side * scale) for side in size)
        levels.append(np.full((height, width, 3), 250 - len(levels), np.float32))
        scale *= 0.709
    canvas, places = _packed(levels)
    for level, (left, top) in zip(levels, places, strict=True):
        assert (left % 2, top % 2) == (0, 0)
        part = canvas[top : top + level.shape[0], left : left + level.shape[1]]
        assert (part == level).all()
    pixels = sum(level.shape[0] * level.shape[1] for level in levels)
    assert canvas.shape[0] * canvas.shape[1] < 1.3 * pixels + 1000
