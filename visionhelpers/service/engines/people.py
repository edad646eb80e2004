"""Who is in a picture: the bodies that the object model sees and the faces on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .grammar import GROUP, join, number, plural

if TYPE_CHECKING:
    from .boxes import Box
    from .faces import Face
    from .findings import Findings

BABY, CHILD, YOUNG, OLD = 2, 12, 19, 150
"""The last year of age that each word is used for; the age model errs by four years."""
CROWD = 12
"""From how many people on a sentence says no number."""

_WORDS = {
    "Male": ((BABY, "baby"), (CHILD, "boy"), (YOUNG, "young man"), (OLD, "man")),
    "Female": ((BABY, "baby"), (CHILD, "girl"), (YOUNG, "young woman"), (OLD, "woman")),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the box of the body, else of the face; how sure; the face if it is seen."""

    box: Box
    confidence: float
    face: Face | None = None

    @property
    def word(self) -> str:
        """What to call them, from the face's age and gender, else "person"."""
        if self.face is None:
            return "person"
        return next(word for age, word in _WORDS[self.face.gender] if self.face.age <= age)


def people(findings: Findings) -> tuple[Person, ...]:
    """Return everybody in the picture, from left to right.

    Each face is a person; so is each body that no face lies on. A face lies on a body when its
    middle is in the body's upper half; the object model boxes neighbours together, so one body
    may carry several faces, and then only the faces count.
    """
    bodies = [thing for thing in findings.things if thing.name == "person"]
    found = []
    for face in findings.faces:
        own = [body for body in bodies if _lies_on(face.box, body.box)]
        single = [b for b in own if sum(_lies_on(f.box, b.box) for f in findings.faces) == 1]
        confidence = max((body.confidence for body in own), default=face.confidence)
        found.append(Person(single[0].box if single else face.box, confidence, face))
    for body in bodies:
        if not any(_lies_on(face.box, body.box) for face in findings.faces):
            found.append(Person(body.box, body.confidence))
    return tuple(sorted(found, key=lambda person: person.box.centre[0]))


def count(persons: tuple[Person, ...]) -> str:
    """Say who they are: "a man", "a woman and two boys", "a group of people"."""
    if len(persons) >= CROWD:
        return "a crowd of people"
    words = [person.word for person in persons]
    if len(persons) >= GROUP or (len(words) > 1 and "person" in words):
        return number("person", "people", len(words))
    return join([number(word, plural(word), words.count(word)) for word in dict.fromkeys(words)])


def _lies_on(face: Box, body: Box) -> bool:
    across, down = face.centre
    inside = body.left <= across <= body.right and body.top - face.height / 2 <= down
    return inside and down <= body.top + body.height * 0.5
