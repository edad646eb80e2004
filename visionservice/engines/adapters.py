"""The built-in engines as the registry loads them, until each room has its own class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .base import Object, OcrResult, RGBImage, Scene, Tag

if TYPE_CHECKING:
    from .evidence.evidence import Evidence


class _BuiltIn:
    thread_safe = True

    def load(self) -> None:
        """Do nothing: the models are loaded at their first use."""


class RuleTagger(_BuiltIn):
    """Tags by rules."""

    name = "rules"

    def tag(self, evidence: Evidence) -> Sequence[Tag]:
        """Return the tags."""
        from .tags.tagger import tags

        return tags(evidence)


class SsdMobileNetDetector(_BuiltIn):
    """Objects."""

    name = "ssd-mobilenet-v2"

    def detect(self, image: RGBImage) -> Sequence[Object]:
        """Return the objects."""
        from .objects import ssd_mobilenet

        return ssd_mobilenet.detect(image)


class RapidOcrReader(_BuiltIn):
    """Text."""

    name = "rapidocr"

    def read(self, image: RGBImage, *, detect_orientation: bool) -> OcrResult:
        """Return the text."""
        from .text import reader

        return reader.read(image, detect_orientation=detect_orientation)


class EfficientNetClassifier(_BuiltIn):
    """Scenes."""

    name = "efficientnet-lite3"

    def classify(self, image: RGBImage, objects: Sequence[Object]) -> Scene:
        """Return the scene."""
        from .scenes import classifier

        return classifier.analyze(image, objects)
