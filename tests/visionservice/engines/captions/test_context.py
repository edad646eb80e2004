from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from visionservice.engines.captions.context import around, places, when, where
from visionservice.engines.evidence.evidence import Findings
from visionservice.engines.image_type import ImageType
from visionservice.engines.labels import classes
from visionservice.engines.scenes.classifier import Word

Look = Callable[[str | Path], Findings]


def outdoors(findings: Findings, *words: Word, sky: float = 0, grass: float = 0) -> Findings:
    surfaces = replace(findings.scene.surfaces, sky=sky, grass=grass)
    scene = replace(findings.scene, outdoor=0.8, surroundings=words, surfaces=surfaces)
    return replace(findings, scene=scene)


def test_the_dog_is_where_the_painted_picture_says(evaluation: Path, look: Look) -> None:
    (claim,) = where(look(evaluation / "images/dog.jpg"))
    assert claim.text == "on a pier"
    assert 0.6 <= claim.confidence <= 1


def test_without_a_sure_place_it_is_just_outdoors(nothing: Findings) -> None:
    (claim,) = where(outdoors(nothing, Word("beach", 0.3)))
    assert claim.text == "outdoors"
    (claim,) = where(outdoors(nothing, Word("beach", 0.7)))
    assert claim.text == "on a beach"
    assert not list(where(nothing))


def test_a_drawing_is_nowhere_at_no_time(nothing: Findings) -> None:
    drawn = replace(outdoors(nothing, sky=0.5), image_type=ImageType(clip_art=3, line_drawing=0))
    assert not [*where(drawn), *around(drawn), *when(drawn)]


def test_grass_lies_before_and_the_sky_behind(nothing: Findings) -> None:
    assert [c.text for c in around(outdoors(nothing, grass=0.5))] == ["with grass in front of it"]
    assert [c.text for c in around(outdoors(nothing, sky=0.3))] == ["against the sky"]
    assert not list(around(outdoors(nothing)))


def test_night_falls_outdoors(look: Look) -> None:
    assert [claim.text for claim in when(look("rocket_at_dusk.jpg"))] == ["at night"]
    assert not list(when(look("summer_palace.jpg")))


def test_the_table_names_words_that_the_scene_model_can_see() -> None:
    known = {word for row in classes() for word in (row.label, *row.words)}
    assert set(places()) <= known
