from __future__ import annotations

from dataclasses import replace

from visionservice.engines.captions.objects import drawn, things
from visionservice.engines.evidence.evidence import Findings
from visionservice.engines.geometry import Box
from visionservice.engines.image_type import ImageType
from visionservice.engines.objects.ssd_mobilenet import Object
from visionservice.engines.scenes.classifier import Word

CUP = Object("cup", 0.95, Box(150, 150, 60, 60))
TABLE = Object("dining table", 0.8, Box(0, 100, 400, 300))


def said(findings: Findings) -> list[str]:
    found = things(findings)
    return [found.claim.text, *(detail.text for detail in found.details)] if found else []


def seeing(findings: Findings, *words: Word) -> Findings:
    return replace(findings, scene=replace(findings.scene, labels=words[:1], words=words))


def test_a_cup_on_a_table_holds_coffee_only_if_it_is_seen(nothing: Findings) -> None:
    served = replace(nothing, objects=(CUP, TABLE))
    assert said(served) == ["a cup", "on a table"]
    assert said(seeing(served, Word("espresso", 0.8), Word("coffee", 0.8))) == [
        "a cup of coffee",
        "on a table",
    ]


def test_a_vaguer_name_is_of_the_thing_and_not_of_what_it_goes_with(nothing: Findings) -> None:
    names = {
        "boat": "a vehicle",
        "refrigerator": "an appliance",
        "skateboard": "",
        "cat": "an animal",
    }
    names |= {"traffic light": "", "apple": "food"}
    for name, vague in names.items():
        thing = Object(name, 0.97, Box(150, 150, 60, 60))
        named = things(replace(nothing, objects=(thing,)))
        assert named, name
        assert named.vague == vague, name


def test_an_animal_sits_on_a_couch(nothing: Findings) -> None:
    cat = Object("cat", 0.95, Box(150, 100, 60, 100))
    couch = Object("couch", 0.9, Box(50, 120, 300, 150))
    both = seeing(replace(nothing, objects=(cat, couch)), Word("cat", 0.9), Word("animal", 0.9))
    assert said(both) == ["a cat", "sitting on a couch"]


def test_things_are_counted_and_put_beside_the_next(nothing: Findings) -> None:
    cars = [Object("car", 0.9, Box(x, 100, 90, 60)) for x in (0, 120)]
    bicycle = Object("bicycle", 0.8, Box(300, 100, 60, 60))
    assert said(replace(nothing, objects=(*cars, bicycle))) == ["two cars", "next to a bicycle"]


def test_a_thing_that_fills_the_picture_is_close_up(nothing: Findings) -> None:
    vase = Object("vase", 0.97, Box(10, 10, 380, 380))
    assert said(replace(nothing, objects=(vase,))) == ["a close up of a vase"]


def test_a_thing_alone_is_seen_by_both_models_or_beyond_doubt(nothing: Findings) -> None:
    cake = Object("cake", 0.65, Box(150, 150, 60, 60))
    assert said(replace(nothing, objects=(cake,))) == []
    assert said(replace(nothing, objects=(replace(cake, confidence=0.96),))) == ["a cake"]
    suitcase = replace(nothing, objects=(replace(cake, name="bus", confidence=0.7),))
    assert said(seeing(suitcase, Word("bus", 0.2))) == ["a bus"]


def test_a_plant_of_which_only_the_kind_is_agreed_is_a_plant(nothing: Findings) -> None:
    pot = replace(nothing, objects=(Object("potted plant", 0.7, Box(150, 150, 60, 60)),))
    assert said(seeing(pot, Word("daisy", 0.35), Word("plant", 0.35))) == ["a plant"]


def test_two_doubts_that_agree_are_an_apple(nothing: Findings) -> None:
    apple = replace(nothing, objects=(Object("apple", 0.56, Box(150, 150, 60, 60)),))
    assert said(apple) == []
    assert said(seeing(apple, Word("apple", 0.41))) == ["an apple"]


def test_of_a_drawing_the_name_is_said_only_if_both_are_sure(nothing: Findings) -> None:
    horse = replace(nothing, objects=(Object("horse", 0.98, CUP.box),), image_type=ImageType(2, 0))
    assert drawn(horse) is None
    animal = drawn(seeing(horse, Word("animal", 0.83)))
    assert animal
    assert animal.text == "an animal"
    assert drawn(replace(seeing(horse, Word("animal", 0.83)), image_type=ImageType(0, 0))) is None
