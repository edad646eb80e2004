"""Activities of people, from the positions of people and objects; `activities.csv` lists them."""

from collections.abc import Sequence

from ..base import Object
from ..evidence.people import Person
from ..geometry import Box
from ..labels import read_table
from .phrases import Phrase

ACTIVITIES = read_table("activities.csv")  # an object, its relation to a person, and the phrases


def find_activity(
    persons: Sequence[Person], objects: Sequence[Object]
) -> tuple[Phrase | None, Sequence[Person]]:
    """Return the first activity of the table that applies, and the people who do it."""
    for row in ACTIVITIES:
        same = [o for o in objects if o.name == row["object"]]
        active = [p for p in persons if any(relations(p, o.box)[row["relation"]] for o in same)]
        if active:
            text = row["one"] if len(active) == 1 else row["many"]
            return Phrase(text, max(o.confidence for o in same)), active
    return None, persons


def relations(person: Person, box: Box) -> dict[str, bool]:
    """Return each relation of a person and the box of an object: True if they have it."""
    body, face, (x, y) = person.box, person.face, box.center
    middle_x, middle_y = body.center
    margin = body.height / 10
    gap_x = max(box.left - body.right, body.left - box.right)
    gap_y = max(box.top - body.bottom, body.top - box.bottom)
    shared_height = min(body.bottom, box.bottom) - max(body.top, box.top)
    shared_area = box.overlap(body)
    near = max(gap_x, gap_y) <= margin
    aligned = body.left <= x <= body.right or box.left <= middle_x <= box.right
    below = near and aligned and y > middle_y
    feet_on_it = box.top + box.height / 10 <= body.bottom <= box.bottom + margin
    on_it = box.top < body.bottom <= box.bottom + 2 * margin
    behind_it = body.top < box.top < body.bottom <= box.bottom + margin
    reach = body.width / 10
    inside = body.left - reach <= x <= body.right + reach and body.top <= y <= body.bottom
    return {
        "near": near,
        "below": below,
        "mount": below and feet_on_it and shared_height >= body.height / 5,
        "in hand": inside and box.area < body.area / 2,
        "at face": face is not None
        and abs(x - face.box.center[0]) <= face.box.width
        and abs(y - face.box.center[1]) <= face.box.height * 0.75,
        "in lap": aligned and box.bottom > middle_y and shared_area > box.area / 5,
        "above": box.bottom < middle_y,
        "seat": aligned and on_it and shared_area >= body.area / 4,
        "table": aligned and behind_it,
    }
