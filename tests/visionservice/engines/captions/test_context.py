from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from visionservice.engines.base import ImageType, LabelScore
from visionservice.engines.captions.context import (
    place_phrase,
    places,
    surroundings_phrase,
    time_phrase,
)
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.labels import scene_classes

Look = Callable[[str | Path], Evidence]


def outdoors(evidence: Evidence, *words: LabelScore, sky: float = 0, grass: float = 0) -> Evidence:
    features = replace(evidence.scene.low_level, sky=sky, grass=grass)
    scene = replace(evidence.scene, outdoor=0.8, place_labels=words, low_level=features)
    return evidence.with_results(scene=scene)


def test_the_place_is_that_of_the_image_without_the_dog(evaluation: Path, look: Look) -> None:
    (phrase,) = place_phrase(look(evaluation / "images/dog.jpg"))
    assert phrase.text == "on a pier"
    assert 0.6 <= phrase.confidence <= 1


def test_without_a_certain_place_it_is_outdoors(nothing: Evidence) -> None:
    (phrase,) = place_phrase(outdoors(nothing, LabelScore("beach", 0.3)))
    assert phrase.text == "outdoors"
    (phrase,) = place_phrase(outdoors(nothing, LabelScore("beach", 0.7)))
    assert phrase.text == "on a beach"
    assert not list(place_phrase(nothing))


def test_a_drawing_has_no_place_and_no_time(nothing: Evidence) -> None:
    drawn = outdoors(nothing, sky=0.5).with_results(
        image_type=ImageType(clip_art=3, line_drawing=0)
    )
    assert not [*place_phrase(drawn), *surroundings_phrase(drawn), *time_phrase(drawn)]


def test_grass_is_in_front_and_the_sky_behind(nothing: Evidence) -> None:
    assert [phrase.text for phrase in surroundings_phrase(outdoors(nothing, grass=0.5))] == [
        "with grass in front of it"
    ]
    assert [phrase.text for phrase in surroundings_phrase(outdoors(nothing, sky=0.3))] == [
        "against the sky"
    ]
    assert not list(surroundings_phrase(outdoors(nothing)))


def test_it_is_night_outdoors_in_the_dark(look: Look) -> None:
    assert [phrase.text for phrase in time_phrase(look("rocket_at_dusk.jpg"))] == ["at night"]
    assert not list(time_phrase(look("summer_palace.jpg")))


def test_the_table_has_words_of_the_scene_model() -> None:
    known = {word for row in scene_classes() for word in (row.label, *row.words)}
    assert set(places()) <= known
