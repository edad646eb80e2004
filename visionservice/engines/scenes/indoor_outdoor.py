"""What speaks for outdoors and indoors: classes, things that stand there, sky and leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..labels import MIN_CONFIDENCE, object_classes, scene_classes

if TYPE_CHECKING:
    from ..base import LowLevelFeatures, Object

CERTAIN = 0.9
"""One thing alone tells a place only when it is this sure: false kites reach 0.74 and more."""
MOVABLE = frozenset({"vehicle", "weapon", "rocket"})
HINT = 0.15
"""From how much of a place on blue sky and green leaves speak for outdoors; wallpapers of nothing
but blue have 0.07 at most."""
BY_SKY, BY_GREEN, AT_MOST = 0.7, 0.4, 0.95
"""How much a picture full of blue sky or of leaves adds, and what colours never raise it above."""


def place_score(seen: NDArray[np.float64], place: str, objects: Sequence[Object]) -> float:
    """Add up the classes that stand there.

    A vehicle tells a place only where it is all there is: behind the astronaut in her studio
    stands a rocket of plastic.
    """
    behind = MOVABLE if objects else frozenset()
    stands = [row.place == place and behind.isdisjoint(row.words) for row in scene_classes()]
    return float(seen[np.array(stands)].sum())


def afloat(objects: Sequence[Object]) -> bool:
    """Tell whether there is a boat or a surfboard."""
    return any(o.name in ("boat", "surfboard") for o in objects if o.confidence >= MIN_CONFIDENCE)


def wildlife_score(seen: NDArray[np.float64]) -> float:
    """Add up the animals that live outdoors."""
    return label_score(seen, "animal", "outdoor")


def label_score(seen: NDArray[np.float64], word: str, place: str = "") -> float:
    """Add up the classes under a word, of those that stand in a place if one is given."""
    below = [word in row.words and place in ("", row.place) for row in scene_classes()]
    return float(seen[np.array(below)].sum())


def with_colors(mass: float, surface: LowLevelFeatures) -> float:
    """Let blue sky and green leaves speak for outdoors where there is a little of a place."""
    if mass < HINT:
        return mass
    colours = BY_SKY * surface.blue + BY_GREEN * surface.green
    return max(mass, min(AT_MOST, mass + colours))


def object_place_score(objects: Sequence[Object], place: str) -> float:
    """Return how sure it is that a thing stands there which stands nowhere else."""
    telling = (
        o for o in objects if object_classes()[o.name].place == place and o.confidence >= CERTAIN
    )
    return max((thing.confidence for thing in telling), default=0.0)
