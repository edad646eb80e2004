from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from visionservice.engines.base import Face, LabelScore, Object, Pose
from visionservice.engines.captions.people import ACTIVITIES, count, find_activity, relations
from visionservice.engines.captions.phrases import article
from visionservice.engines.captions.template import plan_caption
from visionservice.engines.evidence.evidence import Evidence, Person
from visionservice.engines.geometry import Box
from visionservice.engines.labels import OBJECT_CLASSES

# A person of 100 x 300 pixels, with a face at the top.
FACE = Face(Box(130, 55, 40, 40), 0.9, age=40, gender="Female")
PERSON = Person(Box(100, 50, 100, 300), 0.9, FACE)


def phrases(evidence: Evidence) -> list[str]:
    plan = plan_caption(evidence)
    return [plan.subject.text, *(detail.text for detail in plan.details)]


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def face(age: int = 40, gender: str = "Male") -> Face:
    return Face(Box(0, 0, 40, 40), 0.9, age=age, gender=gender)


def counted(*persons: tuple[int, str]) -> str:
    return count(tuple(Person(Box(0, 0, 9, 9), 0.9, face(*person)) for person in persons))


def phrase(name: str, box: Box) -> str:
    activity, _ = find_activity([PERSON], [Object(name, 0.9, box)])
    return activity.text if activity else ""


def test_a_rider_among_others_is_the_subject(nothing: Evidence) -> None:
    people = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 300)]
    board = Object("skateboard", 0.9, Box(110, 240, 80, 20))
    assert phrases(nothing.with_results(objects=(*people, board))) == [
        "a person",
        "riding a skateboard",
        "with other people nearby",
    ]
    doubtful = replace(board, confidence=0.7)
    assert phrases(nothing.with_results(objects=(*people, doubtful))) == ["three people"]


def test_a_wave_is_ridden_on_water_only(nothing: Evidence) -> None:
    surfer = Object("person", 0.95, Box(100, 50, 60, 200))
    board = Object("surfboard", 0.9, Box(90, 240, 80, 20))
    shown = nothing.with_results(objects=(surfer, board))
    assert "riding a wave on a surfboard" not in phrases(shown)
    sea = shown.with_results(scene=replace(nothing.scene, water=0.5))
    assert "riding a wave on a surfboard" in phrases(sea)


def test_clothing_is_named_for_one_person_only(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 0.9, age=40, gender="Female")
    dressed = seeing(nothing.with_results(faces=(face,)), LabelScore("kimono", 0.8))
    assert phrases(dressed) == ["a woman", "wearing a kimono"]
    other = replace(face, box=Box(250, 50, 90, 90))
    assert phrases(dressed.with_results(faces=(face, other))) == ["two women", "posing for a photo"]


def test_a_ball_is_named_once_and_by_its_kind(nothing: Evidence) -> None:
    player = Object("person", 0.95, Box(100, 50, 100, 300))
    ball = Object("sports ball", 0.95, Box(210, 300, 40, 40))
    playing = nothing.with_results(objects=(player, ball))
    assert phrases(playing) == ["a person", "playing with a ball"]
    soccer = seeing(playing, LabelScore("soccer ball", 0.9), LabelScore("ball", 0.9))
    assert phrases(soccer) == ["a person", "playing with a soccer ball"]


def test_three_people_are_a_group_if_there_may_be_a_fourth(nothing: Evidence) -> None:
    three = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 240)]
    assert phrases(nothing.with_results(objects=tuple(three))) == ["three people"]
    fourth = Object("person", 0.4, Box(340, 50, 60, 200))
    assert phrases(nothing.with_results(objects=(*three, fourth))) == ["a group of people"]


def test_small_faces_do_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 0.9, age=40, gender="Female")
    assert phrases(nothing.with_results(faces=(face,))) == ["a woman", "posing for a photo"]
    assert phrases(nothing.with_results(faces=(face,), size=(400, 2000))) == ["a woman"]


def test_faces_that_look_aside_do_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 0.9, age=40, gender="Female")
    assert phrases(nothing.with_results(faces=(face,))) == ["a woman", "posing for a photo"]
    aside = replace(face, frontal=False)
    assert phrases(nothing.with_results(faces=(aside,))) == ["a woman"]


def test_people_who_all_sit_or_stand_are_said_to(nothing: Evidence) -> None:
    poses = {100: Pose("sitting"), 220: Pose("sitting"), 300: Pose("standing", raised_arms=True)}
    seen = nothing.with_results(pose=lambda box: poses[box.left])
    first, second, third = (Object("person", 0.95, Box(x, 50, 60, 200)) for x in poses)
    assert phrases(seen.with_results(objects=(first,))) == ["a person", "sitting"]
    assert phrases(seen.with_results(objects=(first, second))) == ["two people", "sitting"]
    assert phrases(seen.with_results(objects=(second, third))) == ["two people"]
    assert phrases(seen.with_results(objects=(third,))) == [
        "a person",
        "standing",
        "with raised arms",
    ]


def test_a_posture_is_named_beside_things_and_not_with_another_activity(
    nothing: Evidence,
) -> None:
    seen = nothing.with_results(pose=lambda _: Pose("standing"))
    person, dog = (
        Object("person", 0.95, Box(100, 50, 60, 200)),
        Object("dog", 0.9, Box(170, 200, 60, 50)),
    )
    assert phrases(seen.with_results(objects=(person, dog))) == [
        "a person",
        "standing",
        "with a dog",
    ]
    board = Object("skateboard", 0.9, Box(90, 240, 80, 20))
    assert phrases(seen.with_results(objects=(person, board))) == [
        "a person",
        "riding a skateboard",
    ]


def test_a_face_alone_and_a_small_body_have_no_posture(nothing: Evidence) -> None:
    seen = nothing.with_results(pose=lambda _: Pose("standing"))
    aside = Face(Box(100, 50, 100, 100), 0.9, age=40, gender="Male", frontal=False)
    assert phrases(seen.with_results(faces=(aside,))) == ["a man"]
    small = Object("person", 0.95, Box(100, 50, 30, 90))
    assert phrases(seen.with_results(objects=(small,))) == ["a person"]


def test_a_doubtful_person_beside_two_is_the_third(nothing: Evidence) -> None:
    two = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120)]
    third = Object("person", 0.5, Box(300, 50, 60, 200))
    assert phrases(nothing.with_results(objects=(*two, third))) == ["three people"]
    alone = nothing.with_results(objects=(two[0], third))
    assert phrases(alone) == ["a person"]
    assert phrases(nothing.with_results(objects=(*two, replace(third, confidence=0.4)))) == [
        "two people"
    ]


def test_an_animal_near_people_is_named(nothing: Evidence) -> None:
    person = Object("person", 0.99, Box(100, 50, 60, 200))
    horse = Object("horse", 0.97, Box(300, 100, 80, 80))
    assert phrases(nothing.with_results(objects=(person, horse))) == ["a person", "near a horse"]


def test_doubtful_people_are_omitted_where_an_animal_is_certain(nothing: Evidence) -> None:
    claws = [Object("person", 0.75, Box(x, 50, 60, 200)) for x in (0, 300)]
    words = LabelScore("rock crab", 0.87), LabelScore("animal", 0.97)
    crab = seeing(nothing.with_results(objects=tuple(claws)), *words)
    assert phrases(crab) == ["a close up of a rock crab"]


def test_a_photographer_behind_a_tripod_does_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 0.9, age=40, gender="Male")
    behind = seeing(nothing.with_results(faces=(face,)), LabelScore("tripod", 0.93))
    assert phrases(behind) == ["a man", "with a tripod"]


def test_a_doubtful_person_before_a_certain_building_is_omitted(nothing: Evidence) -> None:
    shadow = nothing.with_results(objects=(Object("person", 0.64, Box(10, 50, 60, 200)),))
    assert phrases(shadow) == ["a person"]
    assert phrases(seeing(shadow, LabelScore("castle", 0.9), LabelScore("building", 0.9))) == [
        "a castle"
    ]


def test_ages_and_genders_choose_the_words() -> None:
    assert counted((1, "Male")) == "a baby"
    assert counted((8, "Female")) == "a girl"
    assert counted((16, "Male")) == "a young man"
    assert counted((80, "Female")) == "an older person"
    assert counted((40, "Male"), (38, "Female")) == "a man and a woman"
    assert counted((40, "Female"), (38, "Female"), (6, "Male")) == "two women and a boy"


def test_a_person_without_a_face_makes_them_people() -> None:
    somebody = Person(Box(0, 0, 9, 9), 0.9)
    assert count((somebody,)) == "a person"
    assert count((somebody, Person(Box(0, 0, 9, 9), 0.9, face()))) == "two people"


def test_many_are_a_group_and_very_many_a_crowd() -> None:
    assert counted(*[(40, "Male")] * 4) == "a group of people"
    assert counted(*[(40, "Male")] * 12) == "a crowd of people"


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
