from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from visionservice.engines.base import ImageType, LabelScore
from visionservice.engines.captions.phrases import PLACES, night, place_and_time, surroundings
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.labels import SCENE_CLASSES

Look = Callable[[str | Path], Evidence]


def outdoors(evidence: Evidence, *words: LabelScore, sky: float = 0, grass: float = 0) -> Evidence:
    features = replace(evidence.scene.low_level, sky=sky, grass=grass)
    scene = replace(evidence.scene, outdoor=0.8, place_labels=words, low_level=features)
    return evidence.with_results(scene=scene)


def test_the_place_is_that_of_the_image_without_the_dog(evaluation: Path, look: Look) -> None:
    (phrase,) = place_and_time(look(evaluation / "images/dog.jpg"))
    assert phrase.text == "on a pier"
    assert 0.6 <= phrase.confidence <= 1


def test_without_a_certain_place_it_is_outdoors(nothing: Evidence) -> None:
    (phrase,) = place_and_time(outdoors(nothing, LabelScore("beach", 0.3)))
    assert phrase.text == "outdoors"
    (phrase,) = place_and_time(outdoors(nothing, LabelScore("beach", 0.7)))
    assert phrase.text == "on a beach"
    assert not place_and_time(nothing)


def test_a_drawing_has_no_place_and_no_time(nothing: Evidence) -> None:
    dark = replace(nothing.scene, low_level=replace(nothing.scene.low_level, dark=True))
    view = outdoors(nothing.with_results(scene=dark))
    assert [phrase.text for phrase in place_and_time(view)] == ["outdoors", "at night"]
    assert not place_and_time(view.with_results(image_type=ImageType(clip_art=3, line_drawing=0)))


def test_grass_is_in_front_and_the_sky_behind(nothing: Evidence) -> None:
    (phrase,) = surroundings(outdoors(nothing, grass=0.5).scene)
    assert phrase.text == "with grass in front of it"
    (phrase,) = surroundings(outdoors(nothing, sky=0.3).scene)
    assert phrase.text == "against the sky"
    assert not surroundings(outdoors(nothing).scene)


def test_it_is_night_outdoors_in_the_dark(look: Look) -> None:
    (phrase,) = night(look("rocket_at_dusk.jpg").scene)
    assert phrase.text == "at night"
    assert not night(look("summer_palace.jpg").scene)


def test_the_table_has_words_of_the_scene_model() -> None:
    known = {word for row in SCENE_CLASSES for word in (row.name, *row.words)}
    assert set(PLACES) <= known
