"""Who is in a picture: the bodies that the object model sees and the faces on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..captions.grammar import GROUP, join, number, plural

if TYPE_CHECKING:
    from ..base import Face
    from ..geometry import Box
    from .evidence import Evidence

BABY, CHILD, YOUNG, GROWN = 2, 12, 19, 75
"""The last year of age that each word is used for; the age model errs by four years. Old faces
tell their gender less than others do (Guo et al., "Is gender recognition affected by age?", 2009):
to this model Grace Hopper at 78 is a man (0.98)."""
TOLD = 0.75
"""The confidence in a gender from which on it is told."""
SAME = 0.4
CROWD = 12
"""From how many people on a sentence says no number."""

_WORDS = {
    "Male": ((BABY, "baby"), (CHILD, "boy"), (YOUNG, "young man"), (GROWN, "man")),
    "Open": ((BABY, "baby"), (CHILD, "child"), (YOUNG, "young person"), (GROWN, "person")),
    "Female": ((BABY, "baby"), (CHILD, "girl"), (YOUNG, "young woman"), (GROWN, "woman")),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the box of the body, else of the face; how sure; the face if it is seen."""

    box: Box
    confidence: float
    face: Face | None = None
    gender_neutral: bool = False

    @property
    def word(self) -> str:
        """What to call them, from the face's age and (unless neutral) gender, else "person"."""
        if self.face is None:
            return "person"
        doubtful = self.face.gender_confidence < TOLD
        gender = "Open" if self.gender_neutral or doubtful else self.face.gender
        words = (word for age, word in _WORDS[gender] if self.face.age <= age)
        return next(words, "older person")


def people(evidence: Evidence) -> tuple[Person, ...]:
    """Return everybody in the picture, from left to right.

    Each face is a person, with the body that it sits on best; so is each body left over. The
    object model boxes neighbours together: a body left over with several faces on it, or in the
    place of another, is nobody new.
    """
    bodies = [thing for thing in evidence.corroborated_objects if thing.name == "person"]
    found, taken = [], []
    for face in evidence.faces:
        own = [body for body in bodies if _lies_on(face.box, body.box)]
        best = min(own, key=lambda body: _beside_neck(face.box, body.box), default=None)
        alone = best and sum(_lies_on(other.box, best.box) for other in evidence.faces) == 1
        confidence = max(best.confidence if best else 0.0, face.confidence)
        box = best.box if best and alone else face.box
        found.append(Person(box, confidence, face, evidence.gender_neutral))
        taken += [best.box] if best else []
    for body in bodies:
        faces = sum(_lies_on(face.box, body.box) for face in evidence.faces)
        if faces < 2 and all(body.box.iou(other) < SAME for other in taken):
            found.append(Person(body.box, body.confidence))
    return tuple(sorted(found, key=lambda person: person.box.center[0]))


def count(persons: tuple[Person, ...]) -> str:
    """Say who they are: "a man", "a woman and two boys", "a group of people"."""
    if len(persons) >= CROWD:
        return "a crowd of people"
    words = [person.word for person in persons]
    if len(persons) >= GROUP or (len(words) > 1 and any("person" in word for word in words)):
        return number("person", "people", len(words))
    return join([number(word, plural(word), words.count(word)) for word in dict.fromkeys(words)])


def _lies_on(face: Box, body: Box) -> bool:
    across, down = face.center
    inside = body.left <= across <= body.right and body.top - face.height / 2 <= down
    return inside and down <= body.top + body.height * 0.6


def _beside_neck(face: Box, body: Box) -> float:
    """Return how far from the middle of the body the face is, in widths of the body."""
    return abs(face.center[0] - body.center[0]) / max(1, body.width)
