"""The caption of objects and animals: their name and number, and what they are on or next to.

Either both models find the subject, or the confidence of the object model is very high. In 110
images the object model alone found, wrongly, a kite (0.92) and scissors (0.83) in waves of color, a
cake (0.65) in an anemone and a suitcase (0.76) in a gas cylinder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from ..base import Object
from ..evidence.evidence import MIN_CERTAIN_OBJECT, Evidence
from ..labels import MIN_CONFIDENCE, object_class
from .context import place_phrase, time_phrase
from .grammar import article, number
from .plan import CaptionPlan, Phrase

MIN_UNSEEN_OBJECT = 0.95
"""The least confidence of an object that the scene model does not find."""
MIN_GENERIC_SCORE = 0.3
"""The least score of the scene model for a generic name that replaces the name."""
MIN_WEAK_SCORE = 0.3
"""The least score of both models for an object below the threshold: an apple, 0.56 and 0.41."""
MIN_OTHER_OBJECT = 0.7
"""The least confidence of a second object, and of a drawn animal to the scene model."""
MIN_OBJECT_SHARE, MIN_CLOSE_UP_OBJECT = 0.01, 0.6
"""The least shares of the image that a subject covers, and a subject in a close up."""
MIN_CONTENT_SCORE = 0.5
"""The least score of the scene model for the content of a cup."""


def object_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a caption about the objects, None if none has a high confidence."""
    objects = [*evidence.corroborated_objects, *_weak_agreements(evidence)]
    objects = [o for o in objects if o.name != "person"]
    objects = [o for o in objects if not object_class(o.name).supports] or objects
    objects.sort(key=lambda o: -o.confidence * o.box.area)
    if not objects or evidence.share(objects[0].box) < MIN_OBJECT_SHARE:
        return None
    same = [o for o in objects if o.name == objects[0].name]
    name, confidence = _name(evidence, same)
    if not name:
        return None
    details = [*_support(same[0], evidence.corroborated_objects)] or [*_other(evidence, objects)]
    if not details and len(same) == 1 and evidence.share(same[0].box) >= MIN_CLOSE_UP_OBJECT:
        name = f"a close up of {name}"
    details += [*place_phrase(evidence), *time_phrase(evidence)]
    generic = object_class(same[0].name).generic if len(same) == 1 else ""
    generic = article(generic) if generic and article(generic) not in name else ""
    return CaptionPlan(Phrase(name, confidence), tuple(details), generic)


def drawn_animal(evidence: Evidence) -> Phrase | None:
    """Return the name of a drawn animal if the confidence of both models is high.

    Both models are trained on camera images. Of 183 drawn stamps they name four, correctly: a
    crow, a magpie, a bear, a horse. Other names would be wrong: a circus tent is an umbrella.
    """
    for thing in evidence.objects if evidence.is_drawing else ():
        if thing.confidence >= MIN_UNSEEN_OBJECT and "animal" in thing.words:
            for word in (thing.name, "animal"):
                score = evidence.scene.probability(word)
                if score >= MIN_OTHER_OBJECT:
                    return Phrase(article(word), min(score, thing.confidence))
    return None


def _weak_agreements(evidence: Evidence) -> Iterator[Object]:
    """Yield the objects that both models find with a confidence below the threshold."""
    for thing in () if evidence.is_drawing else evidence.objects:
        score = evidence.scene.probability(thing.name)
        either = 1 - (1 - score) * (1 - thing.confidence)
        weak = MIN_WEAK_SCORE <= thing.confidence < MIN_CONFIDENCE
        if weak and either >= MIN_CONFIDENCE and score >= MIN_WEAK_SCORE:
            yield thing


def _name(evidence: Evidence, same: Sequence[Object]) -> tuple[str, float]:
    """Return the name of objects of one class and its confidence; an empty name if it is low."""
    name, generic = same[0].name, object_class(same[0].name).generic
    confidence = max(o.confidence for o in same)
    any_right = 1 - prod(1 - o.confidence for o in same)
    score, generic_score = map(evidence.scene.probability, (name, generic))
    certain = generic_score and confidence >= MIN_CERTAIN_OBJECT
    if score or any_right >= MIN_UNSEEN_OBJECT or certain:
        return _counted(evidence, same), max(confidence, score)
    if generic_score >= MIN_GENERIC_SCORE and len(same) == 1 and article(generic) != generic:
        return article(generic), max(confidence, generic_score)
    return "", 0.0


def _other(evidence: Evidence, objects: Sequence[Object]) -> Iterator[Phrase]:
    """Yield what the first of the objects is next to."""
    others = [o for o in objects[1:] if o.name != objects[0].name]
    others = [o for o in others if o.confidence >= MIN_OTHER_OBJECT]
    if others:
        same = [o for o in others if o.name == others[0].name]
        yield Phrase(f"next to {_counted(evidence, same)}", others[0].confidence)


def _counted(evidence: Evidence, same: Sequence[Object]) -> str:
    row = object_class(same[0].name)
    if len(same) == 1 and evidence.scene.probability(row.content) >= MIN_CONTENT_SCORE:
        return article(f"{row.name.split()[-1]} of {row.content}")
    return number(row.name, row.plural, len(same))


def _support(thing: Object, others: Sequence[Object]) -> Iterator[Phrase]:
    """Yield what an object is on or an animal sits on."""
    for support in others if not object_class(thing.name).supports else ():
        on = support.box.top < thing.box.bottom <= support.box.bottom
        covered = thing.box.overlap(support.box) >= thing.box.area / 3
        if object_class(support.name).supports and on and covered:
            verb = "sitting on" if "animal" in thing.words else "on"
            name = article(support.name.removeprefix("dining "))
            yield Phrase(f"{verb} {name}", support.confidence)
            return
