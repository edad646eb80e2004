"""People in an image: the bodies that the object model finds, joined with the faces on them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ..base import Face
from ..geometry import Box
from .evidence import Evidence

MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE = 2, 12, 19, 75
"""The last year of age for each word; the age model errs by four years. The faces of the old show
their gender less than others (Guo et al., "Is gender recognition affected by age?", 2009): the
model takes Grace Hopper at 78 for a man (0.98)."""
MIN_GENDER_CONFIDENCE = 0.75  # in a gender that a word may name
MAX_BODY_OVERLAP = 0.4  # the intersection over union from which two boxes are one body

_WORDS = {
    "Male": ("baby", "boy", "young man", "man", "older person"),
    "Open": ("baby", "child", "young person", "person", "older person"),
    "Female": ("baby", "girl", "young woman", "woman", "older person"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the box of the body, or of the face without one, and the face if it is visible."""

    box: Box
    confidence: float
    face: Face | None = None

    @property
    def word(self) -> str:
        """The word for their age and gender; "person" without a face."""
        if self.face is None:
            return "person"
        certain = self.face.gender_confidence >= MIN_GENDER_CONFIDENCE
        words = _WORDS[self.face.gender if certain else "Open"]
        ages = (MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE)
        return words[bisect_left(ages, self.face.age)]


def people(evidence: Evidence) -> tuple[Person, ...]:
    """Return the people in the image, from left to right.

    Each face is a person, with the body that fits it best; so is each remaining body. The object
    model often puts neighbors into one box: a remaining body with several faces on it, or with
    the box of another body, is no further person.
    """
    bodies = [o for o in evidence.corroborated_objects if o.name == "person"]
    faces_on = {body: [f for f in evidence.faces if _is_on(f.box, body.box)] for body in bodies}
    found, taken = [], []
    for face in evidence.faces:
        own = [body for body in bodies if face in faces_on[body]]
        best = min(own, key=lambda body: _offset(face.box, body.box), default=None)
        confidence = max(best.confidence if best else 0.0, face.confidence)
        box = best.box if best and len(faces_on[best]) == 1 else face.box
        found.append(Person(box, confidence, face))
        taken += [best.box] if best else []
    for body, faces in faces_on.items():
        if len(faces) < 2 and all(body.box.iou(other) < MAX_BODY_OVERLAP for other in taken):
            found.append(Person(body.box, body.confidence))
    return tuple(sorted(found, key=lambda person: person.box.center[0]))


def is_portrait(evidence: Evidence, persons: Sequence[Person]) -> bool:
    """Return True if there is one person, with a large face."""
    face = persons[0].face if len(persons) == 1 else None
    return face is not None and face.box.height > evidence.height / 6


def _is_on(face: Box, body: Box) -> bool:
    """Return True if a face is where the head of a body is."""
    across, down = face.center
    inside = body.left <= across <= body.right and body.top - face.height / 2 <= down
    return inside and down <= body.top + body.height * 0.6


def _offset(face: Box, body: Box) -> float:
    """Return the horizontal distance of a face from the center of a body, in widths of the body."""
    return abs(face.center[0] - body.center[0]) / max(1, body.width)
