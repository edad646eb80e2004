"""What the colours alone tell of a picture: sky, grass, snow, darkness, an even texture.

None of it is a claim by itself: blue at the top is a sky only where the scene is outdoors.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import LowLevelFeatures

BLURRED = 4.5
"""The mean slope, in levels a pixel, of green behind a flower is 1 to 4, of grass 6 to 25."""
LEAVES = 0.4
"""With more green than this a dim picture is a wood by day."""
EDGE = 2
"""The slope, in levels a pixel, of an edge behind the grain: ramps of grey and grained paper stay
below 1.3, and of 60 photographs all have 6 and more."""


def extract(image: NDArray[np.uint8]) -> LowLevelFeatures:
    """Measure a picture, H x W x 3, RGB; a few hundred pixels a side are enough."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope = np.hypot(*np.gradient(grey))
    blue = (hue > 90) & (hue < 132) & (saturation > 25)
    green = (hue >= 30) & (hue <= 88) & (saturation > 40) & (value > 30)
    bright = (value > np.median(value)) & (value > 110) & ~green
    dark = np.median(grey) < 60 and np.percentile(grey, 75) < 90 and green.mean() < LEAVES
    return LowLevelFeatures(
        sky=_from_top(blue | bright, slope),
        grass=_grass(green & (hue <= 75), slope),
        green=float(green.mean()),
        dark=bool(dark),
        plain=bool(np.hypot(*np.gradient(cv2.blur(grey, (9, 9)))).max() < EDGE),
        texture=_evenness(grey),
        blue=_from_top(blue, slope),
        white=float(((value > 190) & (saturation < 40))[len(grey) // 4 :].mean()),
    )


def _from_top(colour: NDArray[np.bool_], slope: NDArray[np.float32]) -> float:
    """Return the share down to which each column has this colour, smoothly: wires do not end it."""
    smooth = (colour & (cv2.blur(slope, (5, 5)) < 9)).astype(np.uint8)
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return float(np.cumprod(closed, axis=0).mean())


def _grass(green: NDArray[np.bool_], slope: NDArray[np.float32]) -> float:
    """Return the share of the lower third that is green, 0 where it is out of focus."""
    below, rough = green[len(green) * 2 // 3 :], slope[len(green) * 2 // 3 :]
    return float(below.mean()) if below.any() and rough[below].mean() > BLURRED else 0.0


def _evenness(grey: NDArray[np.float32]) -> float:
    """Return how alike sixteen parts are in roughness; 0 where they are not or differ in light."""
    parts = [part for rows in np.array_split(grey, 4) for part in np.array_split(rows, 4, axis=1)]
    rough = np.array([part.std() for part in parts])
    even = np.std([part.mean() for part in parts]) < 4 and rough.mean() > 15 and rough.std() < 4
    return float(1 - rough.std() / rough.mean()) if even else 0.0
