from __future__ import annotations

from dataclasses import replace

import numpy as np

from visionservice.engines.base import Face, LabelScore, Line, Object, Word
from visionservice.engines.captions.subject import plan_caption
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

CORNERS = ((10.0, 10.0), (110.0, 10.0), (110.0, 30.0), (10.0, 30.0))
LINE = Line("copy centre", CORNERS, (Word("copy", CORNERS, 1.0),) * 2, 0.99)


def said(evidence: Evidence) -> list[str]:
    found = plan_caption(evidence)
    return [found.subject.text, *(detail.text for detail in found.details)]


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def test_a_rider_among_others_is_what_the_picture_is_of(nothing: Evidence) -> None:
    people = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 300)]
    board = Object("skateboard", 0.9, Box(110, 240, 80, 20))
    assert said(nothing.with_results(objects=(*people, board))) == [
        "a person",
        "riding a skateboard",
        "with other people nearby",
    ]


def test_clothes_are_told_of_one_person_only(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 40, "Female", 0.9)
    dressed = seeing(nothing.with_results(faces=(face,)), LabelScore("kimono", 0.8))
    assert said(dressed) == ["a woman", "wearing a kimono"]
    other = replace(face, box=Box(250, 50, 90, 90))
    assert said(dressed.with_results(faces=(face, other))) == ["two women", "posing for a photo"]


def test_a_ball_is_told_once_and_by_its_kind(nothing: Evidence) -> None:
    player = Object("person", 0.95, Box(100, 50, 100, 300))
    ball = Object("sports ball", 0.95, Box(210, 300, 40, 40))
    playing = nothing.with_results(objects=(player, ball))
    assert said(playing) == ["a person", "playing with a ball"]
    soccer = seeing(playing, LabelScore("soccer ball", 0.9), LabelScore("ball", 0.9))
    assert said(soccer) == ["a person", "playing with a soccer ball"]


def test_three_people_are_a_group_where_a_fourth_may_be(nothing: Evidence) -> None:
    three = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 240)]
    assert said(nothing.with_results(objects=tuple(three))) == ["three people"]
    fourth = Object("person", 0.4, Box(340, 50, 60, 200))
    assert said(nothing.with_results(objects=(*three, fourth))) == ["a group of people"]


def test_small_faces_do_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 40, "Female", 0.9)
    assert said(nothing.with_results(faces=(face,))) == ["a woman", "posing for a photo"]
    assert said(nothing.with_results(faces=(face,), image=np.zeros((2000, 400, 3), np.uint8))) == [
        "a woman"
    ]


def test_a_photographer_behind_a_tripod_does_not_pose(nothing: Evidence) -> None:
    face = Face(Box(100, 50, 90, 90), 40, "Male", 0.9)
    behind = seeing(nothing.with_results(faces=(face,)), LabelScore("tripod", 0.93))
    assert said(behind) == ["a man", "with a tripod"]


def test_a_maze_is_no_outdoor_scene(nothing: Evidence) -> None:
    scene = replace(nothing.scene, labels=(LabelScore("maze", 0.6),), outdoor=0.8)
    assert said(nothing.with_results(scene=scene)) == ["something blue on a white background"]
    field = replace(scene, labels=(LabelScore("rapeseed", 0.2),))
    assert said(nothing.with_results(scene=field)) == ["an outdoor scene"]


def test_a_shop_with_a_few_words_on_it_is_no_text(nothing: Evidence) -> None:
    shown = nothing.with_results(text=replace(nothing.text, lines=(LINE,)))
    assert said(shown) == ["text", 'that reads "copy centre"']
    shop = seeing(shown, LabelScore("bakery", 0.8), LabelScore("shop", 0.8))
    assert said(shop) == ["a bakery"]


def test_a_doubtful_person_before_a_sure_building_is_not_told(nothing: Evidence) -> None:
    shadow = nothing.with_results(objects=(Object("person", 0.64, Box(10, 50, 60, 200)),))
    assert said(shadow) == ["a person"]
    assert said(seeing(shadow, LabelScore("castle", 0.9), LabelScore("building", 0.9))) == [
        "a castle"
    ]


def test_text_on_what_is_taken_for_a_doubtful_screen_is_text(nothing: Evidence) -> None:
    board = Object("tv", 0.78, Box(0, 0, 390, 390))
    shown = nothing.with_results(objects=(board,), text=replace(nothing.text, lines=(LINE,)))
    assert said(shown) == ["text", 'that reads "copy centre"']
