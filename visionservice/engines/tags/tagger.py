"""The built-in tagger: rules over the evidence.

A tag of two engines has the higher confidence.
"""

from collections.abc import Iterator

from ..base import Tag, Tagger
from ..evidence.evidence import MIN_TEXT_WORDS, Evidence
from ..evidence.people import MAX_CHILD_AGE, is_portrait, people
from ..labels import class_count

MIN_TAG_CONFIDENCE = 0.5  # on 25 images wrong words have at most 0.48, right ones at least 0.53
MIN_LABEL_TAG = 0.7
"""The least confidence of a label of one class: in 170 images 3 of those between 0.6 and this were
right and 7 wrong, for example a brambling that is a robin."""
BY_COLOR = frozenset({"water", "snow"})
"""Words for which colors or the whole scene decide: the class of a mountain has the word snow."""

Words = Iterator[tuple[str, float]]


class RuleTagger(Tagger):
    """Derives tags from the results of the other engines; needs no model."""

    name = "rules"
    thread_safe = True

    def tag(self, evidence: Evidence) -> tuple[Tag, ...]:
        """Return the tags, the most confident first; of equal ones, the general word first."""
        best: dict[str, float] = {}
        for source in (_objects_and_people, _scene, _text_and_type):
            for name, confidence in source(evidence):
                best[name] = max(confidence, best.get(name, 0.0))
        tags = (Tag(name, min(1.0, c)) for name, c in best.items() if c >= MIN_TAG_CONFIDENCE)
        return tuple(sorted(tags, key=lambda tag: (-tag.confidence, class_count(tag.name) == 1)))


def _objects_and_people(evidence: Evidence) -> Words:
    for thing in evidence.corroborated_objects:
        for word in (thing.name, *thing.words):
            yield word, thing.confidence
    persons = people(evidence)
    for person in persons:
        yield "person", person.confidence
        if person.face:
            yield person.word.split()[-1], person.confidence
            if person.face.age <= MAX_CHILD_AGE:
                yield "child", person.confidence
    confidences = sorted((person.confidence for person in persons), reverse=True)
    if len(persons) > 1:
        yield "people", confidences[0]
    if len(persons) > 2:
        yield "group", confidences[2]
    if is_portrait(evidence, persons):
        yield "portrait", confidences[0]


def _scene(evidence: Evidence) -> Words:
    if evidence.is_drawing:
        return
    scene = evidence.scene
    words = [s for s in scene.words if s.confidence >= MIN_LABEL_TAG or class_count(s.name) > 1]
    places = [s for s in scene.place_labels if s.confidence >= MIN_LABEL_TAG and scene.outdoors]
    yield from ((s.name, s.confidence) for s in (*words, *places) if s.name not in BY_COLOR)
    yield "indoor", scene.indoor * scene.indoors
    yield "outdoor", scene.outdoor * scene.outdoors
    yield "water", scene.outdoor * scene.shows("water")
    yield "snow", scene.probability("snow") * scene.shows("snow")
    for word in ("night", "dark"):
        yield word, scene.outdoor * scene.night
    for surface in ("sky", "grass", "plant"):
        yield surface, scene.outdoor * scene.shows(surface)


def _text_and_type(evidence: Evidence) -> Words:
    confidences = [line.confidence for line in evidence.text.lines]
    yield "text", max(confidences, default=0.0) * (evidence.word_count >= MIN_TEXT_WORDS)
    yield "drawing", evidence.image_type.confidence * evidence.image_type.line_drawing
    yield "clip art", evidence.image_type.confidence
    if not evidence.scene.low_level.plain:
        yield "black and white", evidence.colors.gray
