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
    surfaces = replace(evidence.scene.low_level, sky=sky, grass=grass)
    scene = replace(evidence.scene, outdoor=0.8, place_labels=words, low_level=surfaces)
    return evidence.with_results(scene=scene)


def test_the_dog_is_where_the_painted_picture_says(evaluation: Path, look: Look) -> None:
    (claim,) = place_phrase(look(evaluation / "images/dog.jpg"))
    assert claim.text == "on a pier"
    assert 0.6 <= claim.confidence <= 1


def test_without_a_sure_place_it_is_just_outdoors(nothing: Evidence) -> None:
    (claim,) = place_phrase(outdoors(nothing, LabelScore("beach", 0.3)))
    assert claim.text == "outdoors"
    (claim,) = place_phrase(outdoors(nothing, LabelScore("beach", 0.7)))
    assert claim.text == "on a beach"
    assert not list(place_phrase(nothing))


def test_a_drawing_is_nowhere_at_no_time(nothing: Evidence) -> None:
    drawn = outdoors(nothing, sky=0.5).with_results(
        image_type=ImageType(clip_art=3, line_drawing=0)
    )
    assert not [*place_phrase(drawn), *surroundings_phrase(drawn), *time_phrase(drawn)]


def test_grass_lies_before_and_the_sky_behind(nothing: Evidence) -> None:
    assert [c.text for c in surroundings_phrase(outdoors(nothing, grass=0.5))] == [
        "with grass in front of it"
    ]
    assert [c.text for c in surroundings_phrase(outdoors(nothing, sky=0.3))] == ["against the sky"]
    assert not list(surroundings_phrase(outdoors(nothing)))


def test_night_falls_outdoors(look: Look) -> None:
    assert [claim.text for claim in time_phrase(look("rocket_at_dusk.jpg"))] == ["at night"]
    assert not list(time_phrase(look("summer_palace.jpg")))


def test_the_table_names_words_that_the_scene_model_can_see() -> None:
    known = {word for row in scene_classes() for word in (row.label, *row.words)}
    assert set(places()) <= known
