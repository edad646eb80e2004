"""What a sentence about a picture is of, and what more there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from .activities import activities
from .circumstances import Claim, around, when, where
from .findings import PAGE, Findings
from .grammar import article, join, number
from .people import Person, count, people
from .vocabulary import OUTDOORS, SURE, classes, kinds, spread

if TYPE_CHECKING:
    from .objects import Object

VAGUE = 0.5
"""How much of what could be told a vaguer name tells ("a person" for "a man"), or a sentence that
has only a place or colours for its subject."""
KIND = 0.5
"""How sure the scene model is of a general word that a sentence may use; of a label, SURE."""
QUOTED = 8
"""How many words of a text a sentence repeats."""
WEARING, SURELY = 0.5, 0.8
"""How sure of clothes on a person, and of any other thing the scene model alone sees."""
CLEAR = 0.8
"""How sure, on average, the detector is of faces that look at the camera."""
CLOSE = 0.6
"""The share of the picture from which on a thing is shown close up."""

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


@dataclass(frozen=True, slots=True)
class Subject:
    """What a sentence is of, what may be added, in the order of the words, and a vaguer name.

    `whole`: the words themselves say what kind of picture it is.
    """

    claim: Claim
    details: tuple[Claim, ...] = ()
    vague: str = ""
    whole: bool = False


def subject(findings: Findings) -> Subject:
    """Return what the picture is of: people, else things, else a page, else the scene."""
    for look in (_page, _people, _things, _scene, _texture):
        if found := look(findings):
            return found
    return _colours(findings)


def _people(findings: Findings) -> Subject | None:
    persons = people(findings)
    if not persons:
        return None
    best = next(iter(activities(persons, findings.things)), None)
    few = best is not None and len(best.persons) * 2 < len(persons)
    actors = best.persons if best and few else persons
    details = list(_wearing(findings, actors))
    if best:
        details.append(Claim(best.text, best.confidence))
    elif not details:
        details += _posing(persons)
    details += [Claim("with other people nearby", _surest(persons))] * few
    name, vague = count(actors), number("person", "people", len(actors))
    if findings.names and not few:
        name, vague = _named(findings.names, len(persons)), name
    details += [*where(findings), *when(findings)]
    return Subject(Claim(name, _surest(actors)), tuple(details), vague)


def _named(names: tuple[str, ...], persons: int) -> str:
    others = persons - len(names)
    rest = "another person" if others == 1 else "other people"
    return join([*names, *[rest][: max(0, others)]])


def _surest(persons: tuple[Person, ...]) -> float:
    return max(person.confidence for person in persons)


def _posing(persons: tuple[Person, ...]) -> Iterator[Claim]:
    """People whose faces the frontal detector sees clearly look at the camera."""
    clear = [person.face.confidence if person.face else 0.0 for person in persons]
    sure = sum(clear) / len(clear)
    if sure >= CLEAR:
        yield Claim("posing for a photo", sure)


def _wearing(findings: Findings, persons: tuple[Person, ...]) -> Iterator[Claim]:
    if len(persons) > 1:
        return
    ties = [Claim("tie", thing.confidence) for thing in findings.things if thing.name == "tie"]
    labels = [Claim(w.name, w.confidence) for w in findings.scene.labels if w.confidence >= WEARING]
    clothes = [label for label in labels if "clothing" in _words_of(label.text)] + ties[:1]
    if clothes:
        names = join([article(name) for name in dict.fromkeys(c.text for c in clothes)])
        yield Claim(f"wearing {names}", min(claim.confidence for claim in clothes))
    for label in labels:
        if label.confidence >= SURELY and label not in clothes and _is_handy(label.text):
            yield Claim(f"with {article(label.text)}", label.confidence)


def _is_handy(name: str) -> bool:
    """Tell whether a label names a thing somebody may have with them, not a place or an animal."""
    row = next(row for row in classes() if row.label == name)
    return not row.place and not row.category


@cache
def _words_of(label: str) -> frozenset[str]:
    return frozenset(word for row in classes() if row.label == label for word in row.words)


def _things(findings: Findings) -> Subject | None:
    things = [t for t in findings.things if t.name != "person"]
    shown = [t for t in things if t.name not in SUPPORTS] or things
    shown.sort(key=lambda thing: -thing.confidence * thing.box.area)
    if not shown or findings.share(shown[0].box) < 0.01:
        return None
    first = [thing for thing in shown if thing.name == shown[0].name]
    other = [thing for thing in shown if thing.name != shown[0].name]
    details = list(_support(first[0], things))
    if other and not details:
        same = [thing for thing in other if thing.name == other[0].name]
        details.append(Claim(f"next to {_counted(findings, same)}", other[0].confidence))
    details += [*where(findings), *when(findings)]
    vague = next((word for word in reversed(kinds()[first[0].name].words) if word in GENERAL), "")
    sure = max(thing.confidence for thing in first)
    name = _counted(findings, first)
    if not details and len(first) == 1 and findings.share(first[0].box) >= CLOSE:
        name = f"a close up of {name}"
    return Subject(
        Claim(name, sure),
        tuple(details),
        article(vague) if vague and len(first) == 1 else "",
    )


def _counted(findings: Findings, things: list[Object]) -> str:
    name = things[0].name
    for (thing, content), full in CONTENTS.items():
        if thing == name and len(things) == 1 and findings.scene.probability(content) >= KIND:
            return article(full)
    return number(name, kinds()[name].plural, len(things))


def _support(thing: Object, things: list[Object]) -> Iterator[Claim]:
    """Say what a thing stands or an animal sits on."""
    for under in things:
        if under.name in SUPPORTS and thing.name not in SUPPORTS:
            inside = under.box.top < thing.box.bottom <= under.box.bottom
            if inside and thing.box.overlap(under.box) >= thing.box.area / 3:
                sits = "sitting on" if "animal" in kinds()[thing.name].words else "on"
                name = under.name.removeprefix("dining ")
                yield Claim(f"{sits} {article(name)}", under.confidence)
                return


def _page(findings: Findings) -> Subject | None:
    if not findings.is_page:
        return None
    lines = findings.text.lines
    sure = sum(line.confidence for line in lines) / len(lines)
    words = " ".join(line.text for line in lines).replace('"', "").split()
    quote = " ".join(words[:QUOTED]) + (" ..." if len(words) > QUOTED else "")
    name = "a page of text" if findings.words_read >= PAGE else "a close up of text"
    return Subject(Claim(name, sure), (Claim(f'that reads "{quote}"', sure),), "text", whole=True)


def _scene(findings: Findings) -> Subject | None:
    scene = findings.scene
    if findings.drawn:
        return None  # the model knows photographs
    label = next(iter(scene.labels), None)
    limit = KIND if not scene.outdoors else OUTDOORS
    named = [w for w in scene.words if w.confidence >= limit and spread(w.name) > 1]
    if label and label.confidence >= SURE and not _words_of(label.name) & {"dog", "cat"}:
        chosen = label
    elif named:
        chosen = min(named, key=lambda word: (spread(word.name), -word.confidence))
    else:
        return None
    details = list(when(findings))
    text = article(chosen.name)
    if any(scene.probability(word) >= limit for word in ("animal", "plant", "food", "drink")):
        text = text if scene.outdoors else f"a close up of {text}"
    else:
        details = [*around(findings), *details]
    return Subject(Claim(text, chosen.confidence), tuple(details))


def _texture(findings: Findings) -> Subject | None:
    even = 0.0 if findings.drawn else findings.scene.surfaces.texture
    return Subject(Claim("an even texture", even), whole=True) if even else None


def _colours(findings: Findings) -> Subject:
    """Say no more than the colours of a picture of which nothing is sure."""
    scene, colours = findings.scene, findings.colours
    names = list(dict.fromkeys([colours.background.lower(), colours.foreground.lower()]))
    picture = f"{article(join(names))} picture"
    if findings.drawn:
        return Subject(Claim("", findings.image_type.confidence))
    if scene.surfaces.plain:
        return Subject(Claim(picture, colours.covered), whole=True)
    if colours.grey:
        return Subject(Claim("a black and white picture", VAGUE * colours.grey), whole=True)
    if scene.outdoors:
        return Subject(Claim("an outdoor scene", VAGUE * scene.outdoor))
    if len(names) > 1:
        picture = f"something {names[1]} on a {names[0]} background"
    return Subject(Claim(picture, VAGUE * colours.covered))
