from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import FaceBox
from visionservice.engines.faces.detector import _crops, _packed
from visionservice.engines.geometry import Box
from visionservice.engines.registry import default

Pixels = Callable[[str], np.ndarray]


def detect(image: np.ndarray | Image.Image) -> tuple[FaceBox, ...]:
    return default().faces.detect(np.asarray(image))


def test_a_face_has_a_square_box(pixels: Pixels) -> None:
    (face,) = detect(pixels("eileen_collins.jpg"))
    assert face.box.width == face.box.height
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.7
    assert face.confidence > 0.8


def test_a_face_that_looks_aside_is_not_frontal(pixels: Pixels) -> None:
    (collins,), (photographer,) = map(
        detect, map(pixels, ("eileen_collins.jpg", "photographer.jpg"))
    )
    assert collins.frontal
    assert not photographer.frontal
    mirrored = np.ascontiguousarray(pixels("photographer.jpg")[:, ::-1])
    assert not detect(mirrored)[0].frontal


def test_the_largest_face_comes_first(pixels: Pixels) -> None:
    hopper, collins = detect(pixels("altered/hopper_and_collins.jpg"))
    assert hopper.box.area > collins.box.area
    assert hopper.box.left < collins.box.left


def test_the_area_that_counts_is_the_visible_one(pixels: Pixels) -> None:
    both = Image.fromarray(pixels("altered/hopper_and_collins.jpg"))
    image = Image.new("RGB", (660, 460))
    image.paste(both.crop((117, 0, 317, 320)))  # without a third of the larger face
    image.paste(both.crop((320, 0, 640, 320)).resize((460, 460)), (200, 0))
    right, left = (face.box for face in detect(image))
    assert left.left == 0
    assert left.height > right.height
    assert left.area < right.area


def test_other_rotations_are_examined_only_without_an_upright_face(pixels: Pixels) -> None:
    sideways = np.ascontiguousarray(np.rot90(pixels("eileen_collins.jpg")))
    assert len(default().faces.detect(pixels("eileen_collins.jpg"), rotated=pytest.fail)) == 1
    assert default().faces.detect(sideways, rotated=lambda: False) == ()
    assert len(default().faces.detect(sideways, rotated=lambda: True)) == 1


@pytest.mark.parametrize(
    "name", ["chelsea_the_cat.jpg", "coffee_cup.jpg", "dahlia.jpg", "rocket_at_dusk.jpg"]
)
def test_an_image_without_people_has_no_face(pixels: Pixels, name: str) -> None:
    assert detect(pixels(name)) == ()


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_faces_are_found_in_a_rotated_image(pixels: Pixels, turn: int) -> None:
    upright = pixels("altered/hopper_and_collins.jpg")
    rotated = np.ascontiguousarray(np.rot90(upright, turn // 90))  # counterclockwise
    embed = default().embeddings.embed
    for face, same in zip(detect(rotated), detect(upright), strict=True):
        assert face.turn == turn
        left, top, side = same.box.left, same.box.top, same.box.width
        right, bottom = upright.shape[1] - left - side, upright.shape[0] - top - side
        corner = {90: (top, right), 180: (right, bottom), 270: (bottom, left)}[turn]
        assert face.box.iou(Box(*corner, side, side)) > 0.8
        assert np.linalg.norm(embed(rotated, face) - embed(upright, same)) < 0.3


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_tilted_face_is_found(degrees: int) -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    (face,) = detect(image.rotate(degrees, center=(225, 125)))
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.6
    assert face.turn == 0


@pytest.mark.parametrize("covered", [(165, 115, 220, 185), (175, 150, 275, 185)])
def test_a_partly_covered_face_is_found(covered: tuple[int, int, int, int]) -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    image.paste("brown", covered)
    (face,) = detect(image)
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.5


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["chelsea_the_cat.jpg", "summer_palace.jpg", "printed_page.jpg"])
def test_a_rotated_image_without_people_has_no_face(
    pixels: Pixels, name: str, quarters: int
) -> None:
    assert detect(np.ascontiguousarray(np.rot90(pixels(name), quarters))) == ()


def test_a_small_face_is_found() -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    (face,) = detect(image.resize((image.width * 2 // 5, image.height * 2 // 5)))
    assert 32 <= face.box.width <= 42


def test_the_smallest_face_is_found_in_an_image_of_1024_by_768_pixels() -> None:
    image = load_image(sample_path("eileen_collins_portrait.jpg"))
    wide = Image.new("RGB", (1024, 768), "grey")
    wide.paste(image.resize((131, 124)), (600, 400))
    (face,) = detect(wide)
    assert face.box.iou(Box(643, 431, 36, 36)) > 0.7


def test_boxes_are_in_pixels_of_a_large_image() -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    (small,), (large,) = detect(image), detect(image.resize((image.width * 5, image.height * 5)))
    box = large.box
    edges = (round(edge / 5) for edge in (box.left, box.top, box.width, box.height))
    assert Box(*edges).iou(small.box) > 0.7


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
