from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from visionservice.engines.base import Face, LabelScore, Object
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.tags.tagger import MIN_TAG_CONFIDENCE, RuleTagger, categories

Look = Callable[[str | Path], Evidence]

tags = RuleTagger().tag


def names(evidence: Evidence) -> list[str]:
    return [category.name for category in categories(evidence)]


def test_general_words_come_before_the_breed(look: Look) -> None:
    names = [tag.name for tag in tags(look("coffee_cup.jpg"))]
    assert names.index("drink") < names.index("espresso")
    assert names.index("coffee") < names.index("espresso")


def test_a_general_word_comes_before_a_breed_of_the_same_score(nothing: Evidence) -> None:
    words = (LabelScore("golden retriever", 0.9), LabelScore("dog", 0.9), LabelScore("animal", 0.9))
    seen = nothing.with_results(scene=replace(nothing.scene, words=words))
    assert [tag.name for tag in tags(seen)] == ["dog", "animal", "golden retriever"]


def test_a_doubtful_breed_is_not_named(nothing: Evidence) -> None:
    words = (LabelScore("dog", 0.9), LabelScore("golden retriever", 0.65))
    seen = nothing.with_results(scene=replace(nothing.scene, words=words))
    assert [tag.name for tag in tags(seen)] == ["dog"]


def test_snow_is_white_and_water_is_outdoors(nothing: Evidence) -> None:
    features = replace(nothing.scene.low_level, white=0.3)
    alps = replace(nothing.scene, words=(LabelScore("snow", 0.8),), water=0.5, low_level=features)
    indoors = nothing.with_results(scene=alps)
    outdoors = nothing.with_results(scene=replace(alps, outdoor=0.9))
    assert {tag.name for tag in tags(outdoors)} == {"outdoor", "snow", "water"}
    assert not tags(indoors)
    green = replace(alps, outdoor=0.9, water=0.1, low_level=nothing.scene.low_level)
    assert {tag.name for tag in tags(nothing.with_results(scene=green))} == {"outdoor"}


def test_a_pale_blur_behind_an_animal_is_no_sky(nothing: Evidence) -> None:
    features = replace(nothing.scene.low_level, sky=0.4)
    scene = replace(nothing.scene, outdoor=0.9, low_level=features)
    assert "sky" in {tag.name for tag in tags(nothing.with_results(scene=scene))}
    bird = replace(scene, words=(LabelScore("animal", 0.9),))
    assert "sky" not in {tag.name for tag in tags(nothing.with_results(scene=bird))}


def test_tags_are_sorted_and_have_at_least_the_least_confidence(look: Look) -> None:
    for name in ("eileen_collins.jpg", "coffee_cup.jpg", "summer_palace.jpg"):
        confidences = [tag.confidence for tag in tags(look(name))]
        assert confidences == sorted(confidences, reverse=True)
        assert all(MIN_TAG_CONFIDENCE <= confidence <= 1 for confidence in confidences)
        assert len({tag.name for tag in tags(look(name))}) == len(confidences) > 2


def test_a_portrait_a_page_and_a_night_have_tags(look: Look) -> None:
    assert {"person", "woman", "portrait"} <= {t.name for t in tags(look("eileen_collins.jpg"))}
    assert {"text"} <= {t.name for t in tags(look("printed_page.jpg"))}
    assert {"night", "rocket", "outdoor"} <= {t.name for t in tags(look("rocket_at_dusk.jpg"))}
    assert "black and white" in {t.name for t in tags(look("photographer.jpg"))}


def test_a_drawing_has_no_place_and_no_weather(evaluation: Path, look: Look) -> None:
    names = {tag.name for tag in tags(look(evaluation / "images/lion_drawing.png"))}
    assert "drawing" in names
    assert names.isdisjoint({"outdoor", "indoor", "sky", "grass"})


def test_all_names_are_the_apis_and_the_highest_score_comes_first(shared: Path, look: Look) -> None:
    allowed = set(json.loads((shared / "specs/categories86.json").read_text()))
    for sample in ("eileen_collins.jpg", "coffee_cup.jpg", "summer_palace.jpg", "dahlia.jpg"):
        found = categories(look(sample))
        assert {category.name for category in found} <= allowed
        scores = [category.confidence for category in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_the_parent_of_a_category_is_included(look: Look) -> None:
    assert names(look("chelsea_the_cat.jpg"))[:2] == ["animal_cat", "animal_"]
    assert names(look("grace_hopper.jpg"))[:2] == ["people_portrait", "people_"]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([40], "people_portrait"),
        ([1], "people_baby"),
        ([8, 9], "people_young"),
        ([40, 8], "people_group"),
        ([40] * 8, "people_many"),
        ([40] * 15, "people_crowd"),
    ],
)
def test_people_are_sorted_by_number_and_age(
    nothing: Evidence, ages: list[int], expected: str
) -> None:
    boxes = [Box(20 * i, 20, 80, 80) for i in range(len(ages))]
    faces = [Face(box, 0.9, age=age, gender="Male") for box, age in zip(boxes, ages, strict=True)]
    assert expected in names(nothing.with_results(faces=tuple(faces)))


def test_a_page_is_text_and_a_night_is_dark(look: Look) -> None:
    assert names(look("printed_page.jpg"))[0] == "text_"
    assert "dark_" in names(look("rocket_at_dusk.jpg"))


def test_a_small_object_is_not_the_subject(nothing: Evidence) -> None:
    car = Object("car", 0.97, Box(0, 0, 30, 30))
    assert names(nothing.with_results(objects=(car,))) == ["others_"]
    large = replace(car, box=Box(0, 0, 300, 200))
    assert names(nothing.with_results(objects=(large,))) == ["trans_car"]


def test_the_subject_comes_before_the_place(nothing: Evidence) -> None:
    outdoors = nothing.with_results(scene=replace(nothing.scene, outdoor=1.0))
    assert names(outdoors) == ["outdoor_"]
    bear = Object("bear", 0.97, Box(0, 0, 300, 300))
    assert names(outdoors.with_results(objects=(bear,))) == ["animal_", "outdoor_"]


def test_an_image_of_nothing_is_others(nothing: Evidence) -> None:
    (only,) = categories(nothing)
    assert only.name == "others_"
    assert only.confidence == 1.0
