"""Colors: the API's names of the dominant colors, the accent color, and black and white."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .base import Colors, RGBImage
from .geometry import shrink_to

COLOR_SIDE = 128  # pixels of the longer side, at which colors are counted
NAMES = ("Black", "Blue", "Brown", "Grey", "Green", "Orange",
         "Pink", "Purple", "Red", "Teal", "White", "Yellow")  # fmt: skip
HUES = ("Red", "Orange", "Yellow", "Green", "Teal", "Blue", "Purple", "Pink", "Red")
HUE_ENDS = (15, 45, 68, 160, 195, 258, 300, 340)  # of all `HUES` but the last, in HSV degrees
MIN_DOMINANT_SHARE = 0.15  # of the image
# In CIELAB. 811 of 825 prints of photos in gray, sepia, selenium or cyanotype, or on yellowed
# paper, are black and white by these bounds; so are 3 of 110 photos in color.
MAX_GRAY_CHROMA = 3
MAX_TONE_CHROMA = 40
MAX_HUE_DRIFT = 0.6  # the tangent of the angle by which a tone turns from its mean hue
MAX_TONE_DISTANCE = 8
MIN_TONE_RANGE = 0.4  # from dark to light, 0 to 1; that of a plain wall is less

Floats = NDArray[np.float32]


def analyze(image: RGBImage) -> Colors:
    """Return the colors: the foreground's weigh more in the center, the background's outside."""
    small = shrink_to(image, COLOR_SIDE)
    scaled = np.asarray(small / 255, np.float32)
    hsv = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2HSV), np.float32)
    hue, saturation, value = np.moveaxis(hsv, -1, 0)
    names = _names(hue, saturation, value)
    shares = (np.bincount(names.ravel(), minlength=len(NAMES)) / names.size).astype(np.float32)
    order = np.argsort(-shares, kind="stable")
    dominant = [i for i in order[:3] if shares[i] >= MIN_DOMINANT_SHARE] or [order[0]]
    rows, columns = (np.cos(np.linspace(-1, 1, side) * np.pi / 2) for side in names.shape)
    center = np.outer(rows, columns)
    weighted = (np.bincount(names.ravel(), each.ravel()) for each in (center, 1 - center))
    front, back = (int(sums.argmax()) for sums in weighted)
    return Colors(
        foreground=NAMES[front],
        background=NAMES[back],
        dominant=tuple(NAMES[i] for i in dominant),
        accent=_accent(small, hue, saturation * value),
        covered=float(shares[list({front, back})].sum()),
        black_and_white=_is_black_and_white(scaled),
    )


def _names(hue: Floats, saturation: Floats, value: Floats) -> NDArray[np.intp]:
    """Return the index in `NAMES` of each pixel: hue in degrees, the others 0 to 1."""
    hues = np.array([NAMES.index(name) for name in HUES])
    named: NDArray[np.intp] = hues[np.searchsorted(HUE_ENDS, hue, side="right")]
    chroma = saturation * value
    warm = (hue < 50) | (hue >= 345)
    named[warm & (chroma >= 0.12) & (value < 0.75)] = NAMES.index("Brown")
    reddish = (hue < 20) | (hue >= 340)
    named[reddish & (value >= 0.8) & (saturation < 0.55)] = NAMES.index("Pink")
    gray = chroma < 0.12
    named[gray] = NAMES.index("Grey")
    named[gray & (value >= 0.82)] = NAMES.index("White")
    named[value < 0.22] = NAMES.index("Black")
    return named


def _accent(image: RGBImage, hue: Floats, vibrancy: Floats) -> str:
    """Return the mean of the hue with the most vibrancy, as RRGGBB; dark gray without color."""
    hue, vibrancy, pixels = hue.ravel(), vibrancy.ravel(), image.reshape(-1, 3)
    if np.percentile(vibrancy, 99.5) < 0.1:
        color = np.percentile(pixels, 10, axis=0)
    else:
        group = (hue // 15).astype(np.intp) % 24
        strongest = np.bincount(group, vibrancy**3, minlength=24).argmax()
        weights = np.where(group == strongest, vibrancy**4, 0)
        color = np.average(pixels, axis=0, weights=weights)
    return np.round(color).astype(np.uint8).tobytes().hex().upper()


def _is_black_and_white(scaled: Floats) -> bool:
    """Return True if one ink could print an image: its lightness determines its weak color."""
    lab = cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    lightness, color = lab[:, 0] / 100, lab[:, 1:]
    median, highest = np.percentile(np.linalg.norm(color, axis=1), [50, 99])
    plain = np.ptp(lightness) < MIN_TONE_RANGE
    if highest > MAX_TONE_CHROMA or (median > MAX_GRAY_CHROMA and plain):
        return False
    curve = np.vander(lightness, 4)
    tone = curve @ np.linalg.lstsq(curve, color, rcond=None)[0]
    mean = color.mean(axis=0)
    hue = mean / max(1e-6, float(np.linalg.norm(mean)))
    along = (tone @ hue).clip(0)[:, None]
    across = tone - (tone @ hue)[:, None] * hue
    drift = np.linalg.norm(across, axis=1, keepdims=True)
    limit = np.maximum(MAX_HUE_DRIFT * along, 2)
    tone = along * hue + across * np.minimum(1, limit / np.maximum(drift, 1e-6))
    distant = np.linalg.norm(color - tone, axis=1) > MAX_TONE_DISTANCE
    return bool(distant.mean() < 0.005)
