"""Places: what makes a picture of one recognisable, and how much two pictures agree.

Local features are SIFT's (Lowe, 2004), matched with his ratio test; those matches count that one
plane-to-plane mapping explains (a homography, estimated with MAGSAC; Barath et al., 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 800  # pixels; more bring no more matches between photographs of the same place
MOST = 2000  # features a picture
RATIO = 0.75
TOLERANCE = 4.0  # pixels between where a feature is and where the mapping puts it
_lock = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The local features of one picture.

    Attributes:
        points: N x 2, x and y in pixels of the picture as it was looked at, at most 800 long.
        descriptors: N x 128.
        width: Of the picture as it was looked at.
        height: Likewise.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    width: int
    height: int


def describe(image: NDArray[np.uint8]) -> Features:
    """Return the local features of a picture (height x width x 3, RGB)."""
    scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    with _lock:
        keypoints, descriptors = _sift().detectAndCompute(grey, None)
    points = np.array([point.pt for point in keypoints], np.float32).reshape(-1, 2)
    if descriptors is None:
        descriptors = np.empty((0, 128), np.float32)
    return Features(points, descriptors, grey.shape[1], grey.shape[0])


def inliers(features: Features, of: Features) -> int:
    """Count the features of a known picture that lie in another as one mapping puts them.

    Zero when there is no such mapping, or when it mirrors, folds or collapses the known picture,
    as the mappings do that repeated textures (brick, grass) bring forth.
    """
    ours, theirs = _matches(features, of)
    if len(ours) < 8:
        return 0
    mapping, mask = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, TOLERANCE)
    if mapping is None or not _sane(np.asarray(mapping, np.float64), of):
        return 0
    return len(np.unique(ours[mask.ravel() > 0].round(), axis=0))


def _matches(features: Features, of: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if len(features.points) < 2 or len(of.points) < 2:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    pairs = cv2.BFMatcher().knnMatch(of.descriptors, features.descriptors, k=2)
    good = [a for a, b in pairs if a.distance < RATIO * b.distance]
    ours = features.points[[match.trainIdx for match in good]]
    theirs = of.points[[match.queryIdx for match in good]]
    return ours.reshape(-1, 2), theirs.reshape(-1, 2)


def _sane(mapping: NDArray[np.float64], of: Features) -> bool:
    """Tell whether the mapping shows the known picture as a camera could: convex, not mirrored."""
    corners = np.array([(0, 0), (of.width, 0), (of.width, of.height), (0, of.height)], np.float64)
    seen = cv2.perspectiveTransform(corners.reshape(1, 4, 2), mapping)[0]
    sides = np.roll(seen, -1, axis=0) - seen
    turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    if not np.all(turns > 0):
        return False
    lengths = np.hypot(sides[:, 0], sides[:, 1]) / np.hypot(of.width, of.height)
    return bool(lengths.min() > 0.08 and lengths.max() < 8 * lengths.min())


@cache
def _sift() -> Any:
    return cv2.SIFT_create(nfeatures=MOST)  # type: ignore[attr-defined]  # missing in the stubs
