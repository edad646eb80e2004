import numpy as np
import pytest

from visionservice.engines.faces.mtcnn import _crops


@pytest.mark.parametrize("edges", [(-40, 5, -10, 35), (5, -40, 35, -10), (90, 70, 120, 100)])
def test_a_square_beyond_an_edge_of_the_image_is_black(edges: tuple[int, ...]) -> None:
    image = np.full((60, 80, 3), 200, np.uint8)
    assert _crops(image, np.array([[*edges, 1.0]]), 24).max() == 0
