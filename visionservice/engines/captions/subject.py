"""What a sentence about a picture is of, and what more there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.evidence import Evidence
from ..evidence.people import Person, count, people
from ..labels import MIN_CONFIDENCE, scene_classes
from .activities import Activity, activities
from .context import place_phrase, time_phrase
from .grammar import GROUP, article, join, number
from .objects import drawn_animal, object_plan
from .plan import CaptionPlan, Phrase
from .scene import UNRELIABLE_LABELS, is_place, scene_plan, texture_plan, words_of
from .text import FILLED, covered, text_plan

VAGUE = 0.5
"""How much of what could be told a vaguer name tells ("a person" for "a man"), or a sentence that
has only a place or colours for its subject."""
WEARING, SURELY = 0.5, 0.8
"""How sure of clothes on a person, and of any other thing the scene model alone sees."""
SIGHT = 0.7
"""How sure of a view that words, or one doubtful person (a house's shadow, 0.6), stand before."""
CLEAR, NEAR = 0.8, 1 / 12
"""How sure, on average, the detector is of faces that look at the camera, and the least height of
them, as a share of the picture's, of people who have themselves taken."""


def plan_caption(evidence: Evidence) -> CaptionPlan:
    """Return what the picture is of: people, else things, else a page, else the scene."""
    for look in (_page, _people, object_plan, scene_plan, text_plan, texture_plan):
        if found := look(evidence):
            return found
    return _colors(evidence)


def _page(evidence: Evidence) -> CaptionPlan | None:
    """Give way to a view with some words on it: a shop. On a screen the words are what it shows."""
    if not evidence.is_document:
        return None
    scene = evidence.scene
    other = scene_plan(evidence) if covered(evidence) < FILLED else None
    if other and other.subject.confidence >= SIGHT and not scene.probability("electronics"):
        return None
    return text_plan(evidence)


def _people(evidence: Evidence) -> CaptionPlan | None:
    persons = people(evidence)
    if not persons or _doubtful(evidence, persons):
        return None
    best = next(iter(activities(persons, evidence.corroborated_objects)), None)
    few = best is not None and len(best.persons) * 2 < len(persons)
    actors = best.persons if best and few else persons
    details = list(_clothing(evidence, actors))
    handy = [claim for claim in _carried_items(evidence, actors) if not best or not _ball(evidence)]
    if best:
        details.append(Phrase(_doing(evidence, best), best.confidence))
    elif not details and not handy:
        details += _posing(evidence, persons)
    details += handy
    details += [Phrase("with other people nearby", _surest(persons))] * few
    name, vague = _count(evidence, actors), number("person", "people", len(actors))
    if evidence.names and not few:
        name, vague = _named(evidence.names, len(persons)), name
    details += [*place_phrase(evidence), *time_phrase(evidence)]
    return CaptionPlan(Phrase(name, _surest(actors)), tuple(details), vague)


def _doubtful(evidence: Evidence, persons: tuple[Person, ...]) -> bool:
    """Tell whether somebody alone, without a face, is less sure than what stands there."""
    other = scene_plan(evidence) if len(persons) == 1 and not evidence.faces else None
    return bool(other and persons[0].confidence < SIGHT < other.subject.confidence)


def _count(evidence: Evidence, actors: tuple[Person, ...]) -> str:
    """Say how many, but of three no number where there may be a fourth."""
    hinted = (o for o in evidence.objects if o.name == "person" and o.confidence < MIN_CONFIDENCE)
    apart = (o for o in hinted if all(o.box.overlap(p.box) < o.box.area / 2 for p in actors))
    if len(actors) == GROUP - 1 and any(apart):
        return number("person", "people", GROUP)
    return count(actors)


def _doing(evidence: Evidence, activity: Activity) -> str:
    """Say what they do, and with what kind of ball."""
    ball = _ball(evidence) if activity.rule.thing == "sports ball" else ""
    return activity.text.replace("a ball", article(ball)) if ball else activity.text


def _ball(evidence: Evidence) -> str:
    labels = evidence.scene.labels[:1]
    sure = (w.name for w in labels if w.confidence >= SURELY and "ball" in words_of(w.name))
    return next(sure, "")


def _named(names: tuple[str, ...], persons: int) -> str:
    others = persons - len(names)
    rest = "another person" if others == 1 else "other people"
    return join([*names, *[rest][: max(0, others)]])


def _surest(persons: tuple[Person, ...]) -> float:
    return max(person.confidence for person in persons)


def _posing(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    """People whose faces the frontal detector sees clearly and near look at the camera."""
    faces = [person.face for person in persons if person.face]
    sure = sum(face.confidence for face in faces) / len(persons)
    near = all(face.box.height >= evidence.height * NEAR for face in faces)
    if sure >= CLEAR and near:
        yield Phrase("posing for a photo", sure)


def _clothing(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    if len(persons) > 1:
        return
    ties = [
        Phrase("tie", thing.confidence)
        for thing in evidence.corroborated_objects
        if thing.name == "tie"
    ]
    labels = (w for w in evidence.scene.labels if "clothing" in words_of(w.name))
    clothes = [Phrase(w.name, w.confidence) for w in labels if w.confidence >= WEARING] + ties[:1]
    if clothes:
        names = join([article(name) for name in dict.fromkeys(c.text for c in clothes)])
        yield Phrase(f"wearing {names}", min(claim.confidence for claim in clothes))


def _carried_items(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    """Say what one person has with them that the scene model alone knows: a tripod."""
    for label in evidence.scene.labels if len(persons) == 1 else ():
        clothes = "clothing" in words_of(label.name) or label.name in UNRELIABLE_LABELS
        if label.confidence >= SURELY and not clothes and _is_handy(label.name):
            yield Phrase(f"with {article(label.name)}", label.confidence)


def _is_handy(name: str) -> bool:
    """Tell whether a label names a thing somebody may have with them, not a place or an animal."""
    row = next(row for row in scene_classes() if row.label == name)
    return not row.place and not row.category


def colorless(evidence: Evidence) -> bool:
    """Tell whether a picture in one ink is grey all over, no brown print or scan."""
    return set(evidence.colors.dominant) <= {"Black", "Grey", "White"}


def _colors(evidence: Evidence) -> CaptionPlan:
    """Say no more than the colours of a picture of which nothing is sure."""
    scene, colours = evidence.scene, evidence.colors
    names = list(dict.fromkeys([colours.background.lower(), colours.foreground.lower()]))
    picture = f"{article(join(names))} picture"
    if evidence.is_drawing:
        return CaptionPlan(drawn_animal(evidence) or Phrase("", evidence.image_type.confidence))
    if scene.low_level.plain:
        return CaptionPlan(Phrase(picture, colours.covered), skip_medium=True)
    if colours.gray and colorless(evidence):
        return CaptionPlan(
            Phrase("a black and white picture", VAGUE * colours.gray), skip_medium=True
        )
    if is_place(scene):
        return CaptionPlan(Phrase("an outdoor scene", VAGUE * scene.outdoor))
    if len(names) > 1 and not colours.black_and_white:
        picture = f"something {names[1]} on a {names[0]} background"
    return CaptionPlan(Phrase(picture, VAGUE * colours.covered), skip_medium=True)
