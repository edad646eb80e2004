"""Landmarks: local features of images, and how many of them match in two images.

The features are SIFT's (Lowe, 2004) as RootSIFT (Arandjelovic and Zisserman, 2012), matched with
the ratio test. Those matches count that one homography explains (estimated with MAGSAC; Barath et
al., 2019), if they are spread over the part that both images show.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import RGBImage
from .geometry import shrink_to
from .runtime import import_package

OPENCV = "opencv-python-headless"  # imported at its first use
FEATURE_SIDE = 800  # pixels of the longer side: a landmark matches at 0.3 to 3 times its size
MAX_FEATURES = 2000  # of one image; comparing two images takes 20 ms
MAX_DISTANCE_RATIO = 0.75  # of the distance of the best match to that of the second best
MAX_REPROJECTION_ERROR = 4.0  # pixels
MIN_MATCHES = 8
MIN_EDGE, MAX_EDGE, MAX_EDGE_RATIO = 0.05, 10.0, 8.0
"""The sides of the known image in the other one, in diagonals, and their greatest ratio: beyond
these, the homography is a coincidence."""
GRID = 8  # rows and columns of cells; the outermost do not count: frames, banners and dates
MIN_CELL_FEATURES = 3  # of a cell in which an inlier is expected
MIN_SPREAD = 0.35
"""Of such cells, with an inlier: true pairs have 0.42 (from 60 degrees aside) and mostly 0.9; a
shared logo, frame, letterhead or chart's grid at most 0.07, two pages in one font 0.33."""
QUICK_FEATURES = 200  # the strongest ones of a known image, which `quick_score` compares

Points = NDArray[np.float32]
Homography = NDArray[np.float64]
Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The local features of one image, reduced to `FEATURE_SIDE`; the strongest come first."""

    points: Points  # N x 2, x and y in pixels, origin top left
    descriptors: NDArray[np.float32]  # N x 128, each of length 1
    width: int
    height: int


def describe(image: RGBImage) -> Features:
    """Return the local features of an image; EngineUnavailable without OpenCV."""
    cv2 = import_package(OPENCV)
    gray = shrink_to(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), FEATURE_SIDE)
    height, width = gray.shape
    sift = cv2.SIFT_create(nfeatures=MAX_FEATURES)
    keypoints, descriptors = sift.detectAndCompute(gray, None)
    if descriptors is None:
        return Features(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32), width, height)
    order = np.argsort([-point.response for point in keypoints], kind="stable")
    points = np.array([point.pt for point in keypoints], np.float32)[order]
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1))[order]
    return Features(points, rooted, width, height)


def inliers(features: Features, known: Features) -> int:
    """Return how many features of a known image one plausible homography maps to an image."""
    matches = _matches(features.descriptors, known.descriptors)
    if len(matches) < MIN_MATCHES:
        return 0
    ours = features.points[[match.trainIdx for match in matches]]
    theirs = known.points[[match.queryIdx for match in matches]]
    cv2 = import_package(OPENCV)
    matrix, mask = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, MAX_REPROJECTION_ERROR)
    if matrix is None or not _is_plausible(matrix, known):
        return 0
    ours, theirs = (points[mask.ravel() > 0] for points in (ours, theirs))
    there = _spread(theirs, known, matrix, features)
    if min(there, _spread(ours, features, np.linalg.inv(matrix), known)) < MIN_SPREAD:
        return 0
    return min(len(np.unique(points.round(), axis=0)) for points in (ours, theirs))


def quick_score(features: Features, known: Features) -> int:
    """Return how many of a known image's strongest features match: in an eighth of the time."""
    return len(_matches(features.descriptors, known.descriptors[:QUICK_FEATURES]))


def _matches(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> list[Any]:
    """Return OpenCV's matches of the descriptors of an image and of a known one."""
    if min(len(ours), len(theirs)) < 2:
        return []
    pairs = import_package(OPENCV).BFMatcher().knnMatch(theirs, ours, k=2)
    return [best for best, other in pairs if best.distance < MAX_DISTANCE_RATIO * other.distance]


def _is_plausible(matrix: Homography, known: Features) -> bool:
    """Return True if a camera could show the known image so: convex, not mirrored, no sliver."""
    cv2, width, height = import_package(OPENCV), known.width, known.height
    corners = np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)], np.float64)
    x, y, depth = matrix @ corners.T
    if depth.min() <= 0:
        return False
    seen = np.column_stack([x / depth, y / depth]).astype(np.float32)
    if not cv2.isContourConvex(seen) or cv2.contourArea(seen, oriented=True) <= 0:
        return False
    sides = np.linalg.norm(np.roll(seen, -1, axis=0) - seen, axis=1) / np.hypot(width, height)
    least, most = sides.min(), sides.max()
    return bool(least > MIN_EDGE and most < MAX_EDGE and most < MAX_EDGE_RATIO * least)


def _spread(matching: Points, known: Features, matrix: Homography, other: Features) -> float:
    """Return the share of cells with a match, of those that both show with enough features."""
    cells, counts = np.unique(_cells(known.points, known, matrix, other), return_counts=True)
    full = cells[counts >= MIN_CELL_FEATURES]
    found = np.isin(full, _cells(matching, known, matrix, other))
    return float(found.mean()) if found.size else 0.0


def _cells(points: Points, known: Features, matrix: Homography, other: Features) -> Cells:
    """Return the cell of each point that is in the outermost cells of neither image."""
    x, y, depth = matrix @ np.column_stack([points, np.ones(len(points))]).T
    ahead = depth > 0
    there = np.column_stack([x, y])[ahead] / depth[ahead, None] / (other.width, other.height)
    here = points[ahead] / (known.width, known.height)
    cells = np.floor(np.hstack([here, there]) * GRID).astype(np.int64)
    inner = ((cells > 0) & (cells < GRID - 1)).all(axis=1)
    return np.asarray((cells[:, 1] * GRID + cells[:, 0])[inner], np.int64)
