from __future__ import annotations

from itertools import pairwise

import pytest

from visionservice.engines.base import Face, Object
from visionservice.engines.captions.people import ACTIVITIES, find_activity, relations
from visionservice.engines.captions.phrases import article
from visionservice.engines.evidence.evidence import Person
from visionservice.engines.geometry import Box
from visionservice.engines.labels import OBJECT_CLASSES

# A person of 100 x 300 pixels, with a face at the top.
FACE = Face(Box(130, 55, 40, 40), 0.9, age=40, gender="Female")
PERSON = Person(Box(100, 50, 100, 300), 0.9, FACE)


def phrase(name: str, box: Box) -> str:
    activity, _ = find_activity([PERSON], [Object(name, 0.9, box)])
    return activity.text if activity else ""


@pytest.mark.parametrize(
    ("name", "box", "text"),
    [
        ("skateboard", Box(80, 330, 140, 40), "riding a skateboard"),
        ("skateboard", Box(190, 60, 30, 120), "with a skateboard"),
        ("bicycle", Box(40, 180, 220, 180), "riding a bicycle"),
        ("bicycle", Box(210, 120, 200, 230), "next to a bicycle"),
        ("horse", Box(20, 200, 260, 220), "riding a horse"),
        ("horse", Box(190, 60, 250, 290), "next to a horse"),
        ("cell phone", Box(165, 70, 12, 25), "talking on a cell phone"),
        ("cell phone", Box(120, 200, 12, 25), "holding a cell phone"),
        ("laptop", Box(110, 230, 90, 60), "using a laptop"),
        ("kite", Box(300, 10, 50, 40), "flying a kite"),
        ("couch", Box(20, 180, 300, 190), "sitting on a couch"),
        ("dining table", Box(0, 260, 400, 140), "sitting at a table"),
        ("dog", Box(210, 250, 80, 100), "with a dog"),
    ],
)
def test_the_activity_follows_from_the_position_of_the_object(
    name: str, box: Box, text: str
) -> None:
    assert phrase(name, box) == text


def test_a_distant_object_is_no_activity() -> None:
    assert not phrase("skateboard", Box(350, 10, 40, 20))
    assert not phrase("dog", Box(380, 300, 20, 20))


def test_the_first_row_that_applies_counts() -> None:
    objects = [
        Object("dog", 0.9, Box(210, 250, 80, 100)),
        Object("kite", 0.8, Box(300, 10, 50, 40)),
    ]
    assert find_activity([PERSON], objects) == (("flying a kite", 0.8), [PERSON])


def test_two_riders_ride_in_the_plural() -> None:
    other = Person(Box(400, 50, 100, 300), 0.8)
    boards = [Object("skateboard", 0.9, Box(x, 330, 140, 40)) for x in (80, 380)]
    assert find_activity([PERSON, other], boards) == (("riding skateboards", 0.9), [PERSON, other])


def test_the_table_has_known_objects_and_relations_and_the_right_articles() -> None:
    assert len(ACTIVITIES) > 50
    assert [row["object"] for row in ACTIVITIES if "a ball" in row["one"]] == ["sports ball"]
    for row in ACTIVITIES:
        assert row["object"] in OBJECT_CLASSES
        assert row["relation"] in relations(PERSON, PERSON.box)
        for word, following in pairwise(row["one"].split()):
            if word in ("a", "an"):
                assert article(following + " ") == f"{word} {following} "
