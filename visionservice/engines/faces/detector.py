"""Face detection: MTCNN, a second look at each face, and the image's rotation."""

from collections.abc import Iterator
from functools import cache
from threading import Lock

import numpy as np

from ..base import FaceBox, QuarterTurn, RGBImage
from ..geometry import Box, rotate, shrink
from ..runtime import import_package
from .mtcnn import FaceCandidate, Mtcnn, align

MIN_FACE_SIDE = 36  # in pixels; the face may be tilted, in profile or partly covered
MAX_SEARCHED_PIXELS, MAX_TURNED_PIXELS = 1_200_000, 100_000
"""The sizes to which images are shrunk before they are searched upright, and rotated: of 31 faces
on 62 images rotated by 90 degrees it finds 29, and 6 more that the search for 72 pixels missed."""
MIN_UPRIGHT_SCORE = 0.98  # of the second look, from which the other three turns are not examined
MIN_FACE_CONFIDENCE = 0.9
"""The least mean score of the first and the second look: a dog has 0.83, leaves 0.86, bare faces of
eight images 0.94 and more. Of 45 faces covered by bars 29 are found; at 0.8 it would be 39."""
MIN_CONFIRMED_FACE_CONFIDENCE = 0.7  # the same if dlib's frontal detector finds the face too
TURNS: tuple[QuarterTurn, ...] = (0, 90, 180, 270)


class MtcnnFaceDetector:
    """The built-in engine of the kind `faces`."""

    name = "mtcnn"
    thread_safe = True

    def load(self) -> None:
        """Load MTCNN; dlib's frontal detector takes longer, and is loaded when it is needed."""
        self._mtcnn, self._lock = Mtcnn(), Lock()
        self._frontal = cache(import_package("dlib-bin").get_frontal_face_detector)

    def detect(self, image: RGBImage, *, rotated: bool = True) -> tuple[FaceBox, ...]:
        """Return the faces, the largest first; with `rotated` also those in a rotated image."""
        small = shrink(image, MAX_SEARCHED_PIXELS)
        zoom = image.shape[1] / small.shape[1]
        found = list(self._faces(small, zoom))
        weights = [sum(f.confidence for f in found if f.turn == turn) for turn in TURNS]
        if rotated and not found:  # larger faces only, which takes less time
            smaller = shrink(small, MAX_TURNED_PIXELS)
            for quarters in (1, 2, 3):
                turned = self._faces(rotate(smaller, quarters))
                weights[quarters] = sum(face.confidence for face in turned if not face.turn)
        best = weights.index(max(weights))
        if best:
            found = list(self._faces(rotate(small, best), zoom))
        height, width = image.shape[:2] if best % 2 == 0 else image.shape[1::-1]
        faces = []
        for face in sorted(found, key=lambda face: -face.box.area):
            box = face.box.rotate(-best, width, height).within(image.shape[1], image.shape[0])
            faces.append(FaceBox(box, round(face.confidence, 3), TURNS[best]))
        return tuple(faces)

    def _faces(self, image: RGBImage, zoom: float = 1.0) -> Iterator[FaceBox]:
        """Find the faces of an image, each with its turn, and their boxes `zoom` times as large."""
        for face in self._mtcnn.detect(image, MIN_FACE_SIDE):
            scores = self._mtcnn.verify(image, face, (0,))
            if scores[0] < MIN_UPRIGHT_SCORE:
                scores = np.append(scores, self._mtcnn.verify(image, face, (1, 2, 3)))
            turn = int(scores.argmax())
            confidence = (face.score + float(scores.max())) / 2
            if confidence >= MIN_FACE_CONFIDENCE or (
                confidence >= MIN_CONFIRMED_FACE_CONFIDENCE and self._is_frontal(image, face, turn)
            ):
                left, top = (face.center - face.side / 2) * zoom
                side = round(face.side * zoom)
                box = Box(round(left), round(top), side, side)
                yield FaceBox(box, confidence, TURNS[(round(-face.tilt / 90) + turn) % 4])

    def _is_frontal(self, image: RGBImage, face: FaceCandidate, quarters: int) -> bool:
        """Return True if dlib's frontal detector (Dalal and Triggs, 2005) finds the face too."""
        cut = rotate(align(image, face, 2.0, 200), quarters)
        with self._lock:
            return len(self._frontal()(cut, 0)) > 0
