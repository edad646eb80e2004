"""Clip art and line drawings: the API's `imageType`.

A drawing, in this module, is on paper: the border of the image is light, without color and mostly
plain. The inside distinguishes it from a photograph cut out on white: paint is flat, has few colors
and sharp edges, a photograph has grain (features after Lienhart and Hartmann, "Classifying images
on the web automatically", 2002). A logistic regression weighs the features. From 0.9 a colored
drawing is good clip art (3), from 0.7, or without color, normal clip art (2), from 0.5 ambiguous
(1). Strokes of a pen without color are a line drawing (2, 1).

The weights come from Debian's Tux Paint stamps, Open Clip Art Library and Oxygen icons laid on
white, and from photographs (wallpapers and OpenCV's documentation) behind an oval mask. How many of
each 100 are 2 or 3, by weights from all sources but the one judged:

    | images                       | number | as they are | half size | JPEG 30 | darker |
    | ---------------------------- | ------ | ----------- | --------- | ------- | ------ |
    | stamps drawn                 | 322    | 93          | 64        | 64      | 65     |
    | Open Clip Art                | 357    | 97          | 84        | 89      | 88     |
    | Oxygen icons, shaded         | 60     | 56          | 36        | 45      | 23     |
    | stamps photographed, cut out | 137    | 5           | 6         | 8       | 2      |
    | photographs behind an oval   | 105    | 20          | 16        | 20      | 11     |

Limits:
    - A drawing that fills its image up to the border, or is on colored or photographed paper, is
      taken for a photograph; a shaded, textured or small one may be.
    - Smooth things photographed on white (a planet, a sky cut out) may be taken for clip art.
    - Writing is no drawing; the caller passes the number of words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .base import ImageType, RGBImage
from .geometry import size_within

DRAWING_SIDE = 300
"""The longer side, in pixels, at which the features are measured."""
MIN_WHITE, MAX_INK = 244, 225
"""The darkest level of white, and the lightest of ink, once the paper is white."""
MIN_PAPER, MAX_PAPER_CHROMA = 160, 24
"""The darkest level of paper, and the greatest difference between its channels."""
MIN_COLOR_CHROMA = 40
"""The least difference between the channels of a pixel with a color."""
MIN_PAPER_BORDER = 0.5
"""The least share of the border that is paper."""
MAX_COLORED = 0.02
"""The greatest share of pixels with a color in an image without color."""
MAX_THICK_INK = 0.25
"""The greatest share of ink in a line drawing that is wider than a stroke."""
CLIP_ART_PROBABILITIES = (0.5, 0.7, 0.9)
"""From these on, a colored drawing is ambiguous, normal and good clip art."""

WEIGHTS = (-5.64, -5.90, 8.71, 6.23, 5.03, 9.05)
"""Of the features flat, grain, few, sharp, vivid and smooth."""
BIAS = -7.87

NEIGHBORS, PEN = np.ones((3, 3), np.uint8), np.ones((9, 9), np.uint8)


@dataclass(frozen=True, slots=True)
class DrawingFeatures:
    """The features of a drawing on paper; all are shares, 0 to 1.

    Attributes:
        border: The outermost rows and columns that are paper.
        white: The image that is paper.
        flat: The part that is not paper and nearly equals its eight neighbors.
        grain: Of the same part, what differs a little from them.
        few: What is not paper and has one of the four commonest colors.
        sharp: The edges that are strong.
        vivid: The strength of the strongest color.
        smooth: What is not paper and has no speckle.
        colored: The image that has a color.
        thick: The ink that is inside something wider than a stroke of a pen.
    """

    border: float
    white: float
    flat: float
    grain: float
    few: float
    sharp: float
    vivid: float
    smooth: float
    colored: float
    thick: float

    @property
    def has_only_strokes(self) -> bool:
        """Whether there is nothing but lines on the paper."""
        return 0.6 <= self.white < 0.995 and self.thick < MAX_THICK_INK

    @property
    def probability(self) -> float:
        """The probability of a drawing, 0 to 1."""
        features = (self.flat, self.grain, self.few, self.sharp, self.vivid, self.smooth)
        return float(1 / (1 + np.exp(-BIAS - np.dot(WEIGHTS, features))))


def classify(image: RGBImage, *, words: int) -> ImageType:
    """Return whether an image is clip art or a line drawing.

    Args:
        image: Height x width x 3, uint8, RGB.
        words: The number of words in it.
    """
    drawing = measure(image)
    if drawing is None or drawing.border < MIN_PAPER_BORDER or drawing.white >= 0.9999:
        return ImageType(0, 0)
    colorless = drawing.colored < MAX_COLORED
    if words and (colorless or drawing.has_only_strokes):
        return ImageType(0, 0)
    if colorless and drawing.has_only_strokes:
        return ImageType(2, 1)
    clip_art = sum(drawing.probability >= bound for bound in CLIP_ART_PROBABILITIES)
    return ImageType(min(clip_art, 2) if colorless else clip_art, 0)


def measure(image: RGBImage) -> DrawingFeatures | None:
    """Return the features of a drawing, None if the image is not on paper."""
    size = size_within((image.shape[1], image.shape[0]), DRAWING_SIDE)
    image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    paper = np.median(_border(image), axis=0)
    if paper.min() < MIN_PAPER or np.ptp(paper) > MAX_PAPER_CHROMA:
        return None
    return _features(np.asarray(cv2.convertScaleAbs(image, alpha=255 / paper.min()), np.uint8))


def _features(image: RGBImage) -> DrawingFeatures:
    """Return the features of an image whose paper is white."""
    low, high = cv2.bitwise_not(_strongest(cv2.bitwise_not(image))), _strongest(image)
    chroma = cv2.subtract(high, low)
    white = low >= MIN_WHITE
    inside = cv2.erode((~white).astype(np.uint8), NEIGHBORS) > 0
    gradient = _strongest(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, NEIGHBORS))
    speckle = _strongest(cv2.absdiff(image, cv2.medianBlur(image, 3)))
    ink = low <= MAX_INK
    return DrawingFeatures(
        border=float(_border(white).mean()),
        white=float(white.mean()),
        flat=_share(gradient <= 8, inside),
        grain=_share((gradient > 3) & (gradient <= 24), inside),
        few=_share_of_four_colors(image[~white]),
        sharp=_share(gradient > 100, gradient > 24),
        vivid=float(np.percentile(chroma, 99)) / 255,
        smooth=_share(speckle <= 1, inside),
        colored=float((chroma > MIN_COLOR_CHROMA).mean()),
        thick=_share(cv2.erode(ink.astype(np.uint8), PEN) > 0, ink),
    )


def _strongest(image: Any) -> NDArray[np.uint8]:
    """Return the strongest channel of each pixel; many times faster than NumPy's `max`."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _border(image: NDArray[Any]) -> NDArray[Any]:
    """Return the outermost rows and columns, one after the other."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _share_of_four_colors(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the four commonest of 4096 colors."""
    levels = (pixels >> 4).astype(np.uint16)
    counts = np.bincount((levels[:, 0] << 8) | (levels[:, 1] << 4) | levels[:, 2], minlength=4)
    return float(np.partition(counts, -4)[-4:].sum() / max(1, len(pixels)))


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    return float((part & whole).sum() / max(1, whole.sum()))
