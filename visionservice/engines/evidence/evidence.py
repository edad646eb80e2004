"""Evidence: one image, the results of all engines, and the people in it, for captions and tags."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat, starmap
from typing import TYPE_CHECKING, Any

from ..base import Colors, Face, ImageType, LabelScore, Object, OcrResult, Pose, RGBImage, Scene
from ..geometry import Box, Size, shrink
from ..labels import (
    MIN_CONFIDENCE,
    any_right,
    class_count,
    has_class,
    is_kind_of_animal,
    object_class,
)

MIN_CERTAIN_OBJECT = 0.9
MIN_SUBJECT_SCORE, MIN_LARGE_SHARE = 0.8, 0.08
"""A scene label with this score outweighs an object of this share of the image that is less than
MIN_CERTAIN_OBJECT: on a daisy (0.93) the object model finds bananas (0.70). The scene model has
four hundred animals and the object model ten: a cheetah (0.97) outweighs a bird (1.00)."""
MIN_UNCONFIRMED_OBJECT = 0.95
"""A large object below this, of a class that the scene model has and does not find, is none: on
abstract wallpapers the object model finds umbrellas (0.92) and airplanes (0.86)."""
MIN_AGREEING_SCORE = 0.3
"""The least score of the scene model for an object below the threshold (an apple has 0.41, and 0.56
in the object model), and for a generic name that replaces the name."""
MIN_RARE_ANIMAL, MIN_DOUBTFUL_ANIMAL = 0.85, 0.5
"""The scene model has no giraffe and one color of horse: it does not contradict one that the object
model finds with the second confidence."""
MIN_OTHER_ANIMAL = 0.75
"""The score of the scene model for the box of an animal, from which it decides which one it is: of
four cats (0.88 to 0.36) it takes two for dogs (0.95, 0.81), and rightly."""
MIN_TEXT_WORDS, MIN_PAGE_WORDS = 2, 20
"""Of text (a single word may be a misread pattern) and of a page; more words are not read."""
MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE = 2, 12, 19, 75
"""The last year of age for each word; the age model errs by four years. The faces of the old show
their gender less than others (Guo et al., "Is gender recognition affected by age?", 2009): the
model takes Grace Hopper at 78 for a man (0.98)."""
MIN_GENDER_CONFIDENCE = 0.75  # in a gender that a word may name
MIN_PART_OVERLAP, MIN_CERTAIN_PART, MIN_SAME_ANIMAL_OVERLAP = 0.9, 0.7, 0.7
"""Of the head of a bird, which is a second bird (0.65), and of a cat (0.69) that is a dog too."""
MAX_BODY_OVERLAP = 0.4  # the intersection over union from which two boxes are one body
MAX_WORKING_PIXELS = 1_200_000  # from which the tags and captions of a larger image are made
_WORDS = {
    "Male": ("baby", "boy", "young man", "man", "older person"),
    "Open": ("baby", "child", "young person", "person", "older person"),
    "Female": ("baby", "girl", "young woman", "woman", "older person"),
}


class Evidence:
    """One image and what the engines find in it; each engine runs when its result is first read.

    Args:
        source: The object whose attributes are the results: an `ImageAnalysis`.
        results: Results that replace those of the source.
    """

    image: RGBImage
    size: Size  # the width and height of the image in pixels
    working: RGBImage  # the image with at most MAX_WORKING_PIXELS
    objects: tuple[Object, ...]  # with a confidence of 0.3 and more, the most confident first
    faces: tuple[Face, ...]  # the largest first
    text: OcrResult  # the first lines only, with about MIN_PAGE_WORDS words; no regions or rows
    scene: Scene
    colors: Colors
    image_type: ImageType
    names: tuple[str, ...]  # the recognized people, from left to right
    pose: Callable[[Box], Pose]  # of the person in a box

    def __init__(self, source: object = None, /, **results: Any) -> None:
        vars(self).update(results, _source=source)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return getattr(vars(self).get("_source"), name)

    def with_results(self, **results: Any) -> Evidence:
        """Return evidence in which these results replace those of the engines."""
        return Evidence(self, **results)

    @property
    def corroborated_objects(self) -> tuple[Object, ...]:
        """The objects that the scene confirms or does not contradict, the most confident first."""
        if self.is_drawing:  # of 74 confident objects in drawings 13 were there
            return ()
        words = chain(self.scene.object_words, repeat(()))
        found = starmap(self._weigh, zip(self.objects, words, strict=False))
        kept = sorted(
            (o for o in found if o.confidence >= MIN_CONFIDENCE), key=lambda o: -o.confidence
        )
        return tuple(o for o in kept if not any(self._is_same(o, other) for other in kept))

    @property
    def word_count(self) -> int:
        """The number of words of text, at most those of the first lines."""
        return sum(len(line.words) for line in self.text.lines)

    @property
    def is_document(self) -> bool:
        """Whether the image shows words and nothing else."""
        best = max((o.confidence for o in self.corroborated_objects), default=0.0)
        if self.faces or best > MIN_CERTAIN_OBJECT or self.word_count < MIN_TEXT_WORDS:
            return False  # reading text is slow, and so comes last
        return best == 0 or self.word_count >= MIN_PAGE_WORDS

    @property
    def is_drawing(self) -> bool:
        """Whether the image is a drawing, but for clip art of a thing that the scene shows."""
        known = any(each.confidence >= MIN_SUBJECT_SCORE for each in self.scene.labels[:1])
        return self.image_type.line_drawing > 0 or (self.image_type.clip_art >= 2 and not known)

    @property
    def people(self) -> tuple[Person, ...]:
        """The people in the image, from left to right.

        Each face is a person, with the body that fits it best; so is each other body. The object
        model often puts neighbors into one box: a body with several faces on it, or with the box of
        another body, is no further person.
        """
        bodies = [o for o in self.corroborated_objects if o.name == "person"]
        faces_on = {body: [f for f in self.faces if _is_on(f.box, body.box)] for body in bodies}
        found, taken = [], []
        for face in self.faces:
            own = [body for body in bodies if face in faces_on[body]]
            middle, best = face.box.center[0], None
            if own:  # the one whose center is the nearest, in widths of the body
                best = min(own, key=lambda o: abs(middle - o.box.center[0]) / max(1, o.box.width))
            confidence = max(best.confidence if best else 0.0, face.confidence)
            box = best.box if best and len(faces_on[best]) == 1 else face.box
            found.append(Person(box, confidence, face))
            taken += [best.box] if best else []
        for body, faces in faces_on.items():
            if len(faces) < 2 and all(body.box.iou(other) < MAX_BODY_OVERLAP for other in taken):
                found.append(Person(body.box, body.confidence))
        return tuple(sorted(found, key=lambda person: person.box.center[0]))

    @property
    def is_portrait(self) -> bool:
        """Whether there is one person, with a large face."""
        face = self.people[0].face if len(self.people) == 1 else None
        return face is not None and face.box.height > self.size[1] / 6

    def share(self, box: Box) -> float:
        """Return the share of the image that a box covers, 0 to 1."""
        return box.area / (self.size[0] * self.size[1])

    def resized(self, max_pixels: int) -> RGBImage:
        """Return the image with at most this many pixels."""
        small = max_pixels <= MAX_WORKING_PIXELS
        return shrink(self.working if small else self.image, max_pixels)

    def _is_same(self, thing: Object, other: Object) -> bool:
        """Return True if an object is a part of another, or an animal that has a better name."""
        if thing.name == other.name:
            inside = thing.box.overlap(other.box) >= MIN_PART_OVERLAP * thing.box.area
            return inside and thing.confidence < min(other.confidence, MIN_CERTAIN_PART)
        animals = "animal" in thing.words and "animal" in other.words
        score, better = ((self.scene.probability(o.name), o.confidence) for o in (thing, other))
        return animals and score < better and thing.box.iou(other.box) >= MIN_SAME_ANIMAL_OVERLAP

    def _weigh(self, thing: Object, words: Sequence[LabelScore]) -> Object:
        """Return an object named by the scene model on its box, or weighed on the whole image."""
        scores = {word.name: word.confidence for word in words}  # the highest first
        animal, same = scores.get("animal", 0.0), scores.get(thing.name, 0.0)
        other = next((name for name in scores if "animal" in object_class(name).words), "")
        if same >= MIN_AGREEING_SCORE and same >= scores.get(other, 0.0):
            return replace(thing, confidence=any_right(same, thing.confidence))
        if animal < MIN_OTHER_ANIMAL or not has_class(thing.name):
            return replace(thing, confidence=self._confidence(thing))
        if scores.get(other, 0.0) >= MIN_OTHER_ANIMAL:
            return replace(thing, name=other, confidence=scores[other])
        return replace(thing, confidence=thing.confidence if same >= animal / 4 else 0.0)

    def _confidence(self, thing: Object) -> float:
        """Return the confidence of an object after the scene: higher, the same, or 0."""
        score, animal = self.scene.probability(thing.name), "animal" in thing.words
        if thing.confidence < MIN_CONFIDENCE:
            return any_right(score, thing.confidence) if score >= MIN_AGREEING_SCORE else 0.0
        if self.share(thing.box) < MIN_LARGE_SHARE or thing.name in ("person", "dining table"):
            return thing.confidence
        if animal and not has_class(thing.name):
            stands = score > 0 or thing.confidence >= MIN_RARE_ANIMAL
            return thing.confidence * (stands and not self._shows_another_animal())
        animals = self.scene.probability("animal")
        if thing.confidence < MIN_UNCONFIRMED_OBJECT and not score and class_count(thing.name):
            unsure = animal and MIN_DOUBTFUL_ANIMAL <= animals < MIN_CONFIDENCE
            in_place = self.scene.outdoors and object_class(thing.name).place == "outdoor"
            limit = MIN_RARE_ANIMAL if unsure else MIN_CERTAIN_OBJECT
            return thing.confidence * ((unsure or in_place) and thing.confidence >= limit)
        if animal and animals >= MIN_CONFIDENCE:
            return thing.confidence * (score >= animals / 4)
        subject = max((label.confidence for label in self.scene.labels), default=0.0)
        certain = thing.confidence >= MIN_CERTAIN_OBJECT or score >= MIN_SUBJECT_SCORE / 2
        return thing.confidence * (certain or subject < MIN_SUBJECT_SCORE)

    def _shows_another_animal(self) -> bool:
        """Return True if the scene is of a kind of animal that is not found."""
        found = {o.name for o in self.objects}
        words = (w for w in self.scene.words if w.confidence >= MIN_OTHER_ANIMAL)
        return any(is_kind_of_animal(w.name) and w.name not in found for w in words)


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the box of the body, or of the face without one, and the face if it is visible."""

    box: Box
    confidence: float
    face: Face | None = None

    @property
    def has_body(self) -> bool:
        """Whether the box is that of the body."""
        return self.face is None or self.box != self.face.box

    @property
    def word(self) -> str:
        """The word for their age and gender; "person" without a face."""
        if self.face is None:
            return "person"
        certain = self.face.gender_confidence >= MIN_GENDER_CONFIDENCE
        words = _WORDS[self.face.gender if certain else "Open"]
        ages = (MAX_BABY_AGE, MAX_CHILD_AGE, MAX_YOUNG_AGE, MAX_ADULT_AGE)
        return words[bisect_left(ages, self.face.age)]


def _is_on(face: Box, body: Box) -> bool:
    """Return True if a face is where the head of a body is."""
    across, down = face.center
    inside = body.left <= across <= body.right and body.top - face.height / 2 <= down
    return inside and down <= body.top + body.height * 0.6
