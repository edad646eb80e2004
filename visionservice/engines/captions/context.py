"""Where and when a picture was taken, in words: "on a pier", "at night"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ..base import MIN_GRASS, MIN_SKY
from ..labels import MIN_CONFIDENCE, read_table
from .plan import Phrase

if TYPE_CHECKING:
    from ..evidence.evidence import Evidence


def place_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Say where the people or things are: the place by name, else outdoors or indoors."""
    if evidence.is_drawing:
        return
    scene = evidence.scene
    for word in scene.place_labels:
        if word.name in places() and word.confidence >= MIN_CONFIDENCE:
            yield Phrase(places()[word.name], word.confidence)
            return
    if scene.outdoors and scene.outdoor >= MIN_CONFIDENCE:
        yield Phrase("outdoors", scene.outdoor)
    elif scene.indoors and scene.indoor >= MIN_CONFIDENCE:
        yield Phrase("indoors", scene.indoor)


def surroundings_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Say what lies before or behind a scene that is itself the subject."""
    scene = evidence.scene
    if not scene.outdoors or scene.night or evidence.is_drawing:
        return
    if scene.low_level.grass >= MIN_GRASS:
        yield Phrase("with grass in front of it", scene.outdoor)
    elif scene.low_level.sky >= 2 * MIN_SKY:
        yield Phrase("against the sky", scene.outdoor)


def time_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Say that it is night."""
    if evidence.scene.night and not evidence.is_drawing:
        yield Phrase("at night", evidence.scene.outdoor)


@cache
def places() -> dict[str, str]:
    """Return the rows of `places.csv`: a word of the surroundings, and the phrase for it."""
    return {row["word"]: row["phrase"] for row in read_table("places.csv")}
