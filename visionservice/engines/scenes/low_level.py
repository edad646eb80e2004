"""Low-level features of an image: sky, grass, snow, darkness and texture, from its pixels.

They support the scene model and decide nothing alone: blue at the top is a sky only outdoors.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import LowLevelFeatures, RGBImage

MIN_GRASS_GRADIENT = 4.5
"""The least mean gradient of grass, in gray levels per pixel; blurred green has 1 to 4, grass 6."""
MAX_DARK_GREEN = 0.4
"""The share of green above which a dim image is a forest by day."""
MIN_EDGE_GRADIENT = 2
"""The least gradient of an edge once grain is blurred, in gray levels per pixel: gray ramps and
grained paper have at most 1.3, and each of 60 camera images has 6 or more."""


def extract(image: RGBImage) -> LowLevelFeatures:
    """Return the features; an image of 280 x 280 pixels is large enough."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gradient = np.hypot(*np.gradient(gray))
    blue = (hue > 90) & (hue < 132) & (saturation > 25)
    green = (hue >= 30) & (hue <= 88) & (saturation > 40) & (value > 30)
    bright = (value > np.median(value)) & (value > 110) & ~green
    lower = len(gray) * 2 // 3
    grass = (green & (hue <= 75))[lower:]
    sharp = grass.any() and gradient[lower:][grass].mean() > MIN_GRASS_GRADIENT
    dark = np.median(gray) < 60 and np.percentile(gray, 75) < 90 and green.mean() < MAX_DARK_GREEN
    return LowLevelFeatures(
        sky=_from_top(blue | bright, gradient),
        grass=float(grass.mean() * sharp),
        green=float(green.mean()),
        dark=bool(dark),
        plain=bool(np.hypot(*np.gradient(cv2.blur(gray, (9, 9)))).max() < MIN_EDGE_GRADIENT),
        texture=_texture(gray),
        blue=_from_top(blue, gradient),
        white=float(((value > 190) & (saturation < 40))[len(gray) // 4 :].mean()),
    )


def _from_top(color: NDArray[np.bool_], gradient: NDArray[np.float32]) -> float:
    """Return the smooth share of this color from the top of each column down, across wires."""
    smooth = (color & (cv2.blur(gradient, (5, 5)) < 9)).astype(np.uint8)
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return float(np.cumprod(closed, axis=0).mean())


def _texture(gray: NDArray[np.float32]) -> float:
    """Return how even the roughness of sixteen parts is; 0 if it or their brightness differs."""
    parts = [part for rows in np.array_split(gray, 4) for part in np.array_split(rows, 4, axis=1)]
    rough = np.array([part.std() for part in parts])
    even = np.std([part.mean() for part in parts]) < 4 and rough.mean() > 15 and rough.std() < 4
    return float(1 - rough.std() / rough.mean()) if even else 0.0
