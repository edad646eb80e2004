"""Places: what makes a picture of one recognisable, and how much two pictures agree.

Local features are SIFT's (Lowe, 2004) as RootSIFT (Arandjelovic and Zisserman, 2012), matched with
the ratio test; those matches count that one plane-to-plane mapping explains (a homography,
estimated with MAGSAC; Barath et al., 2019), if they are found all over what both pictures show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import EngineUnavailable

LONG_SIDE = 800
"""The longer side, in pixels, at which a picture is looked at: enough to match what is shown at
0.3 to 3 times the size."""
MOST = 2000
"""Features of one picture; comparing two pictures takes 20 ms."""
RATIO = 0.75
"""How much nearer the best match must be than the next."""
TOLERANCE = 4.0
"""Pixels between where a feature is and where the mapping puts it."""
FEWEST_MATCHES = 8
SMALLEST, LARGEST, MOST_UNEVEN = 0.05, 10.0, 8.0
"""The sides of a known picture as it is seen, in parts of its diagonal, and the longest side in
parts of the shortest: beyond these, the mapping is an accident."""
CELLS = 8
"""To a side: the cells of a picture, by which the spread of what agrees is measured. The outermost
do not count: frames, banners and dates stand there."""
CROWD = 3
"""Features in a cell that should agree somewhere."""
LEAST_SPREAD = 0.35
"""The part of such cells. True pairs have 0.42 (seen 60 degrees aside) and mostly 0.9; a shared
logo, date, frame, banner, letterhead or chart's grid at most 0.07, two pages in one font 0.33."""
STRONGEST = 200
"""Features of a known picture by which `likeness` judges."""

_lock = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The local features of one picture.

    Attributes:
        points: N x 2, float32: x and y in pixels of the picture as it was looked at, at most 800
            long, origin top left; the strongest first.
        descriptors: N x 128, float32, each of length 1.
        width: Of the picture as it was looked at, in pixels.
        height: Likewise.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    width: int
    height: int


def describe(image: NDArray[np.uint8]) -> Features:
    """Find the local features of a picture.

    Args:
        image: Height x width x 3, RGB.

    Raises:
        Unavailable: OpenCV is not installed.
    """
    cv2 = _opencv()
    scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    with _lock:
        keypoints, descriptors = _sift().detectAndCompute(grey, None)
    if descriptors is None:
        return Features(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32), width, height)
    order = np.argsort([-point.response for point in keypoints], kind="stable")
    points = np.array([point.pt for point in keypoints], np.float32)[order]
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1))[order]
    return Features(points, rooted, width, height)


def inliers(features: Features, of: Features) -> int:
    """Count the features of a known picture that lie in another as one mapping puts them.

    Zero when there is no such mapping, or when it mirrors, folds or collapses the known picture,
    as the mappings do that repeated textures (brick, grass) bring forth, or when only a spot or
    the margin agrees, as a logo, a date or a frame does. Symmetric it is not.

    Args:
        features: Of the picture in question.
        of: Of the known picture that is sought in it.
    """
    ours, theirs = _matches(features, of)
    if len(ours) < FEWEST_MATCHES:
        return 0
    cv2 = _opencv()
    mapping, mask = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, TOLERANCE)
    if mapping is None or not _plausible(mapping, of):
        return 0
    ours, theirs = (points[mask.ravel() > 0] for points in (ours, theirs))
    if _spread(theirs, of, mapping, features) < LEAST_SPREAD:
        return 0
    if _spread(ours, features, np.linalg.inv(mapping), of) < LEAST_SPREAD:
        return 0
    return min(len(np.unique(points.round(), axis=0)) for points in (ours, theirs))


def quick_score(features: Features, of: Features) -> int:
    """Count the strongest features of a known picture that have a match, wherever it lies.

    Tells in an eighth of the time of `inliers` which known pictures are worth comparing.

    Args:
        features: Of the picture in question.
        of: Of the known picture that is sought in it.
    """
    points, descriptors = of.points[:STRONGEST], of.descriptors[:STRONGEST]
    return len(_matches(features, Features(points, descriptors, of.width, of.height))[0])


def _matches(features: Features, of: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the features that agree lie, in both pictures: two arrays of N x 2."""
    if len(features.points) < 2 or len(of.points) < 2:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    pairs = _opencv().BFMatcher().knnMatch(of.descriptors, features.descriptors, k=2)
    good = [best for best, next_best in pairs if best.distance < RATIO * next_best.distance]
    ours = features.points[[match.trainIdx for match in good]]
    theirs = of.points[[match.queryIdx for match in good]]
    return ours.reshape(-1, 2), theirs.reshape(-1, 2)


def _plausible(mapping: NDArray[np.float64], of: Features) -> bool:
    """Tell whether a camera could see the known picture so: convex, not mirrored, not a sliver."""
    corners = np.array([(0, 0), (of.width, 0), (of.width, of.height), (0, of.height)], np.float64)
    x, y, depth = mapping @ np.column_stack([corners, np.ones(4)]).T
    if depth.min() <= 0:
        return False
    seen = np.column_stack([x, y]) / depth[:, None]
    sides = np.roll(seen, -1, axis=0) - seen
    after = np.roll(sides, -1, axis=0)
    if (sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]).min() <= 0:
        return False
    lengths = np.hypot(sides[:, 0], sides[:, 1]) / np.hypot(of.width, of.height)
    least, most = lengths.min(), lengths.max()
    return bool(least > SMALLEST and most < LARGEST and most < MOST_UNEVEN * least)


def _spread(
    agreeing: NDArray[np.float32], known: Features, mapping: NDArray[np.float64], other: Features
) -> float:
    """Return in what part of the crowded cells that both pictures show some feature agrees."""
    cells, counts = np.unique(_cells(known.points, known, mapping, other), return_counts=True)
    crowded = cells[counts >= CROWD]
    found = np.isin(crowded, _cells(agreeing, known, mapping, other))
    return float(found.mean()) if found.size else 0.0


def _cells(
    points: NDArray[np.float32], known: Features, mapping: NDArray[np.float64], other: Features
) -> NDArray[np.int64]:
    """Return the cell of each point that lies in neither picture's outermost cells."""
    x, y, depth = mapping @ np.column_stack([points, np.ones(len(points))]).T
    ahead = depth > 0
    there = np.column_stack([x, y])[ahead] / depth[ahead, None] / (other.width, other.height)
    here = points[ahead] / (known.width, known.height)
    column, row, *elsewhere = np.floor(np.hstack([here, there]) * CELLS).astype(np.int64).T
    inner = [(cell > 0) & (cell < CELLS - 1) for cell in (column, row, *elsewhere)]
    return np.asarray((row * CELLS + column)[np.all(inner, axis=0)], np.int64)


@cache
def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        package = "opencv-python-headless"
        raise EngineUnavailable(
            f"Places need the package {package}: pip install {package}."
        ) from None
    return cv2


@cache
def _sift() -> Any:
    return _opencv().SIFT_create(nfeatures=MOST)
