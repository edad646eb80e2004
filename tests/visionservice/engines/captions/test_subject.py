from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import Face, LabelScore, Line, Object, Word
from visionservice.engines.captions.people import count
from visionservice.engines.captions.template import plan_caption
from visionservice.engines.evidence.evidence import Evidence, Person
from visionservice.engines.geometry import Box

CORNERS = ((10.0, 10.0), (110.0, 10.0), (110.0, 30.0), (10.0, 30.0))
LINE = Line("copy center", CORNERS, (Word("copy", CORNERS, 1.0),) * 2, 0.99)


def phrases(evidence: Evidence) -> list[str]:
    plan = plan_caption(evidence)
    return [plan.subject.text, *(detail.text for detail in plan.details)]


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def test_a_rider_among_others_is_the_subject(nothing: Evidence) -> None:
    people = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 300)]
    board = Object("skateboard", 0.9, Box(110, 240, 80, 20))
    assert phrases(nothing.with_results(objects=(*people, board))) == [
        "a person",
        "riding a skateboard",
        "with other people nearby",
    ]


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


def test_a_photographer_behind_a_tripod_does_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 0.9, age=40, gender="Male")
    behind = seeing(nothing.with_results(faces=(face,)), LabelScore("tripod", 0.93))
    assert phrases(behind) == ["a man", "with a tripod"]


def test_a_maze_is_no_outdoor_scene(nothing: Evidence) -> None:
    scene = replace(nothing.scene, labels=(LabelScore("maze", 0.6),), outdoor=0.8)
    assert phrases(nothing.with_results(scene=scene)) == ["something blue on a white background"]
    field = replace(scene, labels=(LabelScore("rapeseed", 0.2),))
    assert phrases(nothing.with_results(scene=field)) == ["an outdoor scene"]


def test_a_shop_with_a_few_words_on_it_is_no_text(nothing: Evidence) -> None:
    shown = nothing.with_results(text=replace(nothing.text, lines=(LINE,)))
    assert phrases(shown) == ["text", 'that reads "copy center"']
    shop = seeing(shown, LabelScore("bakery", 0.8), LabelScore("shop", 0.8))
    assert phrases(shop) == ["a bakery"]


def test_a_doubtful_person_before_a_certain_building_is_omitted(nothing: Evidence) -> None:
    shadow = nothing.with_results(objects=(Object("person", 0.64, Box(10, 50, 60, 200)),))
    assert phrases(shadow) == ["a person"]
    assert phrases(seeing(shadow, LabelScore("castle", 0.9), LabelScore("building", 0.9))) == [
        "a castle"
    ]


def test_text_on_a_doubtful_screen_is_text(nothing: Evidence) -> None:
    board = Object("tv", 0.78, Box(0, 0, 390, 390))
    shown = nothing.with_results(objects=(board,), text=replace(nothing.text, lines=(LINE,)))
    assert phrases(shown) == ["text", 'that reads "copy center"']


def face(age: int = 40, gender: str = "Male") -> Face:
    return Face(Box(0, 0, 40, 40), 0.9, age=age, gender=gender)


def counted(*persons: tuple[int, str]) -> str:
    return count(tuple(Person(Box(0, 0, 9, 9), 0.9, face(*person)) for person in persons))


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
