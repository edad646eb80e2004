"""Pictures of what the scene model alone knows: a building, a mountain, a lion, a flower.

The model must put every picture under one of its thousand classes. Those that it puts abstract
pictures, patterns and paintings under are never said, whatever it is sure of.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ..labels import MIN_PLACE_SCORE, class_count, object_classes, scene_classes
from .context import surroundings_phrase, time_phrase
from .grammar import article
from .plan import CaptionPlan, Phrase

if TYPE_CHECKING:
    from ..base import LabelScore, Scene
    from ..evidence.evidence import Evidence

KIND, WIDE, DOUBTED = 0.5, 40, 0.65
"""How sure the scene model is of a general word that a sentence may use: KIND, and DOUBTED of one
that so many classes share (noise adds up to an animal of 0.64) or that is of the kitchen (flowers
cut out on white are vegetables of 0.61 and mushrooms of 0.63)."""
LABEL, CERTAIN = 0.7, 0.95
"""How sure of a label, and of one of a family whose members it takes for each other."""
KITCHEN = frozenset(
    {"food", "fruit", "vegetable", "kitchenware", "tableware", "dessert", "mushroom"}
)
FAMILIES = frozenset(
    {
        *("bird", "bird of prey", "water bird", "fish", "frog", "lizard", "monkey"),
        *("shark", "snake", "spider", "turtle", "whale"),
    }
)
COARSE_FAMILIES = frozenset({"dog", "cat", "flower", "butterfly"})
"""Families that are called no closer: of flowers the model knows only a daisy and an orchid."""
UNRELIABLE_LABELS = frozenset(
    {
        *("book jacket", "bubble", "chainlink fence", "coil", "comic book", "crossword puzzle"),
        *("digital clock", "doormat", "envelope", "honeycomb", "jigsaw puzzle", "knot"),
        *("lampshade", "matchstick", "maze", "prayer rug", "shower curtain", "spider web"),
        *("theater curtain", "velvet", "web site", "window screen", "window shade", "wool"),
    }
)
"""What the model calls gradients, waves, tiles and paintings: of 58 wallpapers 9 wrongly, the
surest a lampshade (0.84)."""
PHRASES = {
    "nature": "a landscape",
    "water": "a body of water",
    "sea": "the sea",
    "electronics": "an electronic device",
    "clothing": "a piece of clothing",
    "furniture": "a piece of furniture",
    "fox squirrel": "a squirrel",
}
NEVER_NAMED = frozenset({"snow", "groom", "person", "light"})
"""Words for classes that show them sometimes only: a mountain may have no snow."""


def scene_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return what to say of a scene or of one living thing, nothing where none is sure."""
    scene = evidence.scene
    label = next(iter(scene.labels), None)
    if evidence.is_drawing or label is None or label.name in UNRELIABLE_LABELS:
        return None  # the model knows photographs
    if label.confidence >= _label_limit(label.name) and _seen_twice(evidence, label.name):
        chosen = label
    else:
        named = [word for word in scene.words if _is_sure(evidence, word)]
        if not named:
            return None
        chosen = min(named, key=lambda word: (class_count(word.name), -word.confidence))
    text = PHRASES.get(chosen.name) or article(chosen.name)
    details = list(time_phrase(evidence))
    if any(scene.probability(word) >= KIND for word in ("animal", "plant", "food", "drink")):
        text = text if scene.outdoors else f"a close up of {text}"
    else:
        details = [*surroundings_phrase(evidence), *details]
    return CaptionPlan(Phrase(text, chosen.confidence), tuple(details), _wider(scene, chosen))


def texture_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return that a picture is an even texture, where it is one."""
    even = 0.0 if evidence.is_drawing else evidence.scene.low_level.texture
    return CaptionPlan(Phrase("an even texture", even), skip_medium=True) if even else None


def is_place(scene: Scene) -> bool:
    """Tell whether a scene is outdoors for more than being a mushroom or a maze."""
    names = [label.name for label in scene.labels[:1]]
    still = any(
        name in UNRELIABLE_LABELS or words_of(name) & {"animal", *KITCHEN} for name in names
    )
    return scene.outdoors and not still


@cache
def words_of(label: str) -> frozenset[str]:
    """Return the general words above a label."""
    return frozenset(word for row in scene_classes() if row.label == label for word in row.words)


def _wider(scene: Scene, chosen: LabelScore) -> str:
    """Return the kingdom of a living thing, as a vaguer name of it."""
    kingdoms = [word for word in ("animal", "plant") if scene.probability(word) >= DOUBTED]
    return article(kingdoms[0]) if kingdoms and kingdoms[0] != chosen.name else ""


def _label_limit(label: str) -> float:
    """Return how sure the model must be of a label, beyond 1 for those never said."""
    words = words_of(label)
    if words & COARSE_FAMILIES:
        return 2.0
    return CERTAIN if words & FAMILIES else LABEL


def _is_sure(evidence: Evidence, word: LabelScore) -> bool:
    """Tell whether a sentence may use a general word, or the label of a landscape."""
    name, outdoors = word.name, evidence.scene.outdoors
    if name in NEVER_NAMED or (class_count(name) == 1 and "nature" not in words_of(name)):
        return False
    limit = MIN_PLACE_SCORE if outdoors else KIND
    doubted = class_count(name) >= WIDE or name in KITCHEN | {"nature", "water"}
    return word.confidence >= (DOUBTED if doubted else limit) and _seen_twice(evidence, name)


def _seen_twice(evidence: Evidence, name: str) -> bool:
    """Tell whether the object model sees a thing too, where it knows such things.

    Lids on a desk are a wall clock (0.90) to the scene model alone. Of animals it may be right.
    """
    known = {name, *words_of(name)} & set(object_classes())
    if not known or any("animal" in object_classes()[kind].words for kind in known):
        return True
    return any(thing.name in known for thing in evidence.objects)
