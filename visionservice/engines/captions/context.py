"""Where and when a picture was taken, in words: "on a pier", "at night"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ..labels import SURE, rows
from ..scenes.low_level import GRASS, SKY
from .plan import Claim

if TYPE_CHECKING:
    from ..evidence.evidence import Findings


def where(findings: Findings) -> Iterator[Claim]:
    """Say where the people or things are: the place by name, else outdoors or indoors."""
    if findings.drawn:
        return
    scene = findings.scene
    for word in scene.surroundings:
        if word.name in places() and word.confidence >= SURE:
            yield Claim(places()[word.name], word.confidence)
            return
    if scene.outdoors and scene.outdoor >= SURE:
        yield Claim("outdoors", scene.outdoor)
    elif scene.indoors and scene.indoor >= SURE:
        yield Claim("indoors", scene.indoor)


def around(findings: Findings) -> Iterator[Claim]:
    """Say what lies before or behind a scene that is itself the subject."""
    scene = findings.scene
    if not scene.outdoors or scene.night or findings.drawn:
        return
    if scene.surfaces.grass >= GRASS:
        yield Claim("with grass in front of it", scene.outdoor)
    elif scene.surfaces.sky >= 2 * SKY:
        yield Claim("against the sky", scene.outdoor)


def when(findings: Findings) -> Iterator[Claim]:
    """Say that it is night."""
    if findings.scene.night and not findings.drawn:
        yield Claim("at night", findings.scene.outdoor)


@cache
def places() -> dict[str, str]:
    """Return the rows of `places.csv`: a word of the surroundings, and the phrase for it."""
    return {row["word"]: row["phrase"] for row in rows("places.csv")}
