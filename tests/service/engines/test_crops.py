from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from visionhelpers.images import load_image, sample
from visionhelpers.service.engines import faces, objects
from visionhelpers.service.engines.boxes import Box
from visionhelpers.service.engines.crops import crop, largest, salient, window

SHAPES = [(300, 100), (200, 100), (100, 100), (100, 200), (100, 300)]


def pixels(name: str) -> NDArray[np.uint8]:
    return np.asarray(load_image(sample(name)))


def contains(outer: Box, inner: Box) -> bool:
    return outer.overlap(inner) == inner.area


def test_the_window_is_the_largest_of_its_shape() -> None:
    assert largest((600, 400), (100, 100)) == (400, 400)
    assert largest((600, 400), (300, 100)) == (600, 200)
    assert largest((600, 400), (100, 300)) == (133, 400)
    assert largest((50, 50), (1024, 1)) == (50, 1)


def test_without_boxes_the_window_is_centred_on_the_point_within_the_picture() -> None:
    assert window((600, 400), (1, 1), (), (300, 200)) == Box(100, 0, 400, 400)
    assert window((600, 400), (1, 1), (), (599, 0)) == Box(200, 0, 400, 400)


def test_the_window_moves_no_further_than_a_box_needs() -> None:
    box = Box(420, 100, 100, 100)
    moved = window((600, 400), (1, 1), [box], (300, 200))
    assert moved == Box(145, 0, 400, 400), "the box with a quarter of its width to spare"


def test_a_box_at_the_edge_is_kept_whole_without_room_to_spare() -> None:
    assert contains(
        window((600, 400), (1, 3), [Box(0, 0, 130, 130)], (300, 200)), Box(0, 0, 130, 130)
    )


def test_boxes_that_fit_together_are_all_kept() -> None:
    boxes = [Box(10, 40, 60, 60), Box(200, 50, 50, 50), Box(330, 20, 70, 70)]
    found = window((600, 400), (1, 1), boxes, (600, 200))
    assert all(contains(found, box) for box in boxes)


def test_of_boxes_too_far_apart_the_first_is_kept() -> None:
    left, right = Box(0, 100, 90, 90), Box(500, 100, 90, 90)
    assert contains(window((600, 400), (1, 2), [left, right], (300, 200)), left)
    assert contains(window((600, 400), (1, 2), [right, left], (300, 200)), right)


def test_what_is_too_wide_fills_the_window_and_what_is_too_tall_shows_its_top() -> None:
    wide = window((600, 400), (1, 2), [Box(300, 0, 300, 400)], (0, 0))
    assert wide.left >= 300
    tall = window((600, 400), (3, 1), [Box(100, 50, 100, 350)], (300, 400))
    assert tall.top == 50


def test_a_box_outside_the_picture_is_cut_to_it() -> None:
    found = window((600, 400), (1, 1), [Box(-40, -40, 120, 120)], (600, 200))
    assert found == Box(0, 0, 400, 400)


@pytest.mark.parametrize(
    "size", [(1, 1), (1024, 1), (1, 1024), (50, 200), (1024, 1024), (317, 211)]
)
@pytest.mark.parametrize("smart", [True, False])
def test_the_thumbnail_has_exactly_the_size_asked(size: tuple[int, int], smart: bool) -> None:
    cut = crop(pixels("dahlia.jpg"), *size, smart=smart, keep=[])
    assert cut.shape == (size[1], size[0], 3)
    assert cut.dtype == np.uint8


@pytest.mark.parametrize("size", [(50, 50), (4200, 50), (50, 4200), (8, 300), (1, 1)])
def test_pictures_of_any_shape_are_cut(size: tuple[int, int]) -> None:
    picture = np.asarray(load_image(sample("dahlia.jpg")).resize(size))
    assert crop(picture, 100, 75, smart=True, keep=[]).shape == (75, 100, 3)


def test_a_plain_crop_is_the_middle_whatever_is_there() -> None:
    picture = pixels("eileen_collins_off_centre.jpg")
    boxes = [face.box for face in faces.detect(picture)]
    cut = crop(picture, 60, 120, smart=False, keep=boxes)
    middle = ImageOps.fit(Image.fromarray(picture), (60, 120), Image.Resampling.LANCZOS)
    assert np.array_equal(cut, np.asarray(middle))


def test_the_thumbnail_shows_the_window() -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 200:] = (255, 0, 0)
    cut = crop(picture, 50, 50, smart=True, keep=[Box(200, 0, 100, 100)])
    assert (cut[:, 3:] == (255, 0, 0)).all(), "all but the columns that Lanczos blends"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["eileen_collins_off_centre.jpg", "grace_hopper.jpg"])
def test_a_face_is_kept_whole_in_every_shape_it_fits(name: str, shape: tuple[int, int]) -> None:
    picture = pixels(name)
    face, size = faces.detect(picture)[0].box, (picture.shape[1], picture.shape[0])
    found = window(size, shape, [face], salient(Image.fromarray(picture), shape))
    fits = face.width <= found.width and face.height <= found.height
    assert contains(found, face) == fits


def test_a_smart_thumbnail_shows_the_face_that_the_middle_misses() -> None:
    picture = pixels("eileen_collins_off_centre.jpg")
    boxes = [face.box for face in faces.detect(picture)]
    smart = crop(picture, 160, 320, smart=True, keep=boxes)
    plain = crop(picture, 160, 320, smart=False, keep=boxes)
    assert len(faces.detect(smart)) == 1
    assert not faces.detect(plain)


def test_without_boxes_the_cut_goes_to_what_stands_out() -> None:
    """The dahlia stands in the left half; a blurred garden fills the rest."""
    x, _ = salient(load_image(sample("dahlia_off_centre.jpg")), (1, 1))
    assert x < load_image(sample("dahlia_off_centre.jpg")).width / 2


def test_all_that_fits_is_kept_in_the_published_pictures(evaluation: Path) -> None:
    picture = np.asarray(load_image(evaluation / "images" / "faces.jpg"))
    boxes = [face.box for face in faces.detect(picture)]
    found = window((picture.shape[1], picture.shape[0]), (3, 1), boxes, (0, 462))
    assert len(boxes) == 6
    assert all(contains(found, box) for box in boxes)
    rider = np.asarray(load_image(evaluation / "images" / "objects.jpg"))
    things = [thing.box for thing in objects.detect(rider)]
    square = window((rider.shape[1], rider.shape[0]), (1, 1), things, (600, 0))
    assert all(contains(square, thing) for thing in things)
