"""What a sentence about a picture is of, and what more there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.evidence import Findings
from ..evidence.people import Person, count, people
from ..labels import SURE, classes
from .activities import Activity, activities
from .context import when, where
from .grammar import GROUP, article, join, number
from .objects import drawn, things
from .plan import Claim, Subject
from .scene import PATTERNS, is_place, texture, view, words_of
from .text import FILLED, covered, writing

VAGUE = 0.5
"""How much of what could be told a vaguer name tells ("a person" for "a man"), or a sentence that
has only a place or colours for its subject."""
WEARING, SURELY = 0.5, 0.8
"""How sure of clothes on a person, and of any other thing the scene model alone sees."""
SIGHT = 0.7
"""How sure of a view that words, or one doubtful person (a house's shadow, 0.6), stand before."""
CLEAR, NEAR = 0.8, 1 / 12
"""How sure, on average, the detector is of faces that look at the camera, and the least height of
them, as a share of the picture's, of people who have themselves taken."""


def subject(findings: Findings) -> Subject:
    """Return what the picture is of: people, else things, else a page, else the scene."""
    for look in (_page, _people, things, view, writing, texture):
        if found := look(findings):
            return found
    return _colours(findings)


def _page(findings: Findings) -> Subject | None:
    """Give way to a view with some words on it: a shop. On a screen the words are what it shows."""
    if not findings.is_page:
        return None
    scene = findings.scene
    other = view(findings) if covered(findings) < FILLED else None
    if other and other.claim.confidence >= SIGHT and not scene.probability("electronics"):
        return None
    return writing(findings)


def _people(findings: Findings) -> Subject | None:
    persons = people(findings)
    if not persons or _doubtful(findings, persons):
        return None
    best = next(iter(activities(persons, findings.things)), None)
    few = best is not None and len(best.persons) * 2 < len(persons)
    actors = best.persons if best and few else persons
    details = list(_wearing(findings, actors))
    handy = [claim for claim in _with(findings, actors) if not best or not _ball(findings)]
    if best:
        details.append(Claim(_doing(findings, best), best.confidence))
    elif not details and not handy:
        details += _posing(findings, persons)
    details += handy
    details += [Claim("with other people nearby", _surest(persons))] * few
    name, vague = _count(findings, actors), number("person", "people", len(actors))
    if findings.names and not few:
        name, vague = _named(findings.names, len(persons)), name
    details += [*where(findings), *when(findings)]
    return Subject(Claim(name, _surest(actors)), tuple(details), vague)


def _doubtful(findings: Findings, persons: tuple[Person, ...]) -> bool:
    """Tell whether somebody alone, without a face, is less sure than what stands there."""
    other = view(findings) if len(persons) == 1 and not findings.faces else None
    return bool(other and persons[0].confidence < SIGHT < other.claim.confidence)


def _count(findings: Findings, actors: tuple[Person, ...]) -> str:
    """Say how many, but of three no number where there may be a fourth."""
    hinted = (o for o in findings.objects if o.name == "person" and o.confidence < SURE)
    apart = (o for o in hinted if all(o.box.overlap(p.box) < o.box.area / 2 for p in actors))
    if len(actors) == GROUP - 1 and any(apart):
        return number("person", "people", GROUP)
    return count(actors)


def _doing(findings: Findings, activity: Activity) -> str:
    """Say what they do, and with what kind of ball."""
    ball = _ball(findings) if activity.rule.thing == "sports ball" else ""
    return activity.text.replace("a ball", article(ball)) if ball else activity.text


def _ball(findings: Findings) -> str:
    labels = findings.scene.labels[:1]
    sure = (w.name for w in labels if w.confidence >= SURELY and "ball" in words_of(w.name))
    return next(sure, "")


def _named(names: tuple[str, ...], persons: int) -> str:
    others = persons - len(names)
    rest = "another person" if others == 1 else "other people"
    return join([*names, *[rest][: max(0, others)]])


def _surest(persons: tuple[Person, ...]) -> float:
    return max(person.confidence for person in persons)


def _posing(findings: Findings, persons: tuple[Person, ...]) -> Iterator[Claim]:
    """People whose faces the frontal detector sees clearly and near look at the camera."""
    faces = [person.face for person in persons if person.face]
    sure = sum(face.confidence for face in faces) / len(persons)
    near = all(face.box.height >= findings.height * NEAR for face in faces)
    if sure >= CLEAR and near:
        yield Claim("posing for a photo", sure)


def _wearing(findings: Findings, persons: tuple[Person, ...]) -> Iterator[Claim]:
    if len(persons) > 1:
        return
    ties = [Claim("tie", thing.confidence) for thing in findings.things if thing.name == "tie"]
    labels = (w for w in findings.scene.labels if "clothing" in words_of(w.name))
    clothes = [Claim(w.name, w.confidence) for w in labels if w.confidence >= WEARING] + ties[:1]
    if clothes:
        names = join([article(name) for name in dict.fromkeys(c.text for c in clothes)])
        yield Claim(f"wearing {names}", min(claim.confidence for claim in clothes))


def _with(findings: Findings, persons: tuple[Person, ...]) -> Iterator[Claim]:
    """Say what one person has with them that the scene model alone knows: a tripod."""
    for label in findings.scene.labels if len(persons) == 1 else ():
        clothes = "clothing" in words_of(label.name) or label.name in PATTERNS
        if label.confidence >= SURELY and not clothes and _is_handy(label.name):
            yield Claim(f"with {article(label.name)}", label.confidence)


def _is_handy(name: str) -> bool:
    """Tell whether a label names a thing somebody may have with them, not a place or an animal."""
    row = next(row for row in classes() if row.label == name)
    return not row.place and not row.category


def colourless(findings: Findings) -> bool:
    """Tell whether a picture in one ink is grey all over, no brown print or scan."""
    return set(findings.colours.dominant) <= {"Black", "Grey", "White"}


def _colours(findings: Findings) -> Subject:
    """Say no more than the colours of a picture of which nothing is sure."""
    scene, colours = findings.scene, findings.colours
    names = list(dict.fromkeys([colours.background.lower(), colours.foreground.lower()]))
    picture = f"{article(join(names))} picture"
    if findings.drawn:
        return Subject(drawn(findings) or Claim("", findings.image_type.confidence))
    if scene.surfaces.plain:
        return Subject(Claim(picture, colours.covered), whole=True)
    if colours.grey and colourless(findings):
        return Subject(Claim("a black and white picture", VAGUE * colours.grey), whole=True)
    if is_place(scene):
        return Subject(Claim("an outdoor scene", VAGUE * scene.outdoor))
    if len(names) > 1 and not colours.black_and_white:
        picture = f"something {names[1]} on a {names[0]} background"
    return Subject(Claim(picture, VAGUE * colours.covered), whole=True)
