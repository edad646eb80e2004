"""The words for a picture, each with how sure it is.

A tag comes from whatever engine saw it: things by name and kind, people by body and face, the
scene model's general words above its labels, the place, the light, print, drawings and greys. A
word found twice keeps its higher confidence. Words of the scene model below CUTOFF are left out:
over 25 photographs the wrong ones end at 0.48 (gravel seen as corn), the right ones begin at 0.53.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..evidence.evidence import TEXT, Findings
from ..evidence.people import CHILD, people
from ..labels import kinds, spread
from ..scenes.low_level import GREEN, SNOW

CUTOFF = 0.5
"""A tag is more likely right than wrong, or it is not said."""
LABEL = 0.7
"""A label of the scene model that no other class shares: over 170 pictures 3 of those between 0.6
and this were right, and 7 wrong, among them a brambling that is a robin."""
LOOKED_FOR = frozenset({"water", "snow"})
"""Words that the colours or the whole scene decide on: a mountain's class stands for snow too."""

Words = Iterator[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Tag:
    """A word for something in the picture, and how sure it is (0 to 1)."""

    name: str
    confidence: float


def tags(findings: Findings) -> tuple[Tag, ...]:
    """Return the words for a picture, the surest first, none below CUTOFF.

    A general word is at least as sure as what is below it, and comes first where it is as sure.

    Answers the `tags` of the API's Analyze and Tag Image operations.
    """
    sources = (_things, _people, _scene, _place, _page, _colours)
    best: dict[str, float] = {}
    for source in sources:
        for name, confidence in source(findings):
            best[name] = max(confidence, best.get(name, 0.0))
    spoken = (Tag(name, min(1.0, sure)) for name, sure in best.items() if sure >= CUTOFF)
    return tuple(sorted(spoken, key=lambda tag: (-tag.confidence, spread(tag.name) == 1)))


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
        if word.name in LOOKED_FOR:
            continue
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
            if word.confidence >= LABEL and word.name not in LOOKED_FOR:
                yield word.name, word.confidence
        yield "water", scene.outdoor if scene.wet else 0.0
        yield "snow", scene.probability("snow") if surfaces.white >= SNOW else 0.0
        yield from (("night", scene.outdoor), ("dark", scene.outdoor)) if scene.night else ()
        yield "sky", scene.outdoor if scene.sky else 0.0
        yield "grass", scene.outdoor if scene.grass else 0.0
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
