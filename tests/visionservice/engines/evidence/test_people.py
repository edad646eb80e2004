from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import Face, Object
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.evidence.people import Person, count, people
from visionservice.engines.geometry import Box

BODY = Object("person", 0.95, Box(100, 50, 100, 300))


def face(left: int, top: int, age: int = 40, gender: str = "Male") -> Face:
    return Face(Box(left, top, 40, 40), age, gender, 0.9)


def named(*persons: tuple[int, str]) -> str:
    return count(tuple(Person(Box(0, 0, 9, 9), 0.9, face(0, 0, *person)) for person in persons))


def test_a_face_on_a_body_is_one_person_with_the_bodys_box(nothing: Evidence) -> None:
    (person,) = people(nothing.with_results(objects=(BODY,), faces=(face(130, 60),)))
    assert person.box == BODY.box
    assert person.word == "man"


def test_a_doubtful_or_neutral_gender_is_left_open(nothing: Evidence) -> None:
    doubtful = replace(face(130, 60), gender_confidence=0.6)
    (person,) = people(nothing.with_results(objects=(BODY,), faces=(doubtful,)))
    assert person.word == "person"
    child = face(130, 60, 8, "Female")
    (person,) = people(nothing.with_results(objects=(BODY,), faces=(child,), gender_neutral=True))
    assert person.word == "child"


def test_a_face_beside_a_body_is_somebody_else(nothing: Evidence) -> None:
    found = people(nothing.with_results(objects=(BODY,), faces=(face(300, 60),)))
    assert [person.word for person in found] == ["person", "man"]


def test_a_body_around_two_faces_is_not_a_third_person(nothing: Evidence) -> None:
    found = people(nothing.with_results(objects=(BODY,), faces=(face(100, 60), face(150, 70))))
    assert len(found) == 2


def test_a_face_where_two_bodies_overlap_belongs_to_one_of_them(nothing: Evidence) -> None:
    leaning = Object("person", 0.94, Box(0, 100, 180, 250))
    found = people(nothing.with_results(objects=(BODY, leaning), faces=(face(130, 60),)))
    assert [person.box for person in found] == [leaning.box, BODY.box]
    assert [person.word for person in found] == ["person", "man"]


def test_a_doubtful_body_is_nobody(nothing: Evidence) -> None:
    assert not people(nothing.with_results(objects=(replace(BODY, confidence=0.42),)))


def test_ages_and_genders_choose_the_words() -> None:
    assert named((1, "Male")) == "a baby"
    assert named((8, "Female")) == "a girl"
    assert named((16, "Male")) == "a young man"
    assert named((80, "Female")) == "an older person"
    assert named((40, "Male"), (38, "Female")) == "a man and a woman"
    assert named((40, "Female"), (38, "Female"), (6, "Male")) == "two women and a boy"


def test_a_person_without_a_face_makes_them_people() -> None:
    somebody = Person(Box(0, 0, 9, 9), 0.9)
    assert count((somebody,)) == "a person"
    assert count((somebody, Person(Box(0, 0, 9, 9), 0.9, face(0, 0)))) == "two people"


def test_many_are_a_group_and_very_many_a_crowd() -> None:
    assert named(*[(40, "Male")] * 4) == "a group of people"
    assert named(*[(40, "Male")] * 12) == "a crowd of people"
