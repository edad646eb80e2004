"""People in an image: the bodies that the object model finds, joined with the faces on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..base import Face
    from ..geometry import Box
    from .evidence import Evidence

MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE = 2, 12, 19, 75
"""The last year of age for each word; the age model errs by four years. The faces of the old show
their gender less than others (Guo et al., "Is gender recognition affected by age?", 2009): the
model takes Grace Hopper at 78 for a man (0.98)."""
MIN_GENDER_CONFIDENCE = 0.75
"""The least confidence in a gender that a word may name."""
MAX_BODY_OVERLAP = 0.4
"""The overlap (intersection over union) of two boxes from which they are one body."""
MIN_CROWD = 12
"""The least number of people for which captions give no number."""

_WORDS = {
    "Male": ("baby", "boy", "young man", "man"),
    "Open": ("baby", "child", "young person", "person"),
    "Female": ("baby", "girl", "young woman", "woman"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the box of the body, or of the face without one, and the face if it is visible."""

    box: Box
    confidence: float
    face: Face | None = None
    gender_neutral: bool = False

    @property
    def word(self) -> str:
        """The word for their age and gender; "person" without a face."""
        if self.face is None:
            return "person"
        doubtful = self.face.gender_confidence < MIN_GENDER_CONFIDENCE
        gender = "Open" if self.gender_neutral or doubtful else self.face.gender
        ages = (MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE)
        words = zip(ages, _WORDS[gender], strict=True)
        return next((word for age, word in words if self.face.age <= age), "older person")


def people(evidence: Evidence) -> tuple[Person, ...]:
    """Return the people in the image, from left to right.

    Each face is a person, with the body that fits it best; so is each remaining body. The object
    model often puts neighbors into one box: a remaining body with several faces on it, or with
    the box of another body, is no further person.
    """
    bodies = [o for o in evidence.corroborated_objects if o.name == "person"]
    found, taken = [], []
    for face in evidence.faces:
        own = [body for body in bodies if _is_on(face.box, body.box)]
        best = min(own, key=lambda body: _offset(face.box, body.box), default=None)
        alone = best and sum(_is_on(other.box, best.box) for other in evidence.faces) == 1
        confidence = max(best.confidence if best else 0.0, face.confidence)
        box = best.box if best and alone else face.box
        found.append(Person(box, confidence, face, evidence.gender_neutral))
        taken += [best.box] if best else []
    for body in bodies:
        faces = sum(_is_on(face.box, body.box) for face in evidence.faces)
        if faces < 2 and all(body.box.iou(other) < MAX_BODY_OVERLAP for other in taken):
            found.append(Person(body.box, body.confidence))
    return tuple(sorted(found, key=lambda person: person.box.center[0]))


def _is_on(face: Box, body: Box) -> bool:
    """Return True if a face is where the head of a body is."""
    across, down = face.center
    inside = body.left <= across <= body.right and body.top - face.height / 2 <= down
    return inside and down <= body.top + body.height * 0.6


def _offset(face: Box, body: Box) -> float:
    """Return the horizontal distance of a face from the center of a body, in widths of the body."""
    return abs(face.center[0] - body.center[0]) / max(1, body.width)
