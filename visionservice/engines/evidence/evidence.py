"""Everything the engines saw in one picture, for tags, categories and captions to speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..labels import MIN_CONFIDENCE, class_count, object_classes

if TYPE_CHECKING:
    from ..base import Colors, Face, ImageType, Object, OcrResult, Scene
    from ..geometry import Box

CERTAIN = 0.9
SUBJECT, LARGE = 0.8, 0.08
"""A scene this sure of its subject outweighs a thing of this share of the picture that is less
than CERTAIN: in a photograph of a daisy (0.93) the petals are bananas (0.70) to the object model.
Of animals the scene model knows four hundred and the object model ten: a cheetah (0.97) outweighs
a bird (1.00)."""
UNSEEN = 0.95
"""A large thing less sure than this, of a kind that the scene model knows and does not see, is
none: abstract wallpapers are umbrellas (0.92) and airplanes (0.86) to the object model."""
TEXT, PAGE = 2, 20
"""From how many words on a picture has text (a single word may be a misread pattern), and from
how many it is a page."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found in a picture of this size in pixels, engine by engine."""

    width: int
    height: int
    objects: tuple[Object, ...]
    scene: Scene
    faces: tuple[Face, ...]
    text: OcrResult
    colors: Colors
    image_type: ImageType
    names: tuple[str, ...] = ()
    """The people recognised, left to right; empty when nobody was."""
    gender_neutral: bool = False
    """Whether to leave open who is a man and who a woman."""

    @property
    def corroborated_objects(self) -> tuple[Object, ...]:
        """The objects sure enough to speak of, the surest first; of a drawing none.

        The model knows photographs: of 74 things that it was sure of in drawings (the stamps of
        `imagetype`) 13 were there.
        """
        if self.is_drawing:
            return ()
        return tuple(
            o for o in self.objects if o.confidence >= MIN_CONFIDENCE and not self._outweighs(o)
        )

    @property
    def word_count(self) -> int:
        """How many words the text engine read."""
        return sum(len(line.words) for line in self.text.lines)

    @property
    def is_document(self) -> bool:
        """Whether what the picture shows is writing: words, and nobody and nothing else."""
        sure = max((thing.confidence for thing in self.corroborated_objects), default=0.0)
        limit = CERTAIN if self.word_count >= PAGE else 0.0
        return self.word_count >= TEXT and sure <= limit and not self.faces

    @property
    def is_drawing(self) -> bool:
        """Whether the picture is a drawing or clip art, not a photograph."""
        return self.image_type.line_drawing > 0 or self.image_type.clip_art >= 2

    def share(self, box: Box) -> float:
        """Return the share of the picture that a box covers, 0 to 1."""
        return box.area / (self.width * self.height)

    def _outweighs(self, thing: Object) -> bool:
        """Tell whether the scene speaks against a thing that fills much of the picture."""
        if self.share(thing.box) < LARGE or thing.name in ("person", "dining table"):
            return False
        agreed = self.scene.probability(thing.name)
        if thing.confidence < UNSEEN and not agreed and class_count(thing.name):
            return True
        animal = self.scene.probability("animal")
        if "animal" in object_classes()[thing.name].words and animal >= MIN_CONFIDENCE:
            return agreed < animal / 4
        subject = max((label.confidence for label in self.scene.labels), default=0.0)
        return thing.confidence < CERTAIN and subject >= SUBJECT and agreed < SUBJECT / 2
