"""Clip art and line drawings: the API's `imageType`.

Paint is flat and has few colors and sharp edges; a photograph, also cut out on white, has grain
(features after Lienhart and Hartmann, "Classifying images on the web automatically", 2002). On
paper, where the border is light, without color and mostly plain, only the painted parts count.
"""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .base import ImageType, RGBImage
from .geometry import shrink_to

DRAWING_SIDE = 300  # pixels of the longer side, at which the features are measured
MIN_WHITE, MAX_INK = 244, 225  # levels, once the paper is white
MIN_PAPER, MAX_PAPER_CHROMA = 160, 24  # the level, and the difference between the channels
MIN_COLOR_CHROMA = 40  # the difference between the channels of a pixel with a color
MIN_PAPER_BORDER = 0.5  # the share of the border
DARKEST, LIGHTEST, MIN_UNCLIPPED = 2, 253, 0.1
"""The levels at which grain is lost, as in an image that was brightened, and the least share of the
other pixels, which are then the only ones that count."""
MIN_EVEN = 0.4  # the share of pixels like their neighbors: filled drawings have 0.48 and more
MIN_DRAWN_EDGE = 24  # levels between neighbors, without which nothing is drawn
MAX_COLORED = 0.02  # the share of pixels with a color in an image without color
MAX_THICK_INK = 0.25  # the share of ink in a line drawing that is wider than a stroke
ON_PAPER, ON_COLORED_PAPER, FILLED = (0.5, 0.86, 0.9), (0.8, 0.95, 0.98), (0.7, 0.97, 0.98)
"""The probabilities of ambiguous, normal and good clip art."""
PAPER_WEIGHTS = (-5.64, -5.90, 8.71, 6.23, 5.03, 9.05, 0.0, -7.87)
COLOR_WEIGHTS = (0.0, -5.35, 4.92, -0.88, 5.60, 0.0, 9.58, -7.35)
"""Of the features flat, grain, few, sharp, vivid, smooth and even, and of 1; docs/accuracy.md has
the results."""
NEIGHBORS, PEN = np.ones((3, 3), np.uint8), np.ones((9, 9), np.uint8)

Mask = NDArray[np.bool_]


def classify(image: RGBImage, word_count: Callable[[], int]) -> ImageType:
    """Return whether an image is clip art or a line drawing; writing is neither."""
    image = shrink_to(image, DRAWING_SIDE)
    paper = np.median(_border(image), axis=0)
    if paper.min() < MIN_PAPER or np.ptp(paper) > MAX_PAPER_CHROMA:
        clip_art = _on_color(image, paper)
        return ImageType(0 if clip_art and word_count() else clip_art, 0)
    image = np.asarray(cv2.convertScaleAbs(image, alpha=255 / paper.min()), np.uint8)
    low, _, chroma = _levels(image)
    white, ink = low >= MIN_WHITE, low <= MAX_INK
    if _border(white).mean() < MIN_PAPER_BORDER or white.mean() >= 0.9999:
        return ImageType(0, 0)
    colorless = (chroma > MIN_COLOR_CHROMA).mean() < MAX_COLORED
    thick_ink = _share(cv2.erode(ink.astype(np.uint8), PEN) > 0, ink)
    only_strokes = 0.6 <= white.mean() < 0.995 and thick_ink < MAX_THICK_INK
    if colorless and only_strokes:
        result = ImageType(2, 1)
    else:
        probability = _drawing_probability(image, ~white, chroma, PAPER_WEIGHTS)
        clip_art = sum(probability >= bound for bound in ON_PAPER)
        result = ImageType(min(clip_art, 2) if colorless else clip_art, 0)
    if result.clip_art and (colorless or only_strokes) and word_count():
        return ImageType(0, 0)
    return result


def _on_color(image: RGBImage, paper: NDArray[Any]) -> int:
    """Return the type of clip art of an image that is not on white paper."""
    away = _strongest(cv2.absdiff(image, np.append(paper, 0.0)))
    painted, weights, bounds = away > MAX_PAPER_CHROMA, PAPER_WEIGHTS, ON_COLORED_PAPER
    if _border(painted).mean() > 1 - MIN_PAPER_BORDER:  # filled up to the border
        if (_speckle(image) == 0).mean() < MIN_EVEN:
            return 0
        painted, weights, bounds = np.ones_like(painted), COLOR_WEIGHTS, FILLED
    low, high, chroma = _levels(image)
    unclipped = painted & (low > DARKEST) & (high < LIGHTEST)
    if unclipped.mean() >= MIN_UNCLIPPED:
        painted = unclipped
    probability = _drawing_probability(image, painted, chroma * painted, weights)
    return sum(probability >= bound for bound in bounds)


def _drawing_probability(
    image: RGBImage, painted: Mask, chroma: NDArray[np.uint8], weights: Sequence[float]
) -> float:
    """Return the probability of a drawing, 0 to 1, from the pixels that are not paper."""
    inside = cv2.erode(painted.astype(np.uint8), NEIGHBORS) > 0
    gradient = _strongest(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, NEIGHBORS))
    if gradient.max() <= MIN_DRAWN_EDGE:
        return 0.0
    speckle = _speckle(image)
    red, green, blue = (channel.astype(np.uint16) >> 4 for channel in cv2.split(image))
    colors = (red << 8 | green << 4 | blue)[painted]
    four_commonest = np.sort(np.bincount(colors, minlength=4))[-4:].sum()
    features = (
        _share(gradient <= 8, inside),
        _share((gradient > 3) & (gradient <= MIN_DRAWN_EDGE), inside),
        float(four_commonest / max(1, len(colors))),
        _share(gradient > 100, gradient > MIN_DRAWN_EDGE),
        float(np.percentile(chroma, 99)) / 255,
        _share(speckle <= 1, inside),
        _share(speckle == 0, inside),
        1.0,
    )
    return float(1 / (1 + np.exp(-np.dot(weights, features))))


def _levels(image: RGBImage) -> tuple[NDArray[np.uint8], ...]:
    """Return the weakest and the strongest channel of each pixel, and their difference."""
    low, high = cv2.bitwise_not(_strongest(cv2.bitwise_not(image))), _strongest(image)
    return np.asarray(low, np.uint8), high, np.asarray(cv2.subtract(high, low), np.uint8)


def _speckle(image: RGBImage) -> NDArray[np.uint8]:
    """Return how far each pixel is from the median of its neighbors."""
    return _strongest(cv2.absdiff(image, cv2.medianBlur(image, 3)))


def _strongest(image: Any) -> NDArray[np.uint8]:
    """Return the strongest channel of each pixel; many times faster than NumPy's `max`."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _border(image: NDArray[Any]) -> NDArray[Any]:
    """Return the outermost rows and columns, one after the other."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _share(part: Mask, whole: Mask) -> float:
    return float((part & whole).sum() / max(1, whole.sum()))
