"""A picture as it is read: turned so that its lines run level, with the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class DeskewedImage:
    """A picture turned about its centre, as large as it takes to hold all of it.

    Attributes:
        image: Height x width x 3, uint8, RGB.
        back: 2 x 3, takes a point of `image` (pixels, origin top left, x right, y down) to where
            it is in the picture as given.
    """

    image: Image
    back: NDArray[np.float64]

    @classmethod
    def of(cls, image: Image) -> DeskewedImage:
        """Return a picture as it is given."""
        return cls(image, np.eye(2, 3))

    def turned(self, quarters: int) -> DeskewedImage:
        """Return the page turned to the left by quarters, without touching its pixels."""
        if quarters % 4 == 0:
            return self
        height, width = self.image.shape[:2]
        back = (
            ((0, -1, width), (1, 0, 0)),
            ((-1, 0, width), (0, -1, height)),
            ((0, 1, 0), (-1, 0, height)),
        )[quarters % 4 - 1]
        image = np.ascontiguousarray(np.rot90(self.image, quarters))
        return DeskewedImage(image, self._after(np.array(back, np.float64)))

    def straightened(self, slope: float) -> DeskewedImage:
        """Return the page turned to the left by degrees; its edges' colour fills the corners."""
        height, width = self.image.shape[:2]
        forth = cv2.getRotationMatrix2D((width / 2, height / 2), slope, 1)
        size = np.ceil(np.abs(forth[:, :2]) @ (width, height)).astype(int)
        forth[:, 2] += (size - (width, height)) / 2
        # cv2 counts the middles of pixels, and everything here their edges.
        pixels = forth.copy()
        pixels[:, 2] = forth @ (0.5, 0.5, 1.0) - 0.5
        image = cv2.warpAffine(
            self.image,
            pixels,
            (int(size[0]), int(size[1])),
            flags=cv2.INTER_CUBIC,
            borderValue=_edge(self.image),
        )
        back = np.asarray(cv2.invertAffineTransform(forth), np.float64)
        return DeskewedImage(np.asarray(image, np.uint8), self._after(back))

    def in_the_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points, N x 2, are in the picture as given."""
        return np.asarray(points @ self.back[:, :2].T + self.back[:, 2], np.float64)

    def _after(self, back: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.back @ np.vstack([back, (0.0, 0.0, 1.0)]), np.float64)


def _edge(image: Image) -> tuple[float, ...]:
    """Return the median colour along a picture's edges."""
    sides = image[0], image[-1], image[:, 0], image[:, -1]
    return tuple(np.median(np.concatenate(sides), axis=0).tolist())
