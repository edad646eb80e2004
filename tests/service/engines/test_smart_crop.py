from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Object
from visionservice.engines.geometry import Box, Size
from visionservice.engines.registry import default
from visionservice.engines.smart_crop import area_of_interest, best_window, crop, largest, saliency

SHAPES = [(300, 100), (200, 100), (100, 100), (100, 200), (100, 300)]


def pixels(name: str) -> NDArray[np.uint8]:
    return np.asarray(load_image(sample_path(name)))


NOTHING = np.full((40, 60), 1 / 2400)
"""Of an image of 600 x 400: nothing is salient in it."""


def seen_at(x: int, y: int) -> NDArray[np.float64]:
    """Return a saliency map in which one cell is salient."""
    seen = np.zeros((40, 60))
    seen[y, x] = 1
    return seen


def thumbnail(
    image: NDArray[np.uint8], size: Size, faces: Sequence[Box] = (), *, smart: bool
) -> NDArray[np.uint8]:
    shape = (image.shape[1], image.shape[0])
    window = best_window(shape, size, faces, (), saliency(image))
    return crop(image, size, window if smart else None)


def contains(outer: Box, inner: Box) -> bool:
    return outer.overlap(inner) == inner.area


def test_the_window_is_the_largest_of_its_shape() -> None:
    assert largest((600, 400), (100, 100)) == (400, 400)
    assert largest((600, 400), (300, 100)) == (600, 200)
    assert largest((600, 400), (100, 300)) == (133, 400)
    assert largest((50, 50), (1024, 1)) == (50, 1)


def test_without_faces_and_objects_the_window_is_at_the_salient_part() -> None:
    assert best_window((600, 400), (1, 1), (), (), NOTHING) == Box(100, 0, 400, 400)
    assert best_window((600, 400), (1, 1), (), (), seen_at(59, 0)).left == 200
    assert best_window((600, 400), (3, 1), (), (), seen_at(0, 39)).top == 200


def test_the_window_shows_as_many_faces_whole_as_fit() -> None:
    two, large = [Box(10, 40, 60, 60), Box(100, 50, 60, 60)], Box(450, 20, 90, 90)
    found = best_window((600, 400), (1, 2), [large, *two], (), NOTHING)
    assert all(contains(found, face) for face in two)
    assert not contains(found, large)


def test_of_equally_many_faces_the_larger_is_kept() -> None:
    small, large = Box(0, 100, 80, 80), Box(500, 100, 95, 95)
    assert contains(best_window((600, 400), (1, 2), [small, large], (), NOTHING), large)
    assert contains(best_window((600, 400), (1, 2), [large, small], (), NOTHING), large)


def test_a_face_has_a_margin() -> None:
    found = best_window((600, 400), (1, 1), [Box(420, 100, 100, 100)], (), seen_at(0, 0))
    assert found.right == pytest.approx(520 + 15, abs=1), "a sixth of its width, and no more"


def test_a_face_at_the_edge_is_kept_whole_without_a_margin() -> None:
    face = Box(0, 0, 130, 130)
    assert contains(best_window((600, 400), (1, 3), [face], (), NOTHING), face)


def test_the_edge_of_the_image_is_as_good_as_a_margin() -> None:
    faces = [Box(3, 0, 50, 50), Box(79, 0, 20, 20)]  # the second one lacks a margin at 0
    assert best_window((200, 100), (1, 1), faces, (), NOTHING).left == 0


def test_without_boxes_the_area_of_interest_is_the_salient_part() -> None:
    seen = np.zeros((10, 20))
    seen[2:4, 5:8] = 1
    assert area_of_interest((100, 50), (), lambda: seen) == Box(25, 10, 15, 10)


def test_faces_precede_objects_and_objects_precede_saliency() -> None:
    face, cat = Box(0, 0, 100, 100), Object("cat", 1.0, Box(400, 0, 200, 400))
    assert contains(best_window((600, 400), (1, 2), [face], [cat], NOTHING), face)
    assert contains(best_window((600, 400), (1, 2), (), [cat], seen_at(0, 0)), cat.box)


def test_a_confident_object_precedes_another() -> None:
    sure, unsure = Box(0, 0, 150, 150), Box(450, 0, 150, 150)
    things = [Object("cat", 0.9, sure), Object("dog", 0.4, unsure)]
    assert contains(best_window((600, 400), (1, 2), (), things, NOTHING), sure)


def test_of_a_person_too_tall_the_head_is_shown() -> None:
    tall = Object("person", 0.9, Box(100, 50, 100, 350))
    found = best_window((600, 400), (3, 1), (), [tall], NOTHING)
    assert found.top <= 50
    assert found.bottom >= 50 + 350 / 4


def test_a_face_that_extends_beyond_the_image_is_clipped() -> None:
    found = best_window((600, 400), (1, 1), [Box(-40, -40, 120, 120)], (), seen_at(59, 0))
    assert found == Box(0, 0, 400, 400)


@pytest.mark.parametrize(
    "size", [(1, 1), (1024, 1), (1, 1024), (50, 200), (1024, 1024), (317, 211)]
)
@pytest.mark.parametrize("smart", [True, False])
def test_the_thumbnail_has_exactly_the_requested_size(size: tuple[int, int], smart: bool) -> None:
    cut = thumbnail(pixels("dahlia.jpg"), size, smart=smart)
    assert cut.shape == (size[1], size[0], 3)
    assert cut.dtype == np.uint8


@pytest.mark.parametrize("size", [(50, 50), (4200, 50), (50, 4200), (8, 300), (1, 1)])
def test_images_of_any_shape_are_cropped(size: tuple[int, int]) -> None:
    image = np.asarray(load_image(sample_path("dahlia.jpg")).resize(size))
    assert thumbnail(image, (100, 75), smart=True).shape == (75, 100, 3)


def test_a_plain_crop_is_at_the_center() -> None:
    image = pixels("eileen_collins_off_centre.jpg")
    boxes = [face.box for face in default().faces.detect(image)]
    cut = thumbnail(image, (60, 120), boxes, smart=False)
    middle = ImageOps.fit(Image.fromarray(image), (60, 120), Image.Resampling.LANCZOS)
    assert np.array_equal(cut, np.asarray(middle))


def test_the_thumbnail_shows_the_window() -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 200:] = (255, 0, 0)
    cut = thumbnail(image, (50, 50), [Box(200, 0, 100, 100)], smart=True)
    assert (cut[:, 3:] == (255, 0, 0)).all(), "all but the columns that Lanczos blends"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["eileen_collins_off_centre.jpg", "grace_hopper.jpg"])
def test_a_face_is_kept_whole_in_every_shape_it_fits(name: str, shape: tuple[int, int]) -> None:
    image = pixels(name)
    face, size = default().faces.detect(image)[0].box, (image.shape[1], image.shape[0])
    found = best_window(size, shape, [face], (), saliency(image))
    fits = face.width <= found.width and face.height <= found.height
    assert contains(found, face) == fits


def test_a_smart_thumbnail_shows_the_face_that_the_center_misses() -> None:
    image = pixels("eileen_collins_off_centre.jpg")
    boxes = [face.box for face in default().faces.detect(image)]
    smart = thumbnail(image, (160, 320), boxes, smart=True)
    plain = thumbnail(image, (160, 320), boxes, smart=False)
    assert len(default().faces.detect(smart)) == 1
    assert not default().faces.detect(plain)


def test_an_object_on_a_plain_background_is_salient() -> None:
    image = np.full((300, 500, 3), (90, 120, 60), np.uint8)
    image[40:100, 380:440] = (200, 30, 60)
    y, x = np.unravel_index(saliency(image).argmax(), (38, 64))
    assert 380 < (x + 0.5) * 500 / 64 < 440
    assert 40 < (y + 0.5) * 300 / 38 < 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 3)])
def test_without_boxes_the_window_contains_the_flower(shape: tuple[int, int]) -> None:
    """The dahlia is in the left half; a blurred garden fills the rest."""
    image = load_image(sample_path("dahlia_off_centre.jpg"))
    found = best_window(image.size, shape, (), (), saliency(np.asarray(image)))
    assert found.center[0] < image.width / 2


def test_the_window_of_a_plain_image_is_at_the_center() -> None:
    image = Image.new("RGB", (500, 300), "teal")
    assert best_window(image.size, (1, 1), (), (), saliency(np.asarray(image))) == Box(
        100, 0, 300, 300
    )


def test_all_that_fits_is_kept_in_the_published_images(evaluation: Path) -> None:
    image = load_image(evaluation / "images" / "faces.jpg")
    boxes = [face.box for face in default().faces.detect(np.asarray(image))]
    found = best_window(image.size, (3, 1), boxes, (), saliency(np.asarray(image)))
    assert len(boxes) == 6
    assert all(contains(found, box) for box in boxes)
    rider = load_image(evaluation / "images" / "objects.jpg")
    things = default().objects.detect(np.asarray(rider))
    square = best_window(rider.size, (1, 1), (), things, saliency(np.asarray(rider)))
    assert all(contains(square, thing.box) for thing in things)
