"""Deskewed images: an image rotated so that its lines are level, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage


@dataclass(frozen=True, slots=True)
class DeskewedImage:
    """An image rotated about its center, and large enough to contain all of it.

    Attributes:
        image: Height x width x 3, uint8, RGB.
        inverse: The 3 x 3 matrix from points of `image` to points of the original image.
    """

    image: RGBImage
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, image: RGBImage) -> DeskewedImage:
        """Return an image as it is."""
        return cls(image, np.eye(3))

    def rotated(self, quarters: int) -> DeskewedImage:
        """Return the image rotated counterclockwise by quarter turns, which is lossless."""
        if quarters % 4 == 0:
            return self
        height, width = self.image.shape[:2]
        inverse = (
            ((0, -1, width), (1, 0, 0), (0, 0, 1)),
            ((-1, 0, width), (0, -1, height), (0, 0, 1)),
            ((0, 1, 0), (-1, 0, height), (0, 0, 1)),
        )[quarters % 4 - 1]
        image = np.ascontiguousarray(np.rot90(self.image, quarters))
        return DeskewedImage(image, self.inverse @ np.array(inverse, np.float64))

    def deskewed(self, degrees: float) -> DeskewedImage:
        """Return the image rotated counterclockwise; the color of its edges fills the corners."""
        height, width = self.image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        size = np.ceil(np.abs(matrix[:, :2]) @ (width, height)).astype(int)
        matrix[:, 2] += (size - (width, height)) / 2
        pixels = matrix.copy()  # cv2 counts from the center of a pixel, this module from its edge
        pixels[:, 2] = matrix @ (0.5, 0.5, 1.0) - 0.5
        edges = self.image[0], self.image[-1], self.image[:, 0], self.image[:, -1]
        color = np.median(np.concatenate(edges), axis=0).tolist()
        image = cv2.warpAffine(
            self.image, pixels, size.tolist(), flags=cv2.INTER_CUBIC, borderValue=color
        )
        inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
        return DeskewedImage(np.asarray(image, np.uint8), self.inverse @ inverse)

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points, N x 2, in the coordinates of the original image."""
        return np.asarray(points @ self.inverse[:2, :2].T + self.inverse[:2, 2], np.float64)
