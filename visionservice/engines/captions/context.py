"""The context of a caption, place and time: "on a pier", "at night"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..base import MIN_GRASS, MIN_SKY
from ..evidence.evidence import Evidence
from ..labels import MIN_CONFIDENCE, read_table
from .plan import Phrase


def place_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Yield the place of people or objects: its name, or else outdoors or indoors."""
    if evidence.is_drawing:
        return
    scene = evidence.scene
    for label in scene.place_labels:
        if label.name in places() and label.confidence >= MIN_CONFIDENCE:
            yield Phrase(places()[label.name], label.confidence)
            return
    if scene.outdoors and scene.outdoor >= MIN_CONFIDENCE:
        yield Phrase("outdoors", scene.outdoor)
    elif scene.indoors and scene.indoor >= MIN_CONFIDENCE:
        yield Phrase("indoors", scene.indoor)


def surroundings_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Yield the foreground or background of a scene that is the subject."""
    scene = evidence.scene
    if not scene.outdoors or scene.night or evidence.is_drawing:
        return
    if scene.low_level.grass >= MIN_GRASS:
        yield Phrase("with grass in front of it", scene.outdoor)
    elif scene.low_level.sky >= 2 * MIN_SKY:
        yield Phrase("against the sky", scene.outdoor)


def time_phrase(evidence: Evidence) -> Iterator[Phrase]:
    """Yield the time if it is night."""
    if evidence.scene.night and not evidence.is_drawing:
        yield Phrase("at night", evidence.scene.outdoor)


@cache
def places() -> dict[str, str]:
    """Return `places.csv`: the phrase by the label of a place."""
    return {row["word"]: row["phrase"] for row in read_table("places.csv")}
