from __future__ import annotations

from dataclasses import replace

from visionservice.engines.evidence.evidence import Findings
from visionservice.engines.faces.detector import Face
from visionservice.engines.geometry import Box
from visionservice.engines.image_type import ImageType
from visionservice.engines.objects.ssd_mobilenet import Object
from visionservice.engines.scenes.classifier import Word
from visionservice.engines.text.reader import Line, Text
from visionservice.engines.text.reader import Word as Printed

LARGE = Box(50, 50, 200, 200)
CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def seeing(findings: Findings, *words: Word) -> Findings:
    return replace(findings, scene=replace(findings.scene, labels=words[:1], words=words))


def printed(findings: Findings, count: int) -> Findings:
    words = tuple(Printed("word", CORNERS, 0.9) for _ in range(count))
    line = Line("word " * count, CORNERS, words, 0.9)
    return replace(findings, text=Text((line,), (), "Up", 0.0, "en"))


def test_a_sure_scene_outweighs_a_doubtful_thing(nothing: Findings) -> None:
    skis = replace(nothing, objects=(Object("skis", 0.7, LARGE),))
    assert skis.things
    assert not seeing(skis, Word("daisy", 0.93)).things
    assert seeing(skis, Word("skis", 0.93)).things


def test_an_animal_must_be_the_one_that_the_scene_sees(nothing: Findings) -> None:
    bird = replace(nothing, objects=(Object("bird", 1.0, LARGE),))
    assert not seeing(bird, Word("cheetah", 0.97), Word("animal", 0.99)).things
    assert seeing(bird, Word("robin", 0.5), Word("animal", 0.9), Word("bird", 0.8)).things


def test_a_large_thing_that_the_scene_should_see_and_does_not_is_none(nothing: Findings) -> None:
    umbrella = Object("umbrella", 0.92, LARGE)
    assert not replace(nothing, objects=(umbrella,)).things
    assert replace(nothing, objects=(replace(umbrella, confidence=0.97),)).things
    assert replace(nothing, objects=(replace(umbrella, box=Box(0, 0, 60, 60)),)).things
    assert seeing(replace(nothing, objects=(umbrella,)), Word("umbrella", 0.1)).things
    assert replace(nothing, objects=(Object("kite", 0.92, LARGE),)).things  # not the bird


def test_in_a_drawing_no_thing_is_sure(nothing: Findings) -> None:
    drawn = replace(nothing, image_type=ImageType(clip_art=2, line_drawing=0))
    assert not replace(drawn, objects=(Object("kite", 0.98, LARGE),)).things


def test_doubtful_things_are_not_spoken_of(nothing: Findings) -> None:
    assert not replace(nothing, objects=(Object("person", 0.42, LARGE),)).things


def test_writing_alone_is_a_page_and_with_somebody_it_is_not(nothing: Findings) -> None:
    assert printed(nothing, 5).words_read == 5
    assert printed(nothing, 5).is_page
    assert not printed(nothing, 1).is_page
    face = Face(Box(10, 10, 90, 90), 30, "Male", 0.9)
    assert not replace(printed(nothing, 5), faces=(face,)).is_page
    case = (Object("suitcase", 0.7, LARGE),)
    assert not replace(printed(nothing, 5), objects=case).is_page
    assert replace(printed(nothing, 40), objects=case).is_page
