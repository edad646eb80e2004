"""The caption of what the scene model alone finds: a building, a mountain, a lion, a flower.

The model assigns every image to one of its 1,000 classes. The classes to which it assigns abstract
images, patterns and paintings are never in a caption (`naming` in the tables).
"""

from math import log

from ..base import LabelScore, Scene
from ..evidence.evidence import Evidence
from ..labels import (
    MIN_PLACE_SCORE,
    OBJECT_CLASSES,
    SCENE_CLASSES,
    class_count,
    highest,
    scene_class,
    word_class,
)
from .phrases import CaptionPlan, Phrase, article, night, surroundings

MIN_WORD_SCORE, WIDE_WORD_CLASSES, MIN_DOUBTFUL_WORD_SCORE = 0.5, 40, 0.65
"""The least score of a general word, and of a doubtful one: a word for 40 classes and more (noise
adds up to an animal of 0.64), or a kitchen word (flowers on white are vegetables of 0.61)."""
MIN_GENERAL_CLASSES = 9  # of a word for what is not sure, such as plant, building or furniture
MIN_KITCHEN_WORD = 0.25  # the score of food, fruit or a vegetable, which a dahlia is with 0.11
MIN_VIEW_SCORE = 0.7  # of a scene behind words or behind one doubtful person (a shadow has 0.6)
MIN_LABEL_SCORE, MIN_CERTAIN_LABEL_SCORE = 0.7, 0.95  # the second where the model confuses labels


def scene_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a caption about the scene, None if no score is high."""
    scene = evidence.scene
    if evidence.is_drawing or not scene.labels:  # the model is trained on camera images
        return None
    chosen, naming = scene.labels[0], scene_class(scene.labels[0].name).naming
    limit = MIN_CERTAIN_LABEL_SCORE if naming == "certain" else MIN_LABEL_SCORE
    if naming == "unreliable":
        return None
    if naming == "family" or chosen.confidence < limit or not _is_confirmed(evidence, chosen.name):
        words = [word for word in scene.words if _is_certain_word(evidence, word)]
        if not words:
            return None
        chosen = min(words, key=lambda word: (class_count(word.name), -word.confidence))
    text = word_class(chosen.name).phrase or article(chosen.name)
    details = night(scene)
    small = ("animal", "plant", "food", "drink")
    if all(scene.probability(word) < MIN_WORD_SCORE for word in small):
        details += surroundings(scene)
    elif not scene.outdoors:
        text = f"a close up of {text}"
    living = [w for w in ("animal", "plant") if scene.probability(w) >= MIN_DOUBTFUL_WORD_SCORE]
    generic = article(living[0]) if living and living[0] != chosen.name else ""
    return CaptionPlan(Phrase(text, chosen.confidence), tuple(details), generic)


def likeliest_word(scene: Scene) -> LabelScore | None:
    """Return the general word that is the likeliest beyond its share of the classes, if any."""

    def gain(word: LabelScore) -> float:  # squared: a vehicle of 0.50 is no tool of 0.34
        share = class_count(word.name) / len(SCENE_CLASSES)
        return word.confidence**2 * log(word.confidence / share)

    scores = highest((w.name, w.confidence) for w in (*scene.words, *scene.place_labels))
    words = [LabelScore(name, score) for name, score in scores.items() if class_count(name) > 1]
    kitchen = {w for w in words if word_class(w.name).naming == "kitchen"}
    words = [w for w in words if w.confidence >= MIN_KITCHEN_WORD or w not in kitchen]
    general = [w for w in words if class_count(w.name) >= MIN_GENERAL_CLASSES and gain(w) > 0]
    others = [w for w in words if w.confidence >= MIN_WORD_SCORE]
    return max(general or others, key=gain, default=None)


def _is_certain_word(evidence: Evidence, word: LabelScore) -> bool:
    """Return True if a caption may contain a general word, or the label of a landscape."""
    naming, count = word_class(word.name).naming, class_count(word.name)
    row = scene_class(word.name)
    if naming == "never" or (count <= 1 and (row.naming or "nature" not in row.words)):
        return False
    limit = MIN_PLACE_SCORE if evidence.scene.outdoors else MIN_WORD_SCORE
    if naming or count >= WIDE_WORD_CLASSES:
        limit = MIN_DOUBTFUL_WORD_SCORE
    return word.confidence >= limit and _is_confirmed(evidence, word.name)


def _is_confirmed(evidence: Evidence, name: str) -> bool:
    """Return True if the object model finds it too, or does not have the class."""
    # To the scene model alone, lids on a desk are a wall clock (0.90); animals and boats are right.
    words = {name, *scene_class(name).words}
    rows = [row for row in OBJECT_CLASSES.values() if row.name in words]
    found = {"boat", *(thing.name for thing in evidence.objects)}
    return not rows or any("animal" in row.words or row.name in found for row in rows)
