"""Tell drawings from photographs: `imageType` of API v1.0.

A drawing, in this module, is drawn on white: at least half of the picture's border is white. What
tells it from a photograph cut out on white is the inside of what it shows: paint is flat, so that
neighbouring pixels differ by no more than rounding, and a photograph has grain. Flat and coloured
is good clip art (3), flat without colour normal clip art (2), strokes of a pen on white normal clip
art and a line drawing (2, 1), a little flat ambiguous (1).

The bounds were chosen on the Tux Paint stamps of Debian laid on white, 300 pixels wide or high:

    | pictures                     | number | 2 or 3 | 1  | 0   | line drawing |
    | ---------------------------- | ------ | ------ | -- | --- | ------------ |
    | things drawn                 | 322    | 281    | 16 | 25  | 9            |
    | the same, JPEG quality 90    | 322    | 205    | 42 | 75  | 9            |
    | hands drawn with a pen       | 36     | 36     | 0  | 0   | 35           |
    | things photographed, cut out | 137   | 12     | 2  | 123 | 3            |

and on 39 photographs and scans that come with scikit-image, scikit-learn, Matplotlib and this
package: all 0.

Limits:
    - A drawing that fills its picture up to the border, or lies on coloured or photographed paper,
      is taken for a photograph; so is one shaded, textured or pressed hard by JPEG.
    - Smooth or very dark things photographed on white (a planet, an apricot, a rhinoceros) are
      taken for clip art, and a spindly one (a lobster) for a line drawing.
    - Writing is no drawing; the caller says how many words were read.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 300
WHITE = 244
FLAT = 3
WHITE_BORDER = 0.5
COLOURED = 40
"""Levels between a pixel's strongest and weakest channel from which it has a colour."""

COLOURLESS = 0.02
PAINTED = 0.12
UNSURE = 0.05
BLACK = 70

NEIGHBOURS = np.ones((3, 3), np.uint8)

PRECISION = {(3, 0): 221 / 226, (2, 0): 52 / 56, (2, 1): 44 / 47}
"""Of the stamps, other than as JPEG, that are called so, how many are drawn."""


@dataclass(frozen=True, slots=True)
class ImageType:
    """How the API says drawn: `clip_art` 0 to 3, `line_drawing` 0 or 1."""

    clip_art: int
    line_drawing: int

    @property
    def confidence(self) -> float:
        """How surely it is drawn, 0 to 1: 0 where it is not said to be."""
        return PRECISION.get((self.clip_art, self.line_drawing), 0.0)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the rule goes by; all are shares, 0 to 1.

    Attributes:
        border: How much of the outermost rows and columns is white.
        white: How much of the picture is white.
        flat: How much of what is not white is the same as its eight neighbours.
        coloured: How much of the picture has a colour.
        thick: How much of the black is inside something wider than a pen's stroke.
        grey: How much of the picture is neither black nor white.
    """

    border: float
    white: float
    flat: float
    coloured: float
    thick: float
    grey: float


def classify(image: NDArray[np.uint8], *, words: int) -> ImageType:
    """Tell whether a picture is clip art or a line drawing.

    Args:
        image: Height x width x 3, uint8, RGB.
        words: How many words were read in it.
    """
    drawn = measure(image)
    if drawn.border < WHITE_BORDER:
        return ImageType(0, 0)
    if drawn.coloured < COLOURLESS:
        return _black_on_white(drawn, words)
    return ImageType(3 if drawn.flat >= PAINTED else 1 if drawn.flat >= UNSURE else 0, 0)


def _black_on_white(drawn: Drawn, words: int) -> ImageType:
    """Strokes are a line drawing, flat shapes plain clip art, writing neither."""
    if words:
        return ImageType(0, 0)
    if 0.6 <= drawn.white < 0.995 and drawn.grey < 0.12 and drawn.thick < 0.25:
        return ImageType(2, 1)
    return ImageType(2 if drawn.flat >= PAINTED else 0, 0)


def measure(image: NDArray[np.uint8]) -> Drawn:
    """Return what tells a drawing on white, measured with the longer side at most 300 pixels."""
    scale = SIDE / max(image.shape[:2])
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    low, high = image.min(axis=2), image.max(axis=2)
    white = low >= WHITE
    black = high <= BLACK
    inside = cv2.erode((~white).astype(np.uint8), NEIGHBOURS) > 0
    spread = cv2.subtract(cv2.dilate(image, NEIGHBOURS), cv2.erode(image, NEIGHBOURS)).max(axis=2)
    thick = cv2.erode(black.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return Drawn(
        border=float(np.mean(np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]]))),
        white=float(white.mean()),
        flat=_share(spread <= FLAT, inside),
        coloured=float((high - low > COLOURED).mean()),
        thick=_share(thick, black),
        grey=float((~white & ~black).mean()),
    )


def _share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float((of & among).sum() / max(1, among.sum()))
