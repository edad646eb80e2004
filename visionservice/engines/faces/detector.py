"""Face detection: MTCNN, a second look at each face, and the image's rotation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

from ..base import FaceBox, QuarterTurn, RGBImage
from ..geometry import Box, rotate
from ..runtime import import_package
from .mtcnn import FaceCandidate, Mtcnn, align

MIN_FACE_SIDE = 36
"""The side, in pixels, of the smallest face; it may be tilted, in profile or partly covered."""
MAX_FULL_SEARCH_PIXELS = 1_200_000
"""The size of the largest image that is searched for the smallest faces, in 0.2 s."""
MIN_FACE_CONFIDENCE = 0.9
"""The least mean score of the first and the second look: a dog has 0.83, leaves 0.86, bare faces of
eight images 0.94 and more. Of 45 faces covered by bars 29 are found; at 0.8 it would be 39."""
MIN_CONFIRMED_FACE_CONFIDENCE = 0.7
"""The least mean score of a face that dlib's frontal detector finds too."""
TURNS: tuple[QuarterTurn, ...] = (0, 90, 180, 270)


class DetectedFace(NamedTuple):
    """A face: its box, its confidence, and its quarter turns from upright."""

    box: Box
    confidence: float
    quarters: int


class MtcnnFaceDetector:
    """The built-in engine of the kind `faces`."""

    name = "mtcnn"
    thread_safe = True

    def load(self) -> None:
        """Load MTCNN and dlib's frontal detector (Dalal and Triggs, 2005)."""
        self._mtcnn = Mtcnn()
        self._frontal = import_package("dlib-bin").get_frontal_face_detector()
        self._lock = Lock()

    def detect(self, image: RGBImage) -> tuple[FaceBox, ...]:
        """Return the faces, the largest first; the image may be rotated by quarter turns."""
        quarters, found = self._search(image)
        upright = rotate(image, quarters)
        faces = []
        for box, confidence, _ in sorted(found, key=lambda face: -face.box.area):
            box = box.rotate(-quarters, upright.shape[1], upright.shape[0])
            box = box.within(image.shape[1], image.shape[0])
            faces.append(FaceBox(box, round(confidence, 3), TURNS[quarters]))
        return tuple(faces)

    def _search(self, image: RGBImage) -> tuple[int, list[DetectedFace]]:
        """Return the quarter turns that set the image upright, and its faces then."""
        pixels = image.shape[0] * image.shape[1]
        min_side = MIN_FACE_SIDE * max(1, math.sqrt(pixels / MAX_FULL_SEARCH_PIXELS))
        found = list(self._faces(image, min_side))
        weights = [sum(f.confidence for f in found if f.quarters == turn) for turn in range(4)]
        for turn in () if found else (1, 2, 3):  # larger faces only, which takes less time
            faces = self._faces(rotate(image, turn), 2 * min_side)
            weights[turn] = sum(face.confidence for face in faces if not face.quarters)
        best = weights.index(max(weights))
        return best, list(self._faces(rotate(image, best), min_side)) if best else found

    def _faces(self, image: RGBImage, min_side: float) -> Iterator[DetectedFace]:
        for face in self._mtcnn.detect(image, min_side):
            scores = self._mtcnn.verify(image, face)
            turn = int(scores.argmax())
            confidence = (face.score + float(scores.max())) / 2
            if confidence >= MIN_FACE_CONFIDENCE or (
                confidence >= MIN_CONFIRMED_FACE_CONFIDENCE and self._is_frontal(image, face, turn)
            ):
                left, top = face.center - face.side / 2
                box = Box(round(left), round(top), round(face.side), round(face.side))
                yield DetectedFace(box, confidence, (round(-face.tilt / 90) + turn) % 4)

    def _is_frontal(self, image: RGBImage, face: FaceCandidate, quarters: int) -> bool:
        """Return True if dlib's frontal detector finds the face too."""
        cut = rotate(align(image, face, 2.0, 200), quarters)
        with self._lock:
            return len(self._frontal(cut, 0)) > 0
