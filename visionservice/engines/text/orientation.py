"""Orientation of text: the quarter turn in which its lines are recognized with most confidence."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from ..base import Orientation, RGBImage
from . import layout
from .rapidocr import LineResult, crop, recognize_lines

ORIENTATIONS: tuple[Orientation, ...] = ("Up", "Right", "Down", "Left")
"""By the number of quarter turns counterclockwise that make the text upright."""

UPRIGHT_CONFIDENCE = 0.88
"""Upright lines have a mean of 0.95 and more, those upside down 0.5 to 0.8."""
MANY_LETTERS = 10
FEW_LETTERS = 3
"""The least number of letters for which an image is rotated."""
MIN_MANY_LETTERS_CONFIDENCE, MIN_FEW_LETTERS_CONFIDENCE = 0.75, 0.9
"""The least confidence of a rotation, for `MANY_LETTERS` and for fewer."""
MIN_GAIN = 0.02
"""The least gain in confidence by which another rotation is better than none."""
SAMPLE_LINES = 6
"""The number of lines, the longest, that are recognized in each rotation."""


def find_rotation(image: RGBImage, quads: layout.Quads, lines: Sequence[LineResult]) -> int:
    """Return how many quarter turns counterclockwise make the lines of an image upright."""
    letters, confidence = mean_confidence(lines)
    if letters >= MANY_LETTERS and confidence >= UPRIGHT_CONFIDENCE:
        return 0
    sizes = layout.sizes(quads)
    longest = np.argsort(-sizes.max(axis=1, initial=0))[:SAMPLE_LINES]
    strips = [crop(image, quads[i]) for i in longest]
    letters, confidence = mean_confidence([lines[i] for i in longest])
    best, turns = confidence + MIN_GAIN if letters >= FEW_LETTERS else 0.0, 0
    across, down = sizes.sum(axis=0)
    for other in (2, 1, 3) if across >= down else (1, 3, 2):
        rotated = [np.ascontiguousarray(np.rot90(strip, other)) for strip in strips]
        letters, confidence = mean_confidence(recognize_lines(rotated))
        many = letters >= MANY_LETTERS
        least = MIN_MANY_LETTERS_CONFIDENCE if many else MIN_FEW_LETTERS_CONFIDENCE
        if letters >= FEW_LETTERS and confidence > max(best, least):
            best, turns = confidence, other
        if many and confidence >= UPRIGHT_CONFIDENCE:
            break
    return turns


def mean_confidence(lines: Sequence[LineResult]) -> tuple[int, float]:
    """Return the number of letters of lines and their mean confidence."""
    letters = sum(len(line.text) for line in lines)
    total = sum(line.confidence * len(line.text) for line in lines)
    return letters, total / letters if letters else 0.0


def orientation_and_angle(slope: float, turns: int) -> tuple[Orientation, float]:
    """Return the API's orientation and angle of lines with a slope, in degrees, after turns."""
    quarters = ceil(slope / 90 - 0.5)
    return ORIENTATIONS[(turns + quarters) % 4], 90 * quarters - slope or 0.0
