from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import LabelScore, Object
from visionservice.engines.captions.objects import object_plan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

CUP = Object("cup", 0.95, Box(150, 150, 60, 60))
TABLE = Object("dining table", 0.8, Box(0, 100, 400, 300))


def phrases(evidence: Evidence) -> list[str]:
    plan = object_plan(evidence)
    return [plan.subject.text, *(detail.text for detail in plan.details)] if plan else []


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def test_a_cup_on_a_table_contains_coffee_if_the_scene_model_finds_it(nothing: Evidence) -> None:
    served = nothing.with_results(objects=(CUP, TABLE))
    assert phrases(served) == ["a cup", "on a table"]
    assert phrases(seeing(served, LabelScore("espresso", 0.8), LabelScore("coffee", 0.8))) == [
        "a cup of coffee",
        "on a table",
    ]


def test_a_generic_name_is_that_of_the_object_and_not_of_its_use(nothing: Evidence) -> None:
    names = {
        "boat": "a vehicle",
        "refrigerator": "an appliance",
        "skateboard": "",
        "cat": "an animal",
    }
    names |= {"traffic light": "", "apple": "food"}
    for name, generic in names.items():
        thing = Object(name, 0.97, Box(150, 150, 60, 60))
        named = object_plan(nothing.with_results(objects=(thing,)))
        assert named, name
        assert named.generic_name == generic, name


def test_an_animal_is_on_a_couch(nothing: Evidence) -> None:
    cat = Object("cat", 0.95, Box(150, 100, 60, 100))
    couch = Object("couch", 0.9, Box(50, 120, 300, 150))
    both = seeing(
        nothing.with_results(objects=(cat, couch)),
        LabelScore("cat", 0.9),
        LabelScore("animal", 0.9),
    )
    assert phrases(both) == ["a cat", "on a couch"]


def test_three_doubtful_objects_more_make_a_group(nothing: Evidence) -> None:
    boat = Object("boat", 0.97, Box(0, 100, 90, 60))
    doubtful = [replace(boat, confidence=0.4, box=Box(x, 200, 90, 60)) for x in (0, 120, 240)]
    assert phrases(nothing.with_results(objects=(boat, *doubtful[1:]))) == ["a boat"]
    assert phrases(nothing.with_results(objects=(boat, *doubtful))) == ["a group of boats"]
    same = [replace(each, box=boat.box) for each in doubtful]
    assert phrases(nothing.with_results(objects=(boat, *same))) == ["a boat"]


def test_objects_are_counted_and_next_to_others(nothing: Evidence) -> None:
    cars = [Object("car", 0.9, Box(x, 100, 90, 60)) for x in (0, 120)]
    bicycle = Object("bicycle", 0.8, Box(300, 100, 60, 60))
    assert phrases(nothing.with_results(objects=(*cars, bicycle))) == [
        "two cars",
        "next to a bicycle",
    ]


def test_an_object_that_fills_the_image_is_a_close_up(nothing: Evidence) -> None:
    vase = Object("vase", 0.97, Box(10, 10, 380, 380))
    assert phrases(nothing.with_results(objects=(vase,))) == ["a close up of a vase"]


def test_both_models_find_an_object_or_it_is_certain(nothing: Evidence) -> None:
    cake = Object("cake", 0.65, Box(150, 150, 60, 60))
    assert phrases(nothing.with_results(objects=(cake,))) == []
    assert phrases(nothing.with_results(objects=(replace(cake, confidence=0.96),))) == ["a cake"]
    suitcase = nothing.with_results(objects=(replace(cake, name="bus", confidence=0.7),))
    assert phrases(seeing(suitcase, LabelScore("bus", 0.2))) == ["a bus"]


def test_a_plant_of_different_classes_to_the_models_is_a_plant(nothing: Evidence) -> None:
    pot = nothing.with_results(objects=(Object("potted plant", 0.7, Box(150, 150, 60, 60)),))
    assert phrases(seeing(pot, LabelScore("daisy", 0.35), LabelScore("plant", 0.35))) == ["a plant"]


def test_two_low_scores_that_agree_are_an_apple(nothing: Evidence) -> None:
    apple = nothing.with_results(objects=(Object("apple", 0.56, Box(150, 150, 60, 60)),))
    assert phrases(apple) == []
    assert phrases(seeing(apple, LabelScore("apple", 0.41))) == ["an apple"]


def test_an_object_of_another_detector_is_named_and_counted(nothing: Evidence) -> None:
    lighthouse = Object("lighthouse", 0.97, Box(150, 150, 60, 60))
    assert phrases(nothing.with_results(objects=(lighthouse,))) == ["a lighthouse"]
    other = Object("lighthouse", 0.97, Box(10, 150, 60, 60))
    assert phrases(nothing.with_results(objects=(lighthouse, other))) == ["two lighthouses"]
