"""The caption of objects and animals: their name and number, and what they are on or next to.

Either both models find the subject, or the confidence of the object model is very high. In 110
images the object model alone found, wrongly, a kite (0.92) and scissors (0.83) in waves of color, a
cake (0.65) in an anemone and a suitcase (0.76) in a gas cylinder.
"""

from collections.abc import Sequence

from ..base import Object
from ..evidence.evidence import (
    MIN_AGREEING_SCORE,
    MIN_CERTAIN_OBJECT,
    MIN_UNCONFIRMED_OBJECT,
    Evidence,
)
from ..labels import MIN_CONFIDENCE, any_right, object_class
from .phrases import CaptionPlan, Phrase, article, number, place_and_time

MIN_OTHER_OBJECT = 0.7  # the confidence of a second object
MIN_OBJECT_SHARE, MIN_CLOSE_UP_OBJECT = 0.01, 0.6  # of the image, of a subject and in a close up
MIN_LIKELY_OBJECT, MAX_LIKELY_SHARE = 0.5, 1 / 3
"""Of an object that the scene does not show, in the image; larger ones are patterns (a cake)."""
DOUBT, MIN_GROUP = 0.5, 4  # the factor of the confidence of such an object; for "a group of"
MIN_CONTENT_SCORE = 0.5  # of the scene model, for the content of a cup


def object_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a caption about the objects, None if none has a high confidence."""
    objects = _objects(evidence)
    first = objects[0] if objects else None
    if not first or evidence.share(first.box) < MIN_OBJECT_SHARE:
        return None
    same = [o for o in objects if o.name == first.name]
    subject = _subject(evidence, same)
    return _plan(evidence, subject, objects) if subject else None


def likeliest_object(evidence: Evidence) -> Phrase | None:
    """Return the likeliest object that covers a part of the image."""
    shares = [(o, evidence.share(o.box)) for o in evidence.objects if o.name != "person"]
    parts = [o for o, share in shares if MIN_OBJECT_SHARE <= share <= MAX_LIKELY_SHARE]
    if evidence.scene.outdoors:  # poppies are an umbrella (0.57)
        parts = [o for o in parts if object_class(o.name).place == "outdoor"]
    if not parts or parts[0].confidence < MIN_LIKELY_OBJECT:
        return None
    return Phrase(counted(evidence, parts[:1]), parts[0].confidence * DOUBT)


def _objects(evidence: Evidence) -> list[Object]:
    """Return the objects that a caption may be about, the most important first."""
    objects = [o for o in evidence.corroborated_objects if o.name != "person"]
    objects = [o for o in objects if not object_class(o.name).supports] or objects
    return sorted(objects, key=lambda o: -o.confidence * o.box.area)


def _plan(evidence: Evidence, subject: Phrase, objects: Sequence[Object]) -> CaptionPlan:
    """Return the plan of the first object, with what it is on or next to, and the place."""
    first, alone = objects[0], all(o.name != objects[0].name for o in objects[1:])
    others = [o for o in objects if o.name != first.name and o.confidence >= MIN_OTHER_OBJECT]
    details = _support(first, evidence.corroborated_objects)
    if not details and others:
        text = counted(evidence, [o for o in others if o.name == others[0].name])
        details = [Phrase(f"next to {text}", others[0].confidence)]
    if not details and alone and evidence.share(first.box) >= MIN_CLOSE_UP_OBJECT:
        subject = Phrase(f"a close up of {subject.text}", subject.confidence)
    generic = object_class(first.name).generic if alone else ""
    generic = article(generic) if generic and article(generic) not in subject.text else ""
    return CaptionPlan(subject, (*details, *place_and_time(evidence)), generic)


def _subject(evidence: Evidence, same: Sequence[Object]) -> Phrase | None:
    """Return the name of objects of one class, None if its confidence is low."""
    name, generic = same[0].name, object_class(same[0].name).generic
    confidence = max(o.confidence for o in same)
    joint = any_right(*(o.confidence for o in same))
    score, generic_score = map(evidence.scene.probability, (name, generic))
    certain = generic_score and confidence >= MIN_CERTAIN_OBJECT
    if score or joint >= MIN_UNCONFIRMED_OBJECT or certain:
        return Phrase(counted(evidence, same), max(confidence, score))
    if generic_score >= MIN_AGREEING_SCORE and len(same) == 1 and article(generic) != generic:
        return Phrase(article(generic), max(confidence, generic_score))
    return None


def counted(evidence: Evidence, same: Sequence[Object]) -> str:
    """Return objects of one class with their number, or a cup with its content."""
    row = object_class(same[0].name)
    if len(same) == 1 and evidence.scene.probability(row.content) >= MIN_CONTENT_SCORE:
        return article(f"{row.name.split()[-1]} of {row.content}")
    # Three more that are doubtful make a group: of seven boats one is found with 0.6 and more.
    rest = [o for o in evidence.objects if o.name == row.name and o.confidence < MIN_CONFIDENCE]
    apart = [o for o in rest if all(o.box.overlap(s.box) < o.box.area / 2 for s in same)]
    return number(row.name, row.plural, max(len(same), MIN_GROUP * (len(apart) >= MIN_GROUP - 1)))


def _support(thing: Object, others: Sequence[Object]) -> list[Phrase]:
    """Return what an object or an animal is on."""
    for support in others if not object_class(thing.name).supports else ():
        on = support.box.top < thing.box.bottom <= support.box.bottom
        covered = thing.box.overlap(support.box) >= thing.box.area / 3
        if object_class(support.name).supports and on and covered:
            words = f"on {article(support.name.removeprefix('dining '))}"
            return [Phrase(words, support.confidence)]
    return []
