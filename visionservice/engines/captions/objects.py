"""Pictures of things and animals: which of them, how many, on or beside what.

A thing that is what the whole picture is of must be seen by both models, or be beyond doubt. Of
110 photographs and wallpapers the object model alone saw, wrongly, a kite (0.92) and scissors
(0.83) in waves of colour, a cake (0.65) in an anemone, a suitcase (0.76) in a gas cylinder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING

from ..evidence.evidence import MIN_CERTAIN_OBJECT
from ..labels import MIN_CONFIDENCE, object_classes
from .context import place_phrase, time_phrase
from .grammar import article, number
from .plan import CaptionPlan, Phrase

if TYPE_CHECKING:
    from ..base import Object
    from ..evidence.evidence import Evidence

ALONE, RELATED = 0.95, 0.3
"""How sure the object model is of a thing that the scene model does not see; and the scene model
of a word for its kind, which is then said instead."""
SEEN = 0.3
"""How sure both models are of a thing that neither is sure of: an apple, 0.56 and 0.41."""
BESIDE = 0.7
"""How sure the object model is of a second thing."""
SMALL, CLOSE = 0.01, 0.6
"""The shares of the picture under which a thing is not worth a sentence, and from which on it is
shown close up."""
GENERAL = frozenset(
    {
        *("animal", "appliance", "bag", "clothing", "electronics", "food", "furniture", "plant"),
        *("seat", "sign", "tableware", "tool", "toy", "vehicle"),
    }
)
"""What a thing may be called for short; other words of `objects.csv` are of what it is for: a
skateboard is no sport."""
SUPPORTS = ("dining table", "couch", "bed", "chair", "bench")
CONTENTS = {("cup", "coffee"): "cup of coffee", ("wine glass", "wine"): "glass of wine"}
FULL = 0.5
"""How sure the scene model is of what is in a cup."""


def object_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return what to say of the things in a picture, nothing where none is sure."""
    shown = [
        t
        for t in (*evidence.corroborated_objects, *_weak_agreements(evidence))
        if t.name != "person"
    ]
    shown = [t for t in shown if t.name not in SUPPORTS] or shown
    shown.sort(key=lambda thing: -thing.confidence * thing.box.area)
    if not shown or evidence.share(shown[0].box) < SMALL:
        return None
    first = [thing for thing in shown if thing.name == shown[0].name]
    name, sure = _name(evidence, first)
    if not name:
        return None
    details = _beside(evidence, first, shown)
    if not details and len(first) == 1 and evidence.share(first[0].box) >= CLOSE:
        name = f"a close up of {name}"
    short = article(_short(first[0])) if len(first) == 1 and _short(first[0]) else ""
    details += [*place_phrase(evidence), *time_phrase(evidence)]
    return CaptionPlan(Phrase(name, sure), tuple(details), short if short not in name else "")


def drawn_animal(evidence: Evidence) -> Phrase | None:
    """Name the animal that is drawn, where both models are sure of it though they know photographs.

    Of 183 drawn stamps these are four, and right: a crow, a magpie, a bear, a horse. Other things
    would be wrong: a circus tent is an umbrella to both.
    """
    for thing in evidence.objects if evidence.is_drawing else ():
        if thing.confidence >= ALONE and "animal" in object_classes()[thing.name].words:
            for word in (thing.name, "animal"):
                seen = evidence.scene.probability(word)
                if seen >= BESIDE:
                    return Phrase(article(word), min(seen, thing.confidence))
    return None


def _weak_agreements(evidence: Evidence) -> Iterator[Object]:
    """Give the things that neither model is sure of, and both see."""
    for thing in () if evidence.is_drawing else evidence.objects:
        seen = evidence.scene.probability(thing.name)
        together = 1 - (1 - seen) * (1 - thing.confidence)
        if SEEN <= thing.confidence < MIN_CONFIDENCE <= together and seen >= SEEN:
            yield thing


def _name(evidence: Evidence, first: Sequence[Object]) -> tuple[str, float]:
    """Say what things of one kind are, as far as it is sure, and how sure that is."""
    thing, scene = first[0], evidence.scene
    sure = max(thing.confidence for thing in first)
    together = 1 - prod(1 - thing.confidence for thing in first)
    seen, related = scene.probability(thing.name), scene.probability(_short(thing))
    if seen or together >= ALONE or (related and sure >= MIN_CERTAIN_OBJECT):
        return _counted(evidence, first), max(sure, seen)
    if related >= RELATED and len(first) == 1 and article(_short(thing)) != _short(thing):
        return article(_short(thing)), max(sure, related)
    return "", 0.0


def _beside(evidence: Evidence, first: Sequence[Object], shown: Sequence[Object]) -> list[Phrase]:
    """Say what the first of the things is on, or else next to."""
    on = list(_support(first[0], evidence.corroborated_objects))
    other = [t for t in shown if t.name != first[0].name and t.confidence >= BESIDE]
    if other and not on:
        same = [thing for thing in other if thing.name == other[0].name]
        on.append(Phrase(f"next to {_counted(evidence, same)}", other[0].confidence))
    return on


def _short(thing: Object) -> str:
    return next(
        (word for word in reversed(object_classes()[thing.name].words) if word in GENERAL), ""
    )


def _counted(evidence: Evidence, same: Sequence[Object]) -> str:
    name = same[0].name
    for (thing, content), full in CONTENTS.items():
        if thing == name and len(same) == 1 and evidence.scene.probability(content) >= FULL:
            return article(full)
    return number(name, object_classes()[name].plural, len(same))


def _support(thing: Object, others: Sequence[Object]) -> Iterator[Phrase]:
    """Say what a thing stands or an animal sits on."""
    for under in others:
        if under.name in SUPPORTS and thing.name not in SUPPORTS:
            inside = under.box.top < thing.box.bottom <= under.box.bottom
            if inside and thing.box.overlap(under.box) >= thing.box.area / 3:
                sits = "sitting on" if "animal" in object_classes()[thing.name].words else "on"
                name = under.name.removeprefix("dining ")
                yield Phrase(f"{sits} {article(name)}", under.confidence)
                return
