"""Everything the engines saw in one picture, for tags, categories and captions to speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .colours import Colours
    from .faces import Face
    from .imagetype import ImageType
    from .objects import Object
    from .scenes import Scene
    from .text import Text


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a picture of this size in pixels, engine by engine."""

    width: int
    height: int
    objects: tuple[Object, ...]
    scene: Scene
    faces: tuple[Face, ...]
    text: Text
    colours: Colours
    image_type: ImageType
    names: tuple[str, ...] = ()
    """The people recognised, left to right; empty when nobody was."""
