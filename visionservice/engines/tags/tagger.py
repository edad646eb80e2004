"""The words for a picture, each with how sure it is.

A tag comes from whatever engine saw it: things by name and kind, people by body and face, the
scene model's general words above its labels, the place, the light, print, drawings and greys. A
word found twice keeps its higher confidence. Words of the scene model below CUTOFF are left out:
over 25 photographs the wrong ones end at 0.48 (gravel seen as corn), the right ones begin at 0.53.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..base import Tag
from ..evidence.evidence import MIN_TEXT_WORDS, Evidence
from ..evidence.people import MAX_CHILD_AGE, people
from ..labels import class_count, object_classes

CUTOFF = 0.5
"""A tag is more likely right than wrong, or it is not said."""
LABEL = 0.7
"""A label of the scene model that no other class shares: over 170 pictures 3 of those between 0.6
and this were right, and 7 wrong, among them a brambling that is a robin."""
LOOKED_FOR = frozenset({"water", "snow"})
"""Words that the colours or the whole scene decide on: a mountain's class stands for snow too."""

Words = Iterator[tuple[str, float]]


def tags(evidence: Evidence) -> tuple[Tag, ...]:
    """Return the words for a picture, the surest first, none below CUTOFF.

    A general word is at least as sure as what is below it, and comes first where it is as sure.

    Answers the `tags` of the API's Analyze and Tag Image operations.
    """
    sources = (_things, _people, _scene, _place, _page, _colours)
    best: dict[str, float] = {}
    for source in sources:
        for name, confidence in source(evidence):
            best[name] = max(confidence, best.get(name, 0.0))
    spoken = (Tag(name, min(1.0, sure)) for name, sure in best.items() if sure >= CUTOFF)
    return tuple(sorted(spoken, key=lambda tag: (-tag.confidence, class_count(tag.name) == 1)))


def _things(evidence: Evidence) -> Words:
    for thing in evidence.corroborated_objects:
        yield thing.name, thing.confidence
        for word in object_classes()[thing.name].words:
            yield word, thing.confidence


def _people(evidence: Evidence) -> Words:
    persons = people(evidence)
    for person in persons:
        yield "person", person.confidence
        if person.face:
            yield person.word.split()[-1], person.confidence
            if person.face.age <= MAX_CHILD_AGE:
                yield "child", person.confidence
    if len(persons) > 1:
        yield "people", max(person.confidence for person in persons)
    if len(persons) > 2:
        yield "group", sorted(person.confidence for person in persons)[-3]
    if len(persons) == 1 and persons[0].face and persons[0].face.box.height > evidence.height / 6:
        yield "portrait", persons[0].confidence


def _scene(evidence: Evidence) -> Words:
    for word in () if evidence.is_drawing else evidence.scene.words:
        if word.name in LOOKED_FOR:
            continue
        if word.confidence >= LABEL or class_count(word.name) > 1:
            yield word.name, word.confidence


def _place(evidence: Evidence) -> Words:
    scene = evidence.scene
    if evidence.is_drawing:
        return
    if scene.indoors:
        yield "indoor", scene.indoor
    if scene.outdoors:
        yield "outdoor", scene.outdoor
        for word in scene.place_labels:
            if word.confidence >= LABEL and word.name not in LOOKED_FOR:
                yield word.name, word.confidence
        yield "water", scene.outdoor if scene.has_water else 0.0
        yield "snow", scene.probability("snow") if scene.has_snow else 0.0
        yield from (("night", scene.outdoor), ("dark", scene.outdoor)) if scene.night else ()
        yield "sky", scene.outdoor if scene.sky else 0.0
        yield "grass", scene.outdoor if scene.grass else 0.0
        yield "plant", scene.outdoor if scene.green else 0.0


def _page(evidence: Evidence) -> Words:
    sure = [line.confidence for line in evidence.text.lines]
    yield "text", max(sure, default=0.0) if evidence.word_count >= MIN_TEXT_WORDS else 0.0
    kind = evidence.image_type
    yield "drawing", kind.confidence if kind.line_drawing else 0.0
    yield "clip art", kind.confidence


def _colours(evidence: Evidence) -> Words:
    if not evidence.scene.low_level.plain:
        yield "black and white", evidence.colors.gray
