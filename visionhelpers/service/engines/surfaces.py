"""What the colours alone tell of a picture: sky, green, darkness, an even texture.

None of it is a claim by itself: blue at the top is a sky only where the scene is outdoors.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SKY, GRASS, GREEN = 0.10, 0.35, 0.20
"""The least share of the picture (of its lower third, for grass) that is worth a word."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Shares (0 to 1) of smooth brightness from the top down, and of green.

    `sky` and `green` are shares of the picture, `grass` of its lower third. `dark`: dim nearly
    everywhere. `texture`: the same roughness all over, like bricks or gravel. `bloom`:
    green around a middle of another strong colour.
    """

    sky: float
    grass: float
    green: float
    dark: bool
    texture: bool
    bloom: bool


def measure(image: NDArray[np.uint8]) -> Surfaces:
    """Measure a picture, H x W x 3, RGB; a few hundred pixels a side are enough."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope = np.hypot(*np.gradient(grey))
    blue = (hue > 90) & (hue < 132) & (saturation > 25)
    bright = (value > np.median(value)) & (value > 110)
    smooth = cv2.blur(slope, (5, 5)) < 4
    green = (hue >= 30) & (hue <= 88) & (saturation > 40) & (value > 30)
    vivid = (saturation > 100) & (value > 100)
    return Surfaces(
        sky=float(np.cumprod(smooth & (blue | bright), axis=0).mean()),
        grass=float(green[len(green) * 2 // 3 :].mean()),
        green=float(green.mean()),
        dark=bool(np.median(grey) < 60 and np.percentile(grey, 75) < 90),
        texture=_is_even(grey),
        bloom=bool(green.mean() >= GREEN and _middle(vivid & ~green).mean() >= GREEN),
    )


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = mask.shape
    return mask[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3]


def _is_even(grey: NDArray[np.float32]) -> bool:
    """Tell whether all sixteen parts are equally bright and equally rough."""
    parts = [part for rows in np.array_split(grey, 4) for part in np.array_split(rows, 4, axis=1)]
    rough = np.array([part.std() for part in parts])
    return bool(
        np.std([part.mean() for part in parts]) < 4 and rough.mean() > 15 and rough.std() < 4
    )
