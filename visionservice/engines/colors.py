"""Name the colours of a picture: `color` of API v1.0.

Every pixel gets the nearest of the API's 12 names. The background is what the outer frame of the
picture is mostly made of, the foreground what the middle is mostly made of; both are counted with
weights that fall off smoothly, so there is no edge at which a colour changes sides. The dominant
colours are the commonest names over the whole picture.

The accent is the most vibrant colour of which there is enough to see: pixels are grouped by hue,
and the group with the most colour in it (saturation times brightness) gives its mean, weighted
towards its most vibrant pixels. A picture without colour has its dark grey for an accent.

Black and white means that one ink would print it: greys, or one tone in all of them, as in a sepia
print or a yellowed scan. So does a photograph of brown things alone, which nothing tells from one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .base import Colors

SIDE = 128
NAMES = (
    "Black",
    "Blue",
    "Brown",
    "Grey",
    "Green",
    "Orange",
    "Pink",
    "Purple",
    "Red",
    "Teal",
    "White",
    "Yellow",
)
"""The API's 12 names for colours."""

HUES = (
    (15, "Red"),
    (45, "Orange"),
    (68, "Yellow"),
    (160, "Green"),
    (195, "Teal"),
    (258, "Blue"),
    (300, "Purple"),
    (340, "Pink"),
    (360, "Red"),
)
"""Where each hue ends, in degrees of the HSV circle."""

DOMINANT = 0.15
"""The share of the picture from which a colour is dominant."""

# In CIELAB. Chosen on 110 photographs from wallpapers, OpenCV's documentation, scikit-image and
# scikit-learn. 55 of them were printed in grey, sepia, selenium, cyanotype and yellowed, each at
# JPEG quality 80, at 30 and with noise in its colors: 811 of 825 are black and white by these
# bounds. (By one hue without drift 754 were: a cyanotype's blue turns on the way to its black.)
# Of the photographs as they are 3 are: a lake in blue mist, a grey page and a bluish wall.
GREY = 3
STRONGEST_TONE = 40
HUE_DRIFT = 0.6
"""How far a tone may turn from its mean hue from dark to light: the tangent of the angle."""
OFF_TONE = 8
TONE_RANGE = 0.4
"""How far from dark to light, 0 to 1, a toned picture goes; a plain coloured wall does not."""

Floats = NDArray[np.float32]


def analyze(image: NDArray[np.uint8]) -> Colors:
    """Return the colours of a picture: height x width x 3, uint8, RGB."""
    small = _shrink(image)
    names = _names(small)
    middle = _middle(*names.shape)
    shares = _shares(names, np.ones_like(middle))
    order = np.argsort(-shares, kind="stable")
    dominant = [NAMES[i] for i in order[:3] if shares[i] >= DOMINANT] or [NAMES[order[0]]]
    front, back = (int(_shares(names, part).argmax()) for part in (middle, 1 - middle))
    return Colors(
        foreground=NAMES[front],
        background=NAMES[back],
        dominant=tuple(dominant),
        accent=_accent(small),
        covered=float(shares[list({front, back})].sum()),
        black_and_white=_black_and_white(small),
    )


def _shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(1.0, SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _hsv(image: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    """Return hue in degrees, saturation 0 to 1 and value 0 to 1."""
    scaled = image.astype(np.float32) / 255
    hsv: Floats = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2HSV), np.float32)
    return hsv[..., 0], hsv[..., 1], hsv[..., 2]


def _names(image: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the index in `NAMES` of every pixel's name."""
    hue, saturation, value = _hsv(image)
    ends = np.array([end for end, _ in HUES])
    hues = np.array([NAMES.index(name) for _, name in HUES])
    named: NDArray[np.intp] = hues[np.searchsorted(ends, hue, side="right").clip(0, len(HUES) - 1)]
    chroma = saturation * value
    warm = (hue < 50) | (hue >= 345)
    named[warm & (chroma >= 0.12) & (value < 0.75)] = NAMES.index("Brown")
    reddish = (hue < 20) | (hue >= 340)
    named[reddish & (value >= 0.8) & (saturation < 0.55)] = NAMES.index("Pink")
    grey = chroma < 0.12
    named[grey] = NAMES.index("Grey")
    named[grey & (value >= 0.82)] = NAMES.index("White")
    named[value < 0.22] = NAMES.index("Black")
    return named


def _middle(height: int, width: int) -> Floats:
    """Return how much each pixel belongs to the middle: 1 at the centre, 0 at the border."""
    y, x = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    weights: Floats = np.outer(np.cos(y * np.pi / 2), np.cos(x * np.pi / 2)).astype(np.float32)
    return weights


def _shares(names: NDArray[np.intp], weights: Floats) -> Floats:
    counts = np.bincount(names.ravel(), weights.ravel(), minlength=len(NAMES))
    shares: Floats = (counts / counts.sum()).astype(np.float32)
    return shares


def _accent(image: NDArray[np.uint8]) -> str:
    """Return the mean of the hue with the most vibrancy in it, its most vibrant pixels leading."""
    hue, saturation, value = (channel.ravel() for channel in _hsv(image))
    vibrancy = saturation * value
    pixels = image.reshape(-1, 3)
    if np.percentile(vibrancy, 99.5) < 0.1:
        return _hex(np.percentile(pixels, 10, axis=0))
    group = (hue // 15).astype(np.intp) % 24
    strongest = np.bincount(group, vibrancy**3, minlength=24).argmax()
    weights = np.where(group == strongest, vibrancy**4, 0)
    return _hex(np.average(pixels, axis=0, weights=weights))


def _hex(colour: NDArray[np.float64]) -> str:
    return "".join(f"{round(float(level)):02X}" for level in colour)


def _black_and_white(image: NDArray[np.uint8]) -> bool:
    """Tell whether colour follows from lightness alone, weakly enough to be a tone."""
    scaled = image.astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)).reshape(-1, 3)
    lightness, colour = lab[:, 0] / 100, lab[:, 1:]
    chroma = np.percentile(np.linalg.norm(colour, axis=1), [50, 99])
    reach = np.ptp(lightness)
    if chroma[1] > STRONGEST_TONE or (chroma[0] > GREY and reach < TONE_RANGE):
        return False
    curve = np.vander(lightness, 4)
    tone = _of_one_hue(curve @ np.linalg.lstsq(curve, colour, rcond=None)[0], colour.mean(axis=0))
    off_tone = np.linalg.norm(colour - tone, axis=1) > OFF_TONE
    return bool(off_tone.mean() < 0.005)


def _of_one_hue(tone: Floats, mean: Floats) -> Floats:
    """Bring each colour within `HUE_DRIFT` of the mean one's hue."""
    hue = mean / max(1e-6, float(np.linalg.norm(mean)))
    along = (tone @ hue).clip(0)[:, None]
    across = tone - (tone @ hue)[:, None] * hue
    drift = np.linalg.norm(across, axis=1, keepdims=True)
    most = np.maximum(HUE_DRIFT * along, 2)
    held: Floats = along * hue + across * np.minimum(1, most / np.maximum(drift, 1e-6))
    return held
