from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample
from visionhelpers.service.engines.landmarks import Features, describe, inliers

TOWER = load_image(sample("summer_palace.jpg"))


@pytest.fixture(scope="module")
def tower() -> Features:
    return describe(np.asarray(TOWER))


def agreement(image: Image.Image, tower: Features) -> int:
    return inliers(describe(np.asarray(image)), tower)


def test_features_lie_in_the_picture(tower: Features) -> None:
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
        pytest.param(load_image(sample("summer_palace_in_the_evening.jpg")), id="in the evening"),
    ],
)
def test_the_same_place_agrees_in_many_features(variant: Image.Image, tower: Features) -> None:
    assert agreement(variant, tower) > 100


@pytest.mark.parametrize("name", ["coffee_cup.jpg", "eileen_collins.jpg", "rocket_at_dusk.jpg"])
def test_another_picture_agrees_in_hardly_any(name: str, tower: Features) -> None:
    assert agreement(load_image(sample(name)), tower) < 10


def test_a_mirrored_place_is_not_the_same(tower: Features) -> None:
    assert agreement(TOWER.transpose(Image.Transpose.FLIP_LEFT_RIGHT), tower) < 10


def test_an_empty_picture_agrees_with_nothing(tower: Features) -> None:
    empty = Image.new("RGB", (200, 200), "white")
    assert agreement(empty, tower) == 0
    assert inliers(tower, describe(np.asarray(empty))) == 0
