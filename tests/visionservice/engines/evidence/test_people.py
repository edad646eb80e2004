from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import Face, Object
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

BODY = Object("person", 0.95, Box(100, 50, 100, 300))


def face(left: int, top: int, age: int = 40, gender: str = "Male") -> Face:
    return Face(Box(left, top, 40, 40), 0.9, age=age, gender=gender)


def test_a_face_on_a_body_is_one_person_with_the_box_of_the_body(nothing: Evidence) -> None:
    (person,) = nothing.with_results(objects=(BODY,), faces=(face(130, 60),)).people
    assert person.box == BODY.box
    assert person.word == "man"


def test_a_doubtful_gender_has_a_neutral_word(nothing: Evidence) -> None:
    doubtful = replace(face(130, 60), gender_confidence=0.6)
    (person,) = nothing.with_results(objects=(BODY,), faces=(doubtful,)).people
    assert person.word == "person"
    child = replace(face(130, 60, 8, "Female"), gender_confidence=0.6)
    (person,) = nothing.with_results(objects=(BODY,), faces=(child,)).people
    assert person.word == "child"


def test_a_face_beside_a_body_is_another_person(nothing: Evidence) -> None:
    found = nothing.with_results(objects=(BODY,), faces=(face(300, 60),)).people
    assert [person.word for person in found] == ["person", "man"]


def test_a_body_around_two_faces_is_not_a_third_person(nothing: Evidence) -> None:
    found = nothing.with_results(objects=(BODY,), faces=(face(100, 60), face(150, 70))).people
    assert len(found) == 2


def test_a_face_where_two_bodies_overlap_belongs_to_one_of_them(nothing: Evidence) -> None:
    leaning = Object("person", 0.94, Box(0, 100, 180, 250))
    found = nothing.with_results(objects=(BODY, leaning), faces=(face(130, 60),)).people
    assert [person.box for person in found] == [leaning.box, BODY.box]
    assert [person.word for person in found] == ["person", "man"]


def test_a_doubtful_body_is_no_person(nothing: Evidence) -> None:
    assert not nothing.with_results(objects=(replace(BODY, confidence=0.42),)).people
