"""Activities of people, from the positions of people and objects; `activities.csv` lists them.

A board is below the middle of its rider, a telephone is at the face, a seat is under the lower
half of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ..base import Object
from ..evidence.people import Person
from ..geometry import Box
from ..labels import read_table


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity of some people: the class of their object, a phrase, and the confidence."""

    name: str
    text: str
    persons: tuple[Person, ...]
    confidence: float


def find_activity(persons: Sequence[Person], objects: Sequence[Object]) -> Activity | None:
    """Return the first activity of the table that applies to anybody, None if there is none."""
    for row in activity_rules():
        same = [o for o in objects if o.name == row["object"]]
        relation = RELATIONS[row["relation"]]
        active = tuple(p for p in persons if any(relation(p, o.box) for o in same))
        if active:
            text = row["one"] if len(active) == 1 else row["many"]
            return Activity(row["object"], text, active, max(o.confidence for o in same))
    return None


@cache
def activity_rules() -> list[dict[str, str]]:
    """Return `activities.csv`: an object, its relation to a person, and the phrases."""
    return read_table("activities.csv")


def _is_near(person: Person, box: Box) -> bool:
    body = person.box
    across = max(box.left - body.right, body.left - box.right)
    down = max(box.top - body.bottom, body.top - box.bottom)
    return max(across, down) <= body.height / 10


def _is_aligned(person: Person, box: Box) -> bool:
    """Return True if the center of one is above or below the other."""
    body = person.box
    return body.left <= box.center[0] <= body.right or box.left <= body.center[0] <= box.right


def _is_below(person: Person, box: Box) -> bool:
    lower = box.center[1] > person.box.center[1]
    return lower and _is_aligned(person, box) and _is_near(person, box)


def _is_mount(person: Person, box: Box) -> bool:
    body = person.box
    shared = min(body.bottom, box.bottom) - max(body.top, box.top)
    margin = body.height / 10
    feet_on_it = box.top + box.height / 10 <= body.bottom <= box.bottom + margin
    return _is_below(person, box) and shared >= body.height / 5 and feet_on_it


def _is_in_hand(person: Person, box: Box) -> bool:
    body, (across, down) = person.box, box.center
    reach = body.width / 10
    inside = body.left - reach <= across <= body.right + reach and body.top <= down <= body.bottom
    return inside and box.area < body.area / 2


def _is_at_face(person: Person, box: Box) -> bool:
    if person.face is None:
        return False
    face, (across, down) = person.face.box, box.center
    beside = abs(across - face.center[0]) <= face.width
    return beside and abs(down - face.center[1]) <= face.height * 0.75


def _is_in_lap(person: Person, box: Box) -> bool:
    low = box.bottom > person.box.center[1]
    return low and _is_aligned(person, box) and box.overlap(person.box) > box.area / 5


def _is_above(person: Person, box: Box) -> bool:
    return box.bottom < person.box.center[1]


def _is_seat(person: Person, box: Box) -> bool:
    body = person.box
    on_it = box.top < body.bottom <= box.bottom + body.height / 5
    return on_it and _is_aligned(person, box) and box.overlap(body) >= body.area / 4


def _is_table(person: Person, box: Box) -> bool:
    body = person.box
    behind = body.top < box.top < body.bottom <= box.bottom + body.height / 10
    return behind and _is_aligned(person, box)


RELATIONS: dict[str, Callable[[Person, Box], bool]] = {
    "near": _is_near,
    "below": _is_below,
    "mount": _is_mount,
    "in hand": _is_in_hand,
    "at face": _is_at_face,
    "in lap": _is_in_lap,
    "above": _is_above,
    "seat": _is_seat,
    "table": _is_table,
}
"""The relations of a person and the box of an object in `activities.csv`."""
