from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Object
from visionservice.engines.geometry import Box, Size
from visionservice.engines.registry import default
from visionservice.engines.smart_crop import area_of_interest, best_window, crop, largest, saliency

COLLINS, DAHLIA = (
    load_image(sample_path(f"{name}_off_centre.jpg")) for name in ("eileen_collins", "dahlia")
)
TEAL = Image.new("RGB", (500, 300), "teal")


def window(
    shape: Size, *faces: Box, objects: tuple[Object, ...] = (), salient: Size | None = None
) -> Box:
    """Return the best window in an image of 600 x 400, in which one cell of 60 x 40 is salient."""
    cells = np.full((40, 60), 1 / 2400) if salient is None else np.zeros((40, 60))
    if salient:
        cells[salient[::-1]] = 1
    return best_window((600, 400), shape, faces, objects, cells)


def window_in(image: Image.Image, shape: Size, *faces: Box) -> Box:
    return best_window(image.size, shape, faces, (), saliency(np.asarray(image)))


def contains(outer: Box, *inner: Box) -> bool:
    return all(outer.overlap(box) == box.area for box in inner)


def faces_of(image: Image.Image | NDArray[np.uint8]) -> list[Box]:
    return [face.box for face in default().faces.detect(np.asarray(image))]


@pytest.mark.parametrize(
    ("size", "shape", "expected"),
    [
        ((600, 400), (100, 100), (400, 400)),
        ((600, 400), (300, 100), (600, 200)),
        ((600, 400), (100, 300), (133, 400)),
        ((50, 50), (1024, 1), (50, 1)),
    ],
)
def test_the_window_is_the_largest_of_its_shape(size: Size, shape: Size, expected: Size) -> None:
    assert largest(size, shape) == expected


def test_without_faces_and_objects_the_window_is_at_the_salient_part() -> None:
    assert window((1, 1)) == Box(100, 0, 400, 400)
    assert window((1, 1), salient=(59, 0)).left == 200
    assert window((3, 1), salient=(0, 39)).top == 200
    assert window_in(TEAL, (1, 1)) == Box(100, 0, 300, 300)
    for shape in ((1, 1), (1, 3)):  # a garden fills the right half
        assert window_in(DAHLIA, shape).center[0] < DAHLIA.width / 2


SMALL, LARGE = Box(0, 100, 80, 80), Box(500, 100, 95, 95)
TWO, CORNER = (Box(10, 40, 60, 60), Box(100, 50, 60, 60)), Box(0, 0, 130, 130)
CAT, DOG = Object("cat", 1.0, Box(400, 0, 200, 400)), Object("dog", 0.4, Box(0, 0, 150, 150))
TALL = Object("person", 0.9, Box(100, 50, 100, 350))
HEAD = Box(100, 50, 100, 87)


@pytest.mark.parametrize(
    ("shape", "faces", "objects", "kept"),
    [
        pytest.param((1, 2), (LARGE, *TWO), (), TWO, id="as many faces as fit"),
        pytest.param((1, 2), (SMALL, LARGE), (), (LARGE,), id="the larger face"),
        pytest.param((1, 2), (LARGE, SMALL), (), (LARGE,), id="the larger face in any order"),
        pytest.param((1, 3), (CORNER,), (), (CORNER,), id="a face at an edge without a margin"),
        pytest.param((1, 2), (CORNER,), (CAT,), (CORNER,), id="a face before an object"),
        pytest.param((1, 2), (), (DOG, CAT), (CAT.box,), id="the more confident object"),
        pytest.param((3, 1), (), (TALL,), (HEAD,), id="the head of a person who is too tall"),
    ],
)
def test_the_window_keeps_what_matters_most(
    shape: Size, faces: tuple[Box, ...], objects: tuple[Object, ...], kept: tuple[Box, ...]
) -> None:
    assert contains(window(shape, *faces, objects=objects), *kept)


def test_an_object_precedes_the_salient_part() -> None:
    assert contains(window((1, 2), objects=(CAT,), salient=(0, 0)), CAT.box)


def test_a_face_has_a_margin_unless_it_is_at_an_edge() -> None:
    found = window((1, 1), Box(420, 100, 100, 100), salient=(0, 0))
    assert found.right == pytest.approx(520 + 15, abs=1), "a sixth of its width, and no more"
    assert window((1, 1), Box(-40, -40, 120, 120), salient=(59, 0)) == Box(0, 0, 400, 400)
    faces = [Box(3, 0, 50, 50), Box(79, 0, 20, 20)]  # the second one lacks a margin at 0
    assert best_window((200, 100), (1, 1), faces, (), np.full((10, 20), 1 / 200)).left == 0


@pytest.mark.parametrize("shape", [(300, 100), (200, 100), (100, 100), (100, 200), (100, 300)])
def test_a_face_is_kept_whole_in_every_shape_it_fits(shape: Size) -> None:
    (face,) = faces_of(COLLINS)
    found = window_in(COLLINS, shape, face)
    fits = face.width <= found.width and face.height <= found.height
    assert contains(found, face) == fits


@pytest.mark.parametrize("of", [(300, 200), (50, 4200), (8, 300), (1, 1)])
@pytest.mark.parametrize("size", [(1, 1), (1024, 1), (1, 1024), (317, 211)])
def test_the_thumbnail_of_an_image_of_any_shape_has_exactly_the_requested_size(
    of: Size, size: Size
) -> None:
    image = DAHLIA.resize(of)
    for window in (window_in(image, size), None):
        cut = crop(np.asarray(image), size, window)
        assert (cut.shape, cut.dtype) == ((size[1], size[0], 3), np.uint8)


def test_a_smart_thumbnail_shows_the_face_that_the_center_misses() -> None:
    size = (160, 320)
    smart = crop(np.asarray(COLLINS), size, window_in(COLLINS, size, *faces_of(COLLINS)))
    plain = crop(np.asarray(COLLINS), size, None)
    assert (len(faces_of(smart)), len(faces_of(plain))) == (1, 0)
    middle = ImageOps.fit(COLLINS, size, Image.Resampling.LANCZOS)
    assert np.array_equal(plain, np.asarray(middle))


def test_the_salient_part_is_the_object_on_a_plain_background_and_the_area_of_interest() -> None:
    image = np.full((300, 500, 3), (90, 120, 60), np.uint8)
    image[40:100, 380:440] = (200, 30, 60)
    y, x = np.unravel_index(saliency(image).argmax(), (38, 64))
    assert Box(380, 40, 60, 60).contains(((x + 0.5) * 500 / 64, (y + 0.5) * 300 / 38))
    seen = np.zeros((10, 20))
    seen[2:4, 5:8] = 1
    assert area_of_interest((100, 50), (), lambda: seen) == Box(25, 10, 15, 10)
