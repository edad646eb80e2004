from __future__ import annotations

from itertools import pairwise

import pytest

from visionservice.engines.base import Face, Object
from visionservice.engines.captions.activities import RELATIONS, activities, rules
from visionservice.engines.captions.grammar import article
from visionservice.engines.evidence.people import Person
from visionservice.engines.geometry import Box
from visionservice.engines.labels import object_classes

# Somebody 100 wide and 300 high, with a face at the top.
SOMEBODY = Person(Box(100, 50, 100, 300), 0.9, Face(Box(130, 55, 40, 40), 40, "Female", 0.9))


def doing(name: str, box: Box) -> list[str]:
    return [found.text for found in activities([SOMEBODY], [Object(name, 0.9, box)])]


@pytest.mark.parametrize(
    ("thing", "box", "said"),
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
def test_what_they_do_follows_from_where_the_thing_stands(thing: str, box: Box, said: str) -> None:
    assert doing(thing, box) == [said]


def test_a_thing_far_away_is_no_activity() -> None:
    assert doing("skateboard", Box(350, 10, 40, 20)) == []
    assert doing("dog", Box(380, 300, 20, 20)) == []


def test_two_riders_ride_in_the_plural() -> None:
    other = Person(Box(400, 50, 100, 300), 0.8)
    boards = [Object("skateboard", 0.9, Box(x, 330, 140, 40)) for x in (80, 380)]
    (found,) = activities([SOMEBODY, other], boards)
    assert found.text == "riding skateboards"
    assert len(found.persons) == 2


def test_the_table_speaks_of_known_things_with_the_right_articles() -> None:
    for rule in rules():
        assert rule.thing in object_classes()
        assert rule.where in RELATIONS
        words = rule.one.split()
        for said, following in pairwise(words):
            if said in ("a", "an"):
                assert article(following + " ") == f"{said} {following} "
