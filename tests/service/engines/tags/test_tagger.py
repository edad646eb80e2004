from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.service.engines.builders import NOTHING, face, image_of, look, scene
from visionservice.engines.base import LabelScore, Object, Scene
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.tags.tagger import MIN_TAG_CONFIDENCE, RuleTagger, categories

SNOW = {"snow": 0.8}
TAGS = {
    "a breed comes after equal words": (
        scene({"golden retriever": 0.9, "dog": 0.9, "animal": 0.9}),
        "dog, animal, golden retriever",
    ),
    "a doubtful breed": (scene({"dog": 0.9, "golden retriever": 0.65}), "dog"),
    "snow and water indoors": (scene(SNOW, water=0.5, white=0.3), ""),
    "snow": (scene(SNOW, outdoor=0.9, white=0.3), "outdoor, snow"),
    "snow that is not white": (scene(SNOW, outdoor=0.9), "outdoor"),
    "water": (scene(outdoor=0.9, water=0.5), "outdoor, water"),
    "hardly any water": (scene(outdoor=0.9, water=0.1), "outdoor"),
    "a pale sky": (scene(outdoor=0.9, sky=0.4), "outdoor, sky"),
    "a pale blur": (scene({"animal": 0.8}, outdoor=0.9, sky=0.4), "outdoor, animal"),
}


def tags(evidence: Evidence) -> list[str]:
    return [tag.name for tag in RuleTagger().tag(evidence)]


def names(evidence: Evidence) -> list[str]:
    return [category.name for category in categories(evidence)]


@pytest.mark.parametrize(("shown", "words"), TAGS.values(), ids=TAGS)
def test_tags_follow_from_the_scene(shown: Scene, words: str) -> None:
    assert ", ".join(tags(image_of(scene=shown))) == words


@pytest.mark.parametrize(
    ("sample", "words", "first"),
    [
        ("eileen_collins.jpg", {"person", "woman", "portrait"}, ["people_portrait", "people_"]),
        ("chelsea_the_cat.jpg", {"cat", "animal"}, ["animal_cat", "animal_"]),
        ("coffee_cup.jpg", {"cup", "drink", "coffee", "espresso"}, []),
        ("printed_page.jpg", {"text"}, ["text_"]),
        ("rocket_at_dusk.jpg", {"night", "rocket", "outdoor"}, ["outdoor_", "dark_"]),
        ("photographer.jpg", {"black and white"}, []),
    ],
)
def test_the_samples_have_tags_and_categories(
    sample: str, words: set[str], first: list[str]
) -> None:
    evidence = look(sample)
    assert words <= set(tags(evidence))
    assert min(tag.confidence for tag in RuleTagger().tag(evidence)) >= MIN_TAG_CONFIDENCE
    assert names(evidence)[: len(first)] == first
    scores = [category.confidence for category in categories(evidence)]
    assert scores == sorted(scores, reverse=True)


def test_all_categories_are_those_of_the_api(shared: Path) -> None:
    allowed = set(json.loads((shared / "specs/categories86.json").read_text()))
    for sample in ("eileen_collins.jpg", "coffee_cup.jpg", "summer_palace.jpg", "dahlia.jpg"):
        assert set(names(look(sample))) <= allowed


def test_general_words_come_before_the_breed() -> None:
    found = tags(look("coffee_cup.jpg"))
    assert max(map(found.index, ("drink", "coffee"))) < found.index("espresso")


def test_a_drawing_has_no_place_and_no_weather(evaluation: Path) -> None:
    found = set(tags(look(evaluation / "images/lion_drawing.png")))
    assert "drawing" in found
    assert found.isdisjoint({"outdoor", "indoor", "sky", "grass"})


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
def test_people_are_sorted_by_number_and_age(ages: list[int], expected: str) -> None:
    faces = tuple(face(20 * i, 20, 80, age=age) for i, age in enumerate(ages))
    assert expected in names(image_of(faces=faces))


@pytest.mark.parametrize(
    ("name", "box", "outdoor", "expected"),
    [
        pytest.param("car", Box(0, 0, 30, 30), 0, ["others_"], id="a small object"),
        pytest.param("car", Box(0, 0, 300, 200), 0, ["trans_car"], id="a large object"),
        pytest.param("car", Box(0, 0, 30, 30), 1, ["outdoor_"], id="a place"),
        pytest.param("bear", Box(0, 0, 300, 300), 1, ["animal_", "outdoor_"], id="both"),
    ],
)
def test_a_large_object_comes_before_the_place(
    name: str, box: Box, outdoor: float, expected: list[str]
) -> None:
    shown = image_of(Object(name, 0.97, box), scene=scene(outdoor=outdoor))
    assert names(shown) == expected


def test_an_image_of_nothing_is_certainly_others() -> None:
    assert categories(NOTHING) == (LabelScore("others_", 1.0),)
