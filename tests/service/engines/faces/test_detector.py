from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import FaceBox
from visionservice.engines.faces.detector import _crops, _packed
from visionservice.engines.geometry import Box
from visionservice.engines.registry import default

COLLINS, PHOTOGRAPHER, BOTH, CAT, CUP, DAHLIA, ROCKET, PALACE, PRINT = (
    load_image(sample_path(f"{name}.jpg"))
    for name in (
        "eileen_collins", "photographer", "altered/hopper_and_collins", "chelsea_the_cat",
        "coffee_cup", "dahlia", "rocket_at_dusk", "summer_palace", "printed_page",
    )
)  # fmt: skip
FACE = Box(175, 75, 100, 100)
"""Of Eileen Collins, from the eyebrows to the chin."""


def detect(image: Image.Image) -> tuple[FaceBox, ...]:
    return default().faces.detect(np.asarray(image))


def enlarged(image: Image.Image, times: int) -> Image.Image:
    return image.resize((times * image.width, times * image.height))


def covered(edges: tuple[int, int, int, int]) -> Image.Image:
    image = COLLINS.copy()
    image.paste("brown", edges)
    return image


def small_in_a_wide_image() -> Image.Image:
    image = Image.new("RGB", (1024, 768), "grey")
    portrait = load_image(sample_path("eileen_collins_portrait.jpg"))
    image.paste(portrait.resize((131, 124)), (600, 400))
    return image


@pytest.mark.parametrize(
    ("image", "face", "least_iou"),
    [
        pytest.param(COLLINS, FACE, 0.7, id="upright"),
        pytest.param(COLLINS.rotate(-30, center=(225, 125)), FACE, 0.6, id="tilted to the right"),
        pytest.param(COLLINS.rotate(30, center=(225, 125)), FACE, 0.6, id="tilted to the left"),
        pytest.param(covered((165, 115, 220, 185)), FACE, 0.5, id="without an eye"),
        pytest.param(covered((175, 150, 275, 185)), FACE, 0.5, id="without a mouth"),
        pytest.param(COLLINS.reduce(2), FACE.scale(0.5, 0.5), 0.6, id="small"),
        pytest.param(enlarged(COLLINS, 5), FACE.scale(5, 5), 0.7, id="large"),
        pytest.param(small_in_a_wide_image(), Box(643, 431, 36, 36), 0.7, id="of 36 pixels"),
    ],
)
def test_a_face_is_found(image: Image.Image, face: Box, least_iou: float) -> None:
    (found,) = detect(image)
    assert found.box.iou(face) > least_iou
    assert found.box.width == found.box.height
    assert found.confidence > 0.8
    assert (found.turn, found.frontal) == (0, True)


def test_a_face_that_looks_aside_is_not_frontal() -> None:
    for image in (PHOTOGRAPHER, PHOTOGRAPHER.transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
        assert not detect(image)[0].frontal


def test_the_face_with_the_largest_visible_area_comes_first() -> None:
    hopper, collins = detect(BOTH)
    assert hopper.box.area > collins.box.area
    assert hopper.box.left < collins.box.left
    image = Image.new("RGB", (660, 460))
    image.paste(BOTH.crop((117, 0, 317, 320)))  # without a third of the larger face
    image.paste(BOTH.crop((320, 0, 640, 320)).resize((460, 460)), (200, 0))
    right, left = (face.box for face in detect(image))
    assert left.left == 0
    assert left.height > right.height
    assert left.area < right.area


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_faces_are_found_in_a_rotated_image(turn: int) -> None:
    rotated, embed = BOTH.rotate(turn, expand=True), default().embeddings.embed
    for face, same in zip(detect(rotated), detect(BOTH), strict=True):
        assert face.turn == turn
        assert face.box.iou(same.box.rotate(-turn // 90, *BOTH.size)) > 0.8
        vectors = embed(np.asarray(rotated), face), embed(np.asarray(BOTH), same)
        assert np.linalg.norm(np.subtract(*vectors)) < 0.3


def test_other_rotations_are_examined_only_without_an_upright_face() -> None:
    upright, sideways = (np.asarray(COLLINS.rotate(turn, expand=True)) for turn in (0, 90))
    assert len(default().faces.detect(upright, rotated=pytest.fail)) == 1
    assert default().faces.detect(sideways, rotated=lambda: False) == ()
    assert len(default().faces.detect(sideways, rotated=lambda: True)) == 1


@pytest.mark.parametrize(
    ("image", "turn"),
    [(CAT, 0), (CAT, 90), (CAT, 270), (CUP, 0), (DAHLIA, 0), (ROCKET, 0), (PALACE, 180), (PRINT, 0),
     (PRINT, 90)],
)  # fmt: skip
def test_an_image_without_people_has_no_face(image: Image.Image, turn: int) -> None:
    assert detect(image.rotate(turn, expand=True)) == ()


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
