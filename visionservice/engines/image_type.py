"""Tell drawings from photographs: `imageType` of API v1.0.

A drawing, in this module, is drawn on paper: the border of the picture is light, without colour and
mostly plain. What tells it from a photograph cut out on white is the inside of what it shows: paint
is flat, of few colours and sharp at its edges, a photograph has grain (the features are those of
Lienhart and Hartmann, "Classifying images on the web automatically", 2002). A logistic regression
weighs them. From 0.9 a coloured drawing is good clip art (3), from 0.7 it is normal clip art (2),
as is one without colour, from 0.5 ambiguous (1). Strokes of a pen that have no colour are a line
drawing (2, 1).

The weights come from Debian's Tux Paint stamps, Open Clip Art Library and Oxygen icons laid on
white, and from photographs (wallpapers and OpenCV's documentation) behind an oval mask. How many of
each 100 are 2 or 3, by weights from all sources but the one judged:

    | pictures                     | number | as they are | half size | JPEG 30 | darker |
    | ---------------------------- | ------ | ----------- | --------- | ------- | ------ |
    | stamps drawn                 | 322    | 93          | 64        | 64      | 65     |
    | Open Clip Art                | 357    | 97          | 84        | 89      | 88     |
    | Oxygen icons, shaded         | 60     | 56          | 36        | 45      | 23     |
    | stamps photographed, cut out | 137    | 5           | 6         | 8       | 2      |
    | photographs behind an oval   | 105    | 20          | 16        | 20      | 11     |

Limits:
    - A drawing that fills its picture up to the border, or lies on coloured or photographed paper,
      is taken for a photograph; so may be one shaded, textured or small.
    - Smooth things photographed on white (a planet, a sky cut out) may be taken for clip art.
    - Writing is no drawing; the caller says how many words were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from .base import ImageType

if TYPE_CHECKING:
    from cv2.typing import MatLike

Level = TypeVar("Level", np.uint8, np.bool_)

SIDE = 300
WHITE = 244
INK = 225
PLAIN_BORDER = 0.5
PAPER = 160
"""The darkest level of paper."""
PAPER_COLOUR = 24
"""Levels between the strongest and the weakest channel up to which paper has no colour."""
COLOURED = 40
"""Levels between a pixel's strongest and weakest channel from which it has a colour."""

COLOURLESS = 0.02
STROKES = 0.25
GOOD, NORMAL, AMBIGUOUS = 0.9, 0.7, 0.5

WEIGHTS = (-5.64, -5.90, 8.71, 6.23, 5.03, 9.05)
"""Of `Drawn.flat`, `grain`, `few`, `sharp`, `vivid` and `smooth`."""
BIAS = -7.87

NEIGHBOURS = np.ones((3, 3), np.uint8)
PEN = np.ones((9, 9), np.uint8)


@dataclass(frozen=True, slots=True)
class DrawingFeatures:
    """What tells a drawing on paper; all are shares, 0 to 1.

    Attributes:
        border: How much of the outermost rows and columns is paper.
        white: How much of the picture is paper.
        flat: How much of what is not paper is nearly the same as its eight neighbours.
        grain: How much of it is a little different from them.
        few: How much of what is not paper has one of the four commonest colours.
        sharp: How many edges are strong.
        vivid: How strong the strongest colour is.
        smooth: How much of what is not paper has no speckle.
        coloured: How much of the picture has a colour.
        thick: How much of the ink is inside something wider than a pen's stroke.
    """

    border: float
    white: float
    flat: float
    grain: float
    few: float
    sharp: float
    vivid: float
    smooth: float
    coloured: float
    thick: float

    @property
    def strokes(self) -> bool:
        """Whether all there is on the paper is lines."""
        return 0.6 <= self.white < 0.995 and self.thick < STROKES

    @property
    def probability(self) -> float:
        """How surely what is on the paper is drawn, 0 to 1."""
        parts = (self.flat, self.grain, self.few, self.sharp, self.vivid, self.smooth)
        return float(1 / (1 + np.exp(-BIAS - np.dot(WEIGHTS, parts))))


def classify(image: NDArray[np.uint8], *, words: int) -> ImageType:
    """Tell whether a picture is clip art or a line drawing.

    Args:
        image: Height x width x 3, uint8, RGB.
        words: How many words were read in it.
    """
    drawn = measure(image)
    if drawn is None or drawn.border < PLAIN_BORDER or drawn.white >= 0.9999:
        return ImageType(0, 0)
    colourless = drawn.coloured < COLOURLESS
    if words and (colourless or drawn.strokes):
        return ImageType(0, 0)
    if colourless and drawn.strokes:
        return ImageType(2, 1)
    likely = sum(drawn.probability >= bound for bound in (GOOD, NORMAL, AMBIGUOUS))
    return ImageType(min(likely, 2) if colourless else likely, 0)


def measure(image: NDArray[np.uint8]) -> DrawingFeatures | None:
    """Return what tells a drawing, its longer side at most 300 pixels; None without paper."""
    scale = SIDE / max(image.shape[:2])
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    paper = np.median(_border(image), axis=0)
    if paper.min() < PAPER or np.ptp(paper) > PAPER_COLOUR:
        return None
    return _on_white(np.asarray(cv2.convertScaleAbs(image, alpha=255 / paper.min()), np.uint8))


def _on_white(image: NDArray[np.uint8]) -> DrawingFeatures:
    low, high = cv2.bitwise_not(_strongest(cv2.bitwise_not(image))), _strongest(image)
    strength = cv2.subtract(high, low)
    white = low >= WHITE
    inside = cv2.erode((~white).astype(np.uint8), NEIGHBOURS) > 0
    spread = _strongest(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, NEIGHBOURS))
    speckle = _strongest(cv2.absdiff(image, cv2.medianBlur(image, 3)))
    ink = low <= INK
    return DrawingFeatures(
        border=float(_border(white).mean()),
        white=float(white.mean()),
        flat=_share(spread <= 8, inside),
        grain=_share((spread > 3) & (spread <= 24), inside),
        few=_commonest(image[~white]),
        sharp=_share(spread > 100, spread > 24),
        vivid=float(np.percentile(strength, 99)) / 255,
        smooth=_share(speckle <= 1, inside),
        coloured=float((strength > COLOURED).mean()),
        thick=_share(cv2.erode(ink.astype(np.uint8), PEN) > 0, ink),
    )


def _strongest(image: MatLike) -> NDArray[np.uint8]:
    """Return the strongest channel of each pixel; many times faster than NumPy's `max`."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _border(image: NDArray[Level]) -> NDArray[Level]:
    """Return the outermost rows and columns, one after the other."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _commonest(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the four commonest of 4096 colours."""
    levels = (pixels >> 4).astype(np.uint16)
    counts = np.bincount((levels[:, 0] << 8) | (levels[:, 1] << 4) | levels[:, 2], minlength=4)
    return float(np.partition(counts, -4)[-4:].sum() / max(1, len(pixels)))


def _share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float((of & among).sum() / max(1, among.sum()))
