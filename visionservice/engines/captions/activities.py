"""What people do with things, told from where the boxes stand: `activities.csv`, first row first.

Measured against nothing but geometry: a rider's board is below the rider's middle, a caller's
telephone is at the face, a seat is under the lower half of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..labels import read_table

if TYPE_CHECKING:
    from ..base import Object
    from ..evidence.people import Person
    from ..geometry import Box

Stands = Callable[["Person", "Box"], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of `activities.csv`: a thing, where it stands, what one or many people then do."""

    thing: str
    where: str
    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What some of the people do, who they are, and how sure the things are that show it."""

    rule: Rule
    persons: tuple[Person, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words, beginning with a verb or a preposition."""
        return self.rule.one if len(self.persons) == 1 else self.rule.many


def activities(persons: Sequence[Person], things: Sequence[Object]) -> tuple[Activity, ...]:
    """Return what the people do, at most one activity for each thing, the most telling first."""
    found: list[Activity] = []
    told: set[str] = set()
    for rule in rules():
        stands = RELATIONS[rule.where]
        kind = [thing for thing in things if thing.name == rule.thing]
        doing = tuple(p for p in persons if any(stands(p, thing.box) for thing in kind))
        if doing and rule.thing not in told:
            told.add(rule.thing)
            found.append(Activity(rule, doing, max(thing.confidence for thing in kind)))
    return tuple(found)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rows of `activities.csv`."""
    return tuple(Rule(**row) for row in read_table("activities.csv"))


def _near(person: Person, thing: Box) -> bool:
    body = person.box
    across = max(thing.left - body.right, body.left - thing.right)
    down = max(thing.top - body.bottom, body.top - thing.bottom)
    return max(across, down) <= body.height / 10


def _aligned(person: Person, thing: Box) -> bool:
    """Tell whether the middle of one stands above or below the other."""
    body = person.box
    return body.left <= thing.center[0] <= body.right or thing.left <= body.center[0] <= thing.right


def _beneath(person: Person, thing: Box) -> bool:
    lower = thing.center[1] > person.box.center[1]
    return lower and _aligned(person, thing) and _near(person, thing)


def _astride(person: Person, thing: Box) -> bool:
    body = person.box
    shared = min(body.bottom, thing.bottom) - max(body.top, thing.top)
    return (
        _beneath(person, thing)
        and shared >= body.height / 5
        and thing.top + thing.height / 10 <= body.bottom <= thing.bottom + body.height / 10
    )


def _in_hand(person: Person, thing: Box) -> bool:
    body, (across, down) = person.box, thing.center
    reach = body.width / 10
    inside = body.left - reach <= across <= body.right + reach and body.top <= down <= body.bottom
    return inside and thing.area < body.area / 2


def _at_face(person: Person, thing: Box) -> bool:
    if person.face is None:
        return False
    face, (across, down) = person.face.box, thing.center
    sideways = abs(across - face.center[0]) <= face.width
    return sideways and abs(down - face.center[1]) <= face.height * 0.75


def _in_lap(person: Person, thing: Box) -> bool:
    low = thing.bottom > person.box.center[1]
    return low and _aligned(person, thing) and thing.overlap(person.box) > thing.area / 5


def _above(person: Person, thing: Box) -> bool:
    return thing.bottom < person.box.center[1]


def _seated(person: Person, thing: Box) -> bool:
    body = person.box
    ends_on_it = thing.top < body.bottom <= thing.bottom + body.height / 5
    return ends_on_it and _aligned(person, thing) and thing.overlap(body) >= body.area / 4


def _at_table(person: Person, thing: Box) -> bool:
    body = person.box
    behind = body.top < thing.top < body.bottom <= thing.bottom + body.height / 10
    return bool(behind and _aligned(person, thing))


RELATIONS: dict[str, Stands] = {
    "near": _near,
    "beneath": _beneath,
    "astride": _astride,
    "hand": _in_hand,
    "ear": _at_face,
    "lap": _in_lap,
    "above": _above,
    "seat": _seated,
    "table": _at_table,
}
