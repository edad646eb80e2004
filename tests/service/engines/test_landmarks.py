from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.landmarks import Features, describe, inliers, quick_score

TOWER = load_image(sample_path("summer_palace.jpg"))


@pytest.fixture(scope="module")
def tower() -> Features:
    return describe(np.asarray(TOWER))


def agreement(image: Image.Image, tower: Features) -> int:
    return inliers(describe(np.asarray(image)), tower)


def test_features_are_inside_the_image(tower: Features) -> None:
    assert tower.points.shape == (len(tower.descriptors), 2)
    assert tower.descriptors.shape[1] == 128
    assert tower.points.min() >= 0
    assert (tower.points.max(axis=0) < (tower.width, tower.height)).all()


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(TOWER.crop((128, 85, 512, 341)), id="cropped to 60 %"),
        pytest.param(TOWER.resize((192, 128)), id="three tenths the size"),
        pytest.param(TOWER.resize((1280, 854)), id="twice the size"),
        pytest.param(TOWER.rotate(15), id="turned"),
        pytest.param(ImageEnhance.Brightness(TOWER).enhance(0.6), id="darker"),
        pytest.param(
            load_image(sample_path("summer_palace_in_the_evening.jpg")), id="in the evening"
        ),
    ],
)
def test_many_features_of_the_same_landmark_match(variant: Image.Image, tower: Features) -> None:
    assert agreement(variant, tower) > 100


@pytest.mark.parametrize("name", ["coffee_cup.jpg", "eileen_collins.jpg", "rocket_at_dusk.jpg"])
def test_few_features_of_another_image_match(name: str, tower: Features) -> None:
    assert agreement(load_image(sample_path(name)), tower) < 10


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
    worn = load_image(sample_path("printed_page.jpg")).resize(TOWER.size)
    dressed = []
    for image in (TOWER.copy(), load_image(sample_path("chelsea_the_cat.jpg")).resize(TOWER.size)):
        for box in patch:
            image.paste(worn.crop(box), box)
        dressed.append(describe(np.asarray(image)))
    assert inliers(*dressed) == 0


def test_the_quick_score_is_highest_for_the_same_landmark(tower: Features) -> None:
    evening = describe(np.asarray(load_image(sample_path("summer_palace_in_the_evening.jpg"))))
    cup = describe(np.asarray(load_image(sample_path("coffee_cup.jpg"))))
    assert quick_score(evening, tower) > 3 * quick_score(cup, tower)


def test_a_mirrored_landmark_does_not_match(tower: Features) -> None:
    assert agreement(TOWER.transpose(Image.Transpose.FLIP_LEFT_RIGHT), tower) < 10


def mapped(of: Features, mapping: list[list[float]]) -> Features:
    """The same features where a mapping puts them, as an image would show them."""
    x, y, depth = np.array(mapping) @ np.column_stack([of.points, np.ones(len(of.points))]).T
    points = np.column_stack([x / depth, y / depth]).astype(np.float32)
    return Features(points, of.descriptors, of.width, of.height)


@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param([[0.5, -0.2, 100], [0.2, 0.5, 50], [0, 0, 1]], id="half the size, turned"),
        pytest.param([[1, 0, 0], [0.2, 1, 0], [0.0005, 0, 1]], id="from the side"),
        pytest.param([[5, 0, -900], [0, 5, -900], [0, 0, 1]], id="five times the size"),
    ],
)
def test_a_plausible_homography_matches(tower: Features, mapping: list[list[float]]) -> None:
    assert inliers(mapped(tower, mapping), tower) > 0.9 * len(np.unique(tower.points, axis=0))


@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param([[-1, 0, 640], [0, 1, 0], [0, 0, 1]], id="mirrored"),
        pytest.param([[1, 0, 0], [0, 0.08, 0], [0, 0, 1]], id="pressed to a sliver"),
        pytest.param([[0.05, 0, 300], [0, 0.05, 200], [0, 0, 1]], id="collapsed to a spot"),
        pytest.param([[60, 0, 0], [0, 60, 0], [0, 0, 1]], id="blown up"),
        pytest.param([[1, 0, 0], [0, 1, 0], [-0.002, 0, 1]], id="folded over the horizon"),
    ],
)
def test_an_implausible_homography_does_not_match(
    tower: Features, mapping: list[list[float]]
) -> None:
    assert inliers(mapped(tower, mapping), tower) == 0


def test_variants_of_the_published_landmark_match(evaluation: Path) -> None:
    sight = load_image(evaluation / "images" / "landmark.jpg")
    known = describe(np.asarray(sight))
    width, height = sight.size
    taken = [
        sight.crop((width // 5, height // 5, width * 4 // 5, height * 4 // 5)),
        sight.resize((width * 3 // 10, height * 3 // 10)),
        sight.resize((width * 2, height * 2)),
        sight.rotate(-15),
        ImageEnhance.Brightness(sight).enhance(1.4),
    ]
    assert min(agreement(image, known) for image in taken) > 100
    others = [file for file in (evaluation / "images").iterdir() if file.stem != "landmark"]
    assert len(others) >= 8
    assert max(agreement(load_image(file), known) for file in others) < 10


def test_an_empty_image_matches_nothing(tower: Features) -> None:
    empty = Image.new("RGB", (200, 200), "white")
    assert agreement(empty, tower) == 0
    assert inliers(tower, describe(np.asarray(empty))) == 0
