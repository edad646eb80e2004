from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample
from visionhelpers.service.engines import faces
from visionhelpers.service.engines.boxes import Box


def picture(name: str) -> np.ndarray:
    return np.asarray(load_image(sample(name)))


def test_a_face_has_a_square_box_around_it_an_age_and_a_gender() -> None:
    (face,) = faces.detect(picture("eileen_collins.jpg"))
    assert face.box.width == face.box.height
    assert face.box.iou(Box(175, 75, 100, 100)) > 0.7
    assert face.gender == "Female"
    assert 25 <= face.age <= 50
    assert face.confidence > 0.8


def test_faces_come_largest_first() -> None:
    hopper, collins = faces.detect(picture("hopper_and_collins.jpg"))
    assert hopper.box.area > collins.box.area
    assert hopper.box.left < collins.box.left
    assert hopper.age > collins.age + 20


@pytest.mark.parametrize(
    "name", ["chelsea_the_cat.jpg", "coffee_cup.jpg", "dahlia.jpg", "rocket_at_dusk.jpg"]
)
def test_there_is_no_face_where_there_is_no_person(name: str) -> None:
    assert faces.detect(picture(name)) == ()


def test_a_small_face_is_found() -> None:
    image = load_image(sample("eileen_collins.jpg"))
    small = image.resize((image.width * 2 // 5, image.height * 2 // 5))
    (face,) = faces.detect(np.asarray(small))
    assert 32 <= face.box.width <= 42


def test_a_large_picture_gives_boxes_in_its_own_pixels() -> None:
    image = load_image(sample("eileen_collins.jpg"))
    (small,) = faces.detect(np.asarray(image))
    (large,) = faces.detect(np.asarray(image.resize((image.width * 5, image.height * 5))))
    box = Box(*(round(edge / 5) for edge in vars_of(large.box)))
    assert box.iou(small.box) > 0.7


def test_the_same_face_is_near_and_another_far() -> None:
    def numbers(name: str) -> np.ndarray:
        image = picture(name)
        return faces.embed(image, faces.detect(image)[0].box)

    hopper = numbers("grace_hopper.jpg")
    assert hopper.shape == (128,)
    assert np.linalg.norm(hopper - numbers("grace_hopper_mirrored.jpg")) < 0.4
    assert np.linalg.norm(hopper - numbers("eileen_collins.jpg")) > 0.6


def test_six_people_of_six_with_their_genders_and_ages(evaluation: Path) -> None:
    truth = json.loads((evaluation / "truth.json").read_text())["images"]["faces.jpg"]["faces"]
    found = faces.detect(np.asarray(Image.open(evaluation / "images" / "faces.jpg").convert("RGB")))
    assert len(found) == len(truth) == 6
    errors = []
    for person in truth:
        left, top, right, bottom = person["ltrb"]
        box = Box(left, top, right - left, bottom - top)
        face = max(found, key=lambda face: face.box.iou(box))
        assert face.box.iou(box) > 0.7
        assert face.gender == person["gender"]
        errors.append(abs(face.age - person["age"]))
    assert sum(errors) / len(errors) <= 6


def vars_of(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.width, box.height
