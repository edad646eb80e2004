"""Deskewed images: an image rotated so that its lines are level, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage


@dataclass(frozen=True, slots=True)
class DeskewedImage:
    """An image rotated about its center, and large enough to contain all of the original.

    `inverse` is the 3 x 3 matrix from points of the image to points of the original.
    """

    image: RGBImage
    inverse: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def rotated(self, quarters: int) -> DeskewedImage:
        """Return the image rotated counterclockwise by quarter turns, which is lossless."""
        image, inverse = self.image, self.inverse
        for _ in range(quarters % 4):
            inverse = inverse @ np.array([(0, -1, image.shape[1]), (1, 0, 0), (0, 0, 1)])
            image = np.rot90(image)
        return DeskewedImage(np.ascontiguousarray(image), inverse)

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

    def to_original(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points, N x 2, in the coordinates of the original image."""
        return np.asarray(points @ self.inverse[:2, :2].T + self.inverse[:2, 2], np.float64)
