from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from visionhelpers.service.engines.boxes import Box
from visionhelpers.service.engines.faces import Face
from visionhelpers.service.engines.findings import Findings
from visionhelpers.service.engines.objects import Object
from visionhelpers.service.engines.scenes import Word
from visionhelpers.service.engines.subjects import subject

Look = Callable[[str | Path], Findings]

CUP = Object("cup", 0.95, Box(150, 150, 60, 60))
TABLE = Object("dining table", 0.8, Box(0, 100, 400, 300))


def said(findings: Findings) -> list[str]:
    found = subject(findings)
    return [found.claim.text, *(detail.text for detail in found.details)]


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
        assert subject(replace(nothing, objects=(thing,))).vague == vague, name


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


def test_a_rider_among_others_is_what_the_picture_is_of(nothing: Findings) -> None:
    people = [Object("person", 0.9, Box(x, 50, 60, 200)) for x in (0, 120, 300)]
    board = Object("skateboard", 0.9, Box(110, 240, 80, 20))
    assert said(replace(nothing, objects=(*people, board))) == [
        "a person",
        "riding a skateboard",
        "with other people nearby",
    ]


def test_clothes_are_told_of_one_person_only(nothing: Findings) -> None:
    face = Face(Box(100, 50, 90, 90), 40, "Female", 0.9)
    dressed = seeing(replace(nothing, faces=(face,)), Word("kimono", 0.8))
    assert said(dressed) == ["a woman", "wearing a kimono"]
    other = replace(face, box=Box(250, 50, 90, 90))
    assert said(replace(dressed, faces=(face, other))) == ["two women", "posing for a photo"]


def test_a_breed_is_no_subject_but_another_label_is(nothing: Findings) -> None:
    hound = seeing(nothing, Word("redbone", 0.8), Word("dog", 0.9), Word("animal", 0.9))
    assert said(hound) == ["a close up of a dog"]
    bug = seeing(nothing, Word("ladybug", 0.8), Word("animal", 0.9))
    assert said(bug) == ["a close up of a ladybug"]


def test_a_long_text_is_quoted_in_part(look: Look) -> None:
    (name, quote) = said(look("printed_page.jpg"))
    assert name == "a page of text"
    assert quote.startswith('that reads "')
    assert quote.endswith(' ..."')
    assert len(quote.split()) <= 12
