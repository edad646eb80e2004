from __future__ import annotations

import numpy as np
import pytest

from visionservice.engines.text.reader import DeskewedImage

WHITE = 255


def dotted() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return 300 x 200 white pixels with a black square of 8 x 8 whose middle is (60, 40)."""
    image = np.full((200, 300, 3), WHITE, np.uint8)
    image[36:44, 56:64] = 0
    return image


def dot(page: DeskewedImage) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the middle of the black square, as the page says where it was."""
    darkness = WHITE - page.image[..., 0].astype(float)
    rows, columns = np.indices(darkness.shape) + 0.5
    middle = [(columns * darkness).sum(), (rows * darkness).sum()] / darkness.sum()
    return page.to_original(np.array([middle]))[0]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("degrees", [0, 20, -30, 45, -44.5])
def test_a_point_of_a_rotated_page_has_its_original_coordinates(
    degrees: float, quarters: int
) -> None:
    page = DeskewedImage(dotted())
    turned = (page.deskewed(degrees) if degrees else page).rotated(quarters)
    assert dot(turned) == pytest.approx((60, 40), abs=0.05)


@pytest.mark.parametrize("degrees", [20, -45])
def test_the_deskewed_image_contains_the_whole_image(degrees: float) -> None:
    image = dotted()
    image[:4, :4] = image[-4:, -4:] = 0
    page = DeskewedImage(image).deskewed(degrees)
    ink = (WHITE - image.astype(float)).sum()
    assert (WHITE - page.image.astype(float)).sum() == pytest.approx(ink, rel=0.03)


def test_new_corners_have_the_color_of_the_edges() -> None:
    image = np.full((60, 90, 3), (200, 100, 50), np.uint8)
    image[20:40, 20:70] = 0
    assert DeskewedImage(image).deskewed(30).image[0, 0].tolist() == [200, 100, 50]
