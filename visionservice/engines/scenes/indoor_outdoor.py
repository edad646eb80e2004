"""Scores for outdoors, indoors and water: from classes, objects and low-level features.

`scores` are those of the scene model's classes, `background` the same for the image with its
objects painted out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..base import LowLevelFeatures, Object
from ..labels import MIN_CONFIDENCE, SCENE_CLASSES, object_class

MIN_PLACE_OBJECT = 0.9
"""The least confidence of an object that alone decides the place; false kites reach 0.74."""
MOVABLE = frozenset({"vehicle", "weapon", "rocket"})
"""Words of scenes that show the place only if there is no object: an astronaut in a studio may
have a plastic rocket behind her."""
MIN_COLOR_SUPPORT = 0.15
"""The least outdoor score that blue sky and green leaves raise; wallpapers of blue have 0.07."""
SKY_WEIGHT, GREEN_WEIGHT, MAX_COLOR_SCORE = 0.7, 0.4, 0.95
"""What an image full of blue sky or of leaves adds, and the highest score with it."""

Scores = NDArray[np.float64]


def outdoor_score(
    scores: Scores, background: Scores, objects: Sequence[Object], features: LowLevelFeatures
) -> float:
    """Return the score for outdoors, which wild animals, blue sky and green leaves raise."""
    wildlife = label_score(scores, "animal", "outdoor")
    place = max(place_score(background, "outdoor", objects), wildlife)
    return max(add_colors(place, features), _object_score(objects, "outdoor"))


def indoor_score(
    background: Scores, objects: Sequence[Object], features: LowLevelFeatures
) -> float:
    """Return the score for indoors, which green leaves lower."""
    place = place_score(background, "indoor", objects) - GREEN_WEIGHT * features.green
    return max(place, _object_score(objects, "indoor"))


def water_score(scores: Scores, background: Scores, objects: Sequence[Object]) -> float:
    """Return the score for water; the background counts if there is a boat or a surfboard."""
    boats = (o for o in objects if o.name in ("boat", "surfboard"))
    afloat = any(o.confidence >= MIN_CONFIDENCE for o in boats)
    return max(label_score(scores, "water"), label_score(background, "water") * afloat)


def place_score(scores: Scores, place: str, objects: Sequence[Object]) -> float:
    """Return the sum of the scores of the classes in a place."""
    movable = MOVABLE if objects else frozenset()
    rows = [row.place == place and movable.isdisjoint(row.words) for row in SCENE_CLASSES]
    return float(scores[np.array(rows)].sum())


def label_score(scores: Scores, word: str, place: str = "") -> float:
    """Return the sum of the scores of the classes under a word, in a place if one is given."""
    rows = [word in row.words and place in ("", row.place) for row in SCENE_CLASSES]
    return float(scores[np.array(rows)].sum())


def add_colors(score: float, features: LowLevelFeatures) -> float:
    """Return an outdoor score that blue sky and green leaves raise, if it is not too low."""
    if score < MIN_COLOR_SUPPORT:
        return score
    colors = SKY_WEIGHT * features.blue + GREEN_WEIGHT * features.green
    return max(score, min(MAX_COLOR_SCORE, score + colors))


def _object_score(objects: Sequence[Object], place: str) -> float:
    """Return the confidence of an object that is found in this place only."""
    certain = (o for o in objects if o.confidence >= MIN_PLACE_OBJECT)
    there = (o.confidence for o in certain if object_class(o.name).place == place)
    return max(there, default=0.0)
