from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from visionservice.engines.base import Face, ImageType, LabelScore, Line, Object, OcrResult
from visionservice.engines.base import Word as Printed
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

LARGE = Box(50, 50, 200, 200)
BODY = Object("person", 0.95, Box(100, 50, 100, 300))
CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def printed(evidence: Evidence, count: int) -> Evidence:
    words = tuple(Printed("word", CORNERS, 0.9) for _ in range(count))
    line = Line("word " * count, CORNERS, words, 0.9)
    return evidence.with_results(text=OcrResult((line,), (), "Up", 0.0, "en"))


def face(left: int, top: int, age: int = 40, gender: str = "Male") -> Face:
    return Face(Box(left, top, 40, 40), 0.9, age=age, gender=gender)


def test_a_confident_scene_outweighs_a_doubtful_object(nothing: Evidence) -> None:
    skis = nothing.with_results(objects=(Object("skis", 0.7, LARGE),))
    assert skis.corroborated_objects
    assert not seeing(skis, LabelScore("daisy", 0.93)).corroborated_objects
    assert seeing(skis, LabelScore("skis", 0.93)).corroborated_objects


def test_an_animal_must_match_the_scene(nothing: Evidence) -> None:
    bird = nothing.with_results(objects=(Object("bird", 1.0, LARGE),))
    assert not seeing(
        bird, LabelScore("cheetah", 0.97), LabelScore("animal", 0.99)
    ).corroborated_objects
    assert seeing(
        bird, LabelScore("robin", 0.5), LabelScore("animal", 0.9), LabelScore("bird", 0.8)
    ).corroborated_objects


def test_an_animal_that_the_scene_model_hardly_knows_needs_no_confirmation(
    nothing: Evidence,
) -> None:
    words = LabelScore("antelope", 0.7), LabelScore("animal", 0.91)
    for name in ("giraffe", "horse"):
        certain = nothing.with_results(objects=(Object(name, 0.9, LARGE),))
        assert seeing(certain, *words).corroborated_objects
        doubtful = nothing.with_results(objects=(Object(name, 0.7, LARGE),))
        assert not seeing(doubtful, *words).corroborated_objects


def test_an_animal_beside_another_one_stands_and_one_in_its_place_does_not(
    nothing: Evidence,
) -> None:
    giraffe = Object("giraffe", 0.97, LARGE)
    zebra = Object("zebra", 0.99, Box(200, 50, 200, 200))
    words = LabelScore("zebra", 0.86), LabelScore("animal", 0.91)
    both = nothing.with_results(objects=(giraffe, zebra))
    assert len(seeing(both, *words).corroborated_objects) == 2
    alone = nothing.with_results(objects=(giraffe,))
    assert not seeing(alone, *words).corroborated_objects


def test_two_animals_in_one_place_are_the_one_that_the_scene_shows(nothing: Evidence) -> None:
    dog, cat = Object("dog", 0.8, LARGE), Object("cat", 0.7, Box(50, 40, 210, 210))
    both = nothing.with_results(objects=(dog, cat))
    words = LabelScore("cat", 0.3), LabelScore("dog", 0.1)
    assert [o.name for o in seeing(both, *words).corroborated_objects] == ["cat"]
    assert [o.name for o in seeing(both, *words[1:]).corroborated_objects] == ["dog"]
    apart = both.with_results(objects=(dog, replace(cat, box=Box(200, 50, 200, 200))))
    assert len(seeing(apart, *words).corroborated_objects) == 2


def test_a_doubtful_object_within_one_of_its_class_is_a_part_of_it(nothing: Evidence) -> None:
    bird, head = Object("bird", 0.95, LARGE), Object("bird", 0.65, Box(60, 60, 90, 90))
    shown = seeing(nothing, LabelScore("bird", 0.6), LabelScore("animal", 0.6))
    assert shown.with_results(objects=(bird, head)).corroborated_objects == (bird,)
    chick = replace(head, confidence=0.9)
    assert len(shown.with_results(objects=(bird, chick)).corroborated_objects) == 2


def test_clip_art_of_a_thing_that_the_scene_shows_is_no_drawing(nothing: Evidence) -> None:
    cut_out = nothing.with_results(image_type=ImageType(3, 0))
    assert cut_out.is_drawing
    assert not seeing(cut_out, LabelScore("running shoe", 0.96)).is_drawing
    assert seeing(
        nothing.with_results(image_type=ImageType(2, 1)), LabelScore("tiger", 0.96)
    ).is_drawing


def looking_again(evidence: Evidence, thing: Object, *words: LabelScore) -> list[Object]:
    """The objects after the scene model has found these words in the box of one."""
    scene = replace(evidence.scene, object_words=(words,))
    return [*evidence.with_results(objects=(thing,), scene=scene).corroborated_objects]


def test_an_animal_is_what_both_models_find_in_its_box(nothing: Evidence) -> None:
    words = LabelScore("animal", 0.97), LabelScore("dog", 0.9), LabelScore("corgi", 0.9)
    (dog,) = looking_again(nothing, Object("dog", 0.5, LARGE), *words)
    assert dog.confidence == pytest.approx(0.95)
    (renamed,) = looking_again(nothing, Object("cat", 0.88, LARGE), *words)
    assert (renamed.name, renamed.confidence) == ("dog", 0.9)


def test_another_classifier_may_name_any_object_in_its_box(nothing: Evidence) -> None:
    (cup,) = looking_again(nothing, Object("cup", 0.5, LARGE), LabelScore("cup", 0.6))
    assert cup.confidence == pytest.approx(0.8)


def test_an_animal_that_the_object_model_has_no_class_for_is_no_other_one(
    nothing: Evidence,
) -> None:
    words = LabelScore("animal", 0.93), LabelScore("tiger", 0.86), LabelScore("cat", 0.07)
    assert not looking_again(nothing, Object("zebra", 0.9, LARGE), *words)
    assert not looking_again(nothing, Object("cat", 0.9, LARGE), *words)
    assert looking_again(nothing, Object("giraffe", 0.9, LARGE), *words)


def test_two_doubtful_models_that_agree_are_certain(nothing: Evidence) -> None:
    dog = nothing.with_results(objects=(Object("dog", 0.5, LARGE),))
    assert not dog.corroborated_objects
    (found,) = seeing(dog, LabelScore("dog", 0.8)).corroborated_objects
    assert found.confidence == pytest.approx(0.9)


def test_a_large_object_needs_confirmation_by_the_scene(nothing: Evidence) -> None:
    umbrella = Object("umbrella", 0.92, LARGE)
    assert not nothing.with_results(objects=(umbrella,)).corroborated_objects
    assert nothing.with_results(objects=(replace(umbrella, confidence=0.97),)).corroborated_objects
    assert nothing.with_results(
        objects=(replace(umbrella, box=Box(0, 0, 60, 60)),)
    ).corroborated_objects
    assert seeing(
        nothing.with_results(objects=(umbrella,)), LabelScore("umbrella", 0.1)
    ).corroborated_objects
    assert nothing.with_results(
        objects=(Object("kite", 0.92, LARGE),)
    ).corroborated_objects  # not the bird


def test_the_outdoors_confirm_a_vehicle(nothing: Evidence) -> None:
    boat = nothing.with_results(objects=(Object("boat", 0.92, LARGE),))
    assert not boat.corroborated_objects
    assert boat.with_results(scene=replace(nothing.scene, outdoor=0.9)).corroborated_objects


def test_the_text_of_an_image_with_people_is_not_read(nothing: Evidence) -> None:
    class Unread:
        @property
        def text(self) -> OcrResult:
            raise AssertionError("the text was read")

    results = {name: getattr(nothing, name) for name in ("size", "image_type", "scene")}
    body = Object("person", 0.95, LARGE)
    assert not Evidence(Unread(), **results, faces=(), objects=(body,)).is_document
    face = Face(Box(10, 10, 90, 90), 0.9, age=30, gender="Male")
    assert not Evidence(Unread(), **results, faces=(face,), objects=()).is_document


def test_a_drawing_has_no_corroborated_objects(nothing: Evidence) -> None:
    drawn = nothing.with_results(image_type=ImageType(clip_art=2, line_drawing=0))
    assert not drawn.with_results(objects=(Object("kite", 0.98, LARGE),)).corroborated_objects


def test_doubtful_objects_are_not_corroborated(nothing: Evidence) -> None:
    assert not nothing.with_results(objects=(Object("person", 0.42, LARGE),)).corroborated_objects


def test_words_without_people_or_objects_are_a_document(nothing: Evidence) -> None:
    assert printed(nothing, 5).word_count == 5
    assert printed(nothing, 5).is_document
    assert not printed(nothing, 1).is_document
    face = Face(Box(10, 10, 90, 90), 0.9, age=30, gender="Male")
    assert not printed(nothing, 5).with_results(faces=(face,)).is_document
    case = (Object("suitcase", 0.7, LARGE),)
    assert not printed(nothing, 5).with_results(objects=case).is_document
    assert printed(nothing, 40).with_results(objects=case).is_document


def test_an_image_is_resized_to_a_number_of_pixels() -> None:
    image, working = (np.full((side, side, 3), 7, np.uint8) for side in (1200, 1000))
    evidence = Evidence(image=image, working=working)
    assert evidence.resized(1_440_000) is image
    assert evidence.resized(1_000_000) is working
    small = evidence.resized(10_000)
    assert small.shape == (100, 100, 3)
    assert (small == 7).all()


def test_a_result_comes_from_the_source_when_it_is_read() -> None:
    class Source:
        reads = 0

        @property
        def faces(self) -> tuple[Face, ...]:
            self.reads += 1
            return ()

    source = Source()
    evidence = Evidence(source)
    assert source.reads == 0
    assert evidence.faces == ()
    assert source.reads == 1
    assert evidence.with_results(faces=(1,)).with_results(names=()).faces == (1,)
    assert source.reads == 1


def test_evidence_can_be_copied(nothing: Evidence) -> None:
    copied = deepcopy(nothing.with_results(names=("Ada Lovelace",)))
    assert copied.names == ("Ada Lovelace",)
    assert copied.objects == ()


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
