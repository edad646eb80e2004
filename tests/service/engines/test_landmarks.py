from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.landmarks import Features, describe, inliers, quick_score

TOWER, EVENING, CUP, CAT, PORTRAIT, PRINT = (
    load_image(sample_path(f"{name}.jpg"))
    for name in ("summer_palace", "summer_palace_in_the_evening", "coffee_cup", "chelsea_the_cat",
                 "eileen_collins", "printed_page")
)  # fmt: skip


@pytest.fixture(scope="module")
def tower() -> Features:
    return described(TOWER)


def described(image: Image.Image) -> Features:
    return describe(np.asarray(image))


def test_features_are_inside_the_image(tower: Features) -> None:
    assert tower.points.shape == (len(tower.descriptors), 2)
    assert tower.descriptors.shape[1] == 128
    assert tower.points.min() >= 0
    assert (tower.points.max(axis=0) < (tower.width, tower.height)).all()


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(TOWER.crop((128, 85, 512, 341)), id="cropped to 60 %"),
        pytest.param(TOWER.resize((192, 128)), id="three tenths the size"),
        pytest.param(TOWER.resize((1280, 854)), id="twice the size"),
        pytest.param(TOWER.rotate(15), id="turned"),
        pytest.param(ImageEnhance.Brightness(TOWER).enhance(0.6), id="darker"),
        pytest.param(EVENING, id="in the evening"),
    ],
)
def test_an_image_of_the_same_landmark_matches(image: Image.Image, tower: Features) -> None:
    assert inliers(described(image), tower) > 100


def test_other_images_do_not_match(tower: Features) -> None:
    for image in (CUP, PORTRAIT, TOWER.transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
        assert inliers(described(image), tower) < 10
    empty = described(Image.new("RGB", (200, 200), "white"))
    assert inliers(empty, tower) == inliers(tower, empty) == 0


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(((0, 0, 640, 50), (0, 377, 640, 427)), id="banners"),
        pytest.param(((400, 60, 560, 180),), id="a badge"),
    ],
)
def test_a_shared_banner_or_badge_does_not_match(
    patch: tuple[tuple[int, int, int, int], ...],
) -> None:
    tower, cat, worn = TOWER.copy(), CAT.resize(TOWER.size), PRINT.resize(TOWER.size)
    for box in patch:
        tower.paste(worn.crop(box), box)
        cat.paste(worn.crop(box), box)
    assert inliers(described(tower), described(cat)) == 0


def test_the_quick_score_is_highest_for_the_same_landmark(tower: Features) -> None:
    assert quick_score(described(EVENING), tower) > 3 * quick_score(described(CUP), tower)


@pytest.mark.parametrize(
    ("plausible", "mapping"),
    [
        pytest.param(True, [[0.5, -0.2, 100], [0.2, 0.5, 50], [0, 0, 1]], id="half size, turned"),
        pytest.param(True, [[1, 0, 0], [0.2, 1, 0], [0.0005, 0, 1]], id="from the side"),
        pytest.param(True, [[5, 0, -900], [0, 5, -900], [0, 0, 1]], id="five times the size"),
        pytest.param(False, [[-1, 0, 640], [0, 1, 0], [0, 0, 1]], id="mirrored"),
        pytest.param(False, [[1, 0, 0], [0, 0.08, 0], [0, 0, 1]], id="pressed to a sliver"),
        pytest.param(False, [[0.05, 0, 300], [0, 0.05, 200], [0, 0, 1]], id="a spot"),
        pytest.param(False, [[60, 0, 0], [0, 60, 0], [0, 0, 1]], id="blown up"),
        pytest.param(False, [[1, 0, 0], [0, 1, 0], [-0.002, 0, 1]], id="folded over the horizon"),
    ],
)
def test_only_a_plausible_homography_matches(
    tower: Features, plausible: bool, mapping: list[list[float]]
) -> None:
    x, y, depth = np.array(mapping) @ np.column_stack([tower.points, np.ones(len(tower.points))]).T
    points = np.column_stack([x / depth, y / depth]).astype(np.float32)
    seen = Features(points, tower.descriptors, tower.width, tower.height)
    share = inliers(seen, tower) / len(np.unique(tower.points, axis=0))
    assert share > 0.9 if plausible else share == 0
