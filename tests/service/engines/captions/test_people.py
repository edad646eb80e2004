from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.service.engines.builders import BODY, face, image_of, person, scene, sentence
from visionservice.engines.base import Face, Object, Pose
from visionservice.engines.captions.people import ACTIVITIES, count, find_activity, relations
from visionservice.engines.captions.phrases import article
from visionservice.engines.captions.template import plan_caption
from visionservice.engines.evidence.evidence import Evidence, Person
from visionservice.engines.geometry import Box
from visionservice.engines.labels import OBJECT_CLASSES

WOMAN, MAN = face(100, gender="Female"), face(100)
WOMEN, ASIDE = (WOMAN, face(250, gender="Female")), replace(WOMAN, frontal=False)
ONE, TWO, THREE = [person(100)], [person(0), person(120)], [person(x) for x in (0, 120, 240)]
BOARD = Object("skateboard", 0.9, Box(110, 240, 80, 20))
WEAK_BOARD = replace(BOARD, confidence=0.7)
SURF = person(100), Object("surfboard", 0.9, Box(90, 240, 80, 20))
AT_SEA = image_of(*SURF, scene=scene(water=0.5))
BALL = BODY, Object("sports ball", 0.95, Box(210, 300, 40, 40))
SOCCER, KIMONO, TRIPOD = {"soccer ball": 0.9, "ball": 0.9}, {"kimono": 0.8}, {"tripod": 0.93}
DOG, HORSE = Object("dog", 0.9, Box(150, 200, 60, 50)), Object("horse", 0.97, Box(300, 100, 80, 80))
CLAWS, CRAB = [person(x, 0.75) for x in (0, 300)], {"rock crab": 0.87, "animal": 0.97}
SMALL_BODY = replace(BODY, box=Box(100, 50, 30, 90))
SHADOW, CASTLE = person(10, 0.64), {"castle": 0.9, "building": 0.9}
POSES = {0: Pose("sitting"), 120: Pose("sitting"), 240: Pose("standing", raised_arms=True)}


def posed(*objects: Object, **results: object) -> Evidence:
    return image_of(*objects, pose=lambda box: POSES.get(box.left, Pose("standing")), **results)


CAPTIONS = {
    "a rider among others is the subject": (
        image_of(*THREE, BOARD),
        "a person riding a skateboard with other people nearby",
    ),
    "a doubtful skateboard among others": (image_of(*THREE, WEAK_BOARD), "three people"),
    "no wave is ridden ashore": (image_of(*SURF), "a person"),
    "a wave is ridden on water": (AT_SEA, "a person riding a wave on a surfboard"),
    "clothing of one person": (image_of(faces=(WOMAN,), words=KIMONO), "a woman wearing a kimono"),
    "clothes and two people": (image_of(faces=WOMEN, words=KIMONO), "two women posing for a photo"),
    "a ball of some kind": (image_of(*BALL), "a person playing with a ball"),
    "a known ball": (image_of(*BALL, words=SOCCER), "a person playing with a soccer ball"),
    "three people and maybe a fourth": (image_of(*THREE, person(340, 0.4)), "a group of people"),
    "two people and a doubtful third": (image_of(*TWO, person(300, 0.5)), "three people"),
    "two people and a very doubtful third": (image_of(*TWO, person(300, 0.4)), "two people"),
    "a person and a doubtful second": (image_of(*ONE, person(300, 0.5)), "a person"),
    "a large face poses": (image_of(faces=(WOMAN,)), "a woman posing for a photo"),
    "a small face does not pose": (image_of(faces=(WOMAN,), size=(400, 2000)), "a woman"),
    "a face that looks aside does not pose": (image_of(faces=(ASIDE,)), "a woman"),
    "a photographer does not pose": (image_of(faces=(MAN,), words=TRIPOD), "a man with a tripod"),
    "one person sits": (posed(*TWO[:1]), "a person sitting"),
    "all people sit": (posed(*TWO), "two people sitting"),
    "one of two people sits": (posed(*THREE[1:]), "two people"),
    "one person raises the arms": (posed(THREE[2]), "a person standing with raised arms"),
    "a posture beside a dog": (posed(*ONE, DOG), "a person standing with a dog"),
    "no posture of a rider": (posed(*ONE, BOARD), "a person riding a skateboard"),
    "a face alone has no posture": (posed(faces=(ASIDE,)), "a woman"),
    "a small body has no posture": (posed(SMALL_BODY), "a person"),
    "an animal in some distance": (image_of(*ONE, HORSE), "a person near a horse"),
    "doubtful people and a crab": (image_of(*CLAWS, words=CRAB), "a close up of a rock crab"),
    "a doubtful person alone": (image_of(SHADOW), "a person"),
    "a doubtful person before a building": (image_of(SHADOW, words=CASTLE), "a castle"),
}


@pytest.mark.parametrize(("evidence", "caption"), CAPTIONS.values(), ids=CAPTIONS)
def test_a_caption_of_people(evidence: Evidence, caption: str) -> None:
    assert sentence(plan_caption(evidence)) == caption


BOY, GIRL = face(0, age=6), face(0, age=8, gender="Female")
YOUNG, OLD = face(0, age=16), face(0, age=80)
COUNTS = {
    "a baby": [face(0, age=1)],
    "a girl": [GIRL],
    "an older person": [OLD],
    "two young men": [YOUNG, YOUNG],
    "a man and a woman": [MAN, WOMAN],
    "two women and a boy": [WOMAN, WOMAN, BOY],
    "a man, a woman and a girl": [MAN, WOMAN, GIRL],
    "a person": [None],
    "two people": [None, MAN],
    "a group of people": [MAN] * 4,
    "a crowd of people": [MAN] * 12,
}


@pytest.mark.parametrize(("words", "faces"), COUNTS.items(), ids=COUNTS)
def test_ages_genders_and_numbers_choose_the_words(words: str, faces: list[Face | None]) -> None:
    assert count([Person(Box(0, 0, 9, 9), 0.9, each) for each in faces]) == words


# A person of 100 x 300 pixels, with a face at the top.
PERSON = Person(BODY.box, 0.9, face(130, 55, 40, gender="Female"))


@pytest.mark.parametrize(
    ("text", "name", "box"),
    [
        ("riding a skateboard", "skateboard", Box(80, 330, 140, 40)),
        ("with a skateboard", "skateboard", Box(190, 60, 30, 120)),
        ("", "skateboard", Box(350, 10, 40, 20)),
        ("riding a bicycle", "bicycle", Box(40, 180, 220, 180)),
        ("next to a bicycle", "bicycle", Box(210, 120, 200, 230)),
        ("riding a horse", "horse", Box(20, 200, 260, 220)),
        ("next to a horse", "horse", Box(190, 60, 250, 290)),
        ("talking on a cell phone", "cell phone", Box(165, 70, 12, 25)),
        ("holding a cell phone", "cell phone", Box(120, 200, 12, 25)),
        ("using a laptop", "laptop", Box(110, 230, 90, 60)),
        ("flying a kite", "kite", Box(300, 10, 50, 40)),
        ("sitting on a couch", "couch", Box(20, 180, 300, 190)),
        ("sitting at a table", "dining table", Box(0, 260, 400, 140)),
        ("with a dog", "dog", Box(210, 250, 80, 100)),
        ("", "dog", Box(380, 300, 20, 20)),
    ],
)
def test_the_activity_follows_from_the_position(text: str, name: str, box: Box) -> None:
    activity, _ = find_activity([PERSON], [Object(name, 0.9, box)])
    assert (activity.text if activity else "") == text


def test_the_first_row_that_applies_counts() -> None:
    kite = Object("kite", 0.8, Box(300, 10, 50, 40))
    assert find_activity([PERSON], [DOG, kite]) == (("flying a kite", 0.8), [PERSON])


def test_two_riders_ride_in_the_plural() -> None:
    both = [PERSON, Person(Box(400, 50, 100, 300), 0.8)]
    boards = [Object("skateboard", 0.9, Box(x, 330, 140, 40)) for x in (80, 380)]
    assert find_activity(both, boards) == (("riding skateboards", 0.9), both)


def test_the_table_has_known_objects_and_relations_and_the_right_articles() -> None:
    assert len(ACTIVITIES) > 50
    assert [row["object"] for row in ACTIVITIES if "a ball" in row["one"]] == ["sports ball"]
    for row in ACTIVITIES:
        assert row["object"] in OBJECT_CLASSES
        assert row["relation"] in relations(PERSON, PERSON.box)
        for word, following in pairwise(row["one"].split()):
            if word in ("a", "an"):
                assert article(following + " ") == f"{word} {following} "
