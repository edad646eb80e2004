"""The words for a picture, each with how sure it is.

A tag comes from whatever engine saw it: things by name and kind, people by body and face, the
scene model's general words above its labels, the place, the light, print, drawings and greys. A
word found twice keeps its higher confidence. Words of the scene model below CUTOFF are left out:
over 25 photographs the wrong ones end at 0.48 (gravel seen as corn), the right ones begin at 0.53.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .findings import TEXT, Findings
from .people import CHILD, people
from .surfaces import GRASS, GREEN, SKY
from .vocabulary import kinds, spread

CUTOFF = 0.5
"""A tag is more likely right than wrong, or it is not said."""
LABEL = 0.6
"""A label of the scene model that no other class shares: a bubble (0.59) is a galaxy."""

Words = Iterator[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Tag:
    """A word for something in the picture, and how sure it is (0 to 1)."""

    name: str
    confidence: float


def tags(findings: Findings) -> tuple[Tag, ...]:
    """Return the words for a picture, the surest first, none below CUTOFF.

    Answers the `tags` of the API's Analyze and Tag Image operations.
    """
    sources = (_things, _people, _scene, _place, _page, _colours)
    best: dict[str, float] = {}
    for source in sources:
        for name, confidence in source(findings):
            best[name] = max(confidence, best.get(name, 0.0))
    spoken = (Tag(name, min(1.0, sure)) for name, sure in best.items() if sure >= CUTOFF)
    return tuple(sorted(spoken, key=lambda tag: -tag.confidence))


def _things(findings: Findings) -> Words:
    for thing in findings.things:
        yield thing.name, thing.confidence
        for word in kinds()[thing.name].words:
            yield word, thing.confidence


def _people(findings: Findings) -> Words:
    persons = people(findings)
    for person in persons:
        yield "person", person.confidence
        if person.face:
            yield person.word.split()[-1], person.confidence
            if person.face.age <= CHILD:
                yield "child", person.confidence
    if len(persons) > 1:
        yield "people", max(person.confidence for person in persons)
    if len(persons) > 2:
        yield "group", sorted(person.confidence for person in persons)[-3]
    if len(persons) == 1 and persons[0].face and persons[0].face.box.height > findings.height / 6:
        yield "portrait", persons[0].confidence


def _scene(findings: Findings) -> Words:
    for word in () if findings.drawn else findings.scene.words:
        if word.confidence >= LABEL or spread(word.name) > 1:
            yield word.name, word.confidence


def _place(findings: Findings) -> Words:
    scene, surfaces = findings.scene, findings.scene.surfaces
    if findings.drawn:
        return
    if scene.indoors:
        yield "indoor", scene.indoor
    if scene.outdoors:
        yield "outdoor", scene.outdoor
        for word in scene.surroundings:
            yield word.name, word.confidence if word.confidence >= LABEL else 0.0
        yield from (("night", scene.outdoor), ("dark", scene.outdoor)) if scene.night else ()
        yield "sky", scene.outdoor if surfaces.sky >= SKY else 0.0
        yield "grass", scene.outdoor if surfaces.grass >= GRASS else 0.0
        yield "plant", scene.outdoor if surfaces.green >= GREEN else 0.0


def _page(findings: Findings) -> Words:
    sure = [line.confidence for line in findings.text.lines]
    yield "text", max(sure, default=0.0) if findings.words_read >= TEXT else 0.0
    kind = findings.image_type
    yield "drawing", kind.confidence if kind.line_drawing else 0.0
    yield "clip art", kind.confidence


def _colours(findings: Findings) -> Words:
    if not findings.scene.surfaces.plain:
        yield "black and white", findings.colours.grey
