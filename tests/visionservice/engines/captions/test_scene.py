from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import LabelScore, Object
from visionservice.engines.captions.scene import (
    COARSE_FAMILIES,
    FAMILIES,
    NEVER_NAMED,
    PHRASES,
    UNRELIABLE_LABELS,
    scene_plan,
)
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.labels import scene_classes


def said(evidence: Evidence) -> list[str]:
    found = scene_plan(evidence)
    return [found.subject.text, *(detail.text for detail in found.details)] if found else []


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def test_a_breed_is_no_subject_but_another_label_is(nothing: Evidence) -> None:
    hound = seeing(
        nothing, LabelScore("redbone", 0.8), LabelScore("dog", 0.9), LabelScore("animal", 0.9)
    )
    assert said(hound) == ["a close up of a dog"]
    bug = seeing(nothing, LabelScore("ladybug", 0.8), LabelScore("animal", 0.9))
    assert said(bug) == ["a close up of a ladybug"]


def test_a_flower_is_no_daisy_and_a_bird_is_its_kind_only_beyond_doubt(nothing: Evidence) -> None:
    daisy = seeing(
        nothing, LabelScore("daisy", 0.99), LabelScore("flower", 0.99), LabelScore("plant", 0.99)
    )
    assert said(daisy) == ["a close up of a flower"]
    words = (LabelScore("bird", 0.9), LabelScore("animal", 0.9))
    assert said(seeing(nothing, LabelScore("junco", 0.9), *words)) == ["a close up of a bird"]
    assert said(seeing(nothing, LabelScore("junco", 0.97), *words)) == ["a close up of a junco"]


def test_patterns_are_called_nothing(nothing: Evidence) -> None:
    for name in UNRELIABLE_LABELS:
        assert said(seeing(nothing, LabelScore(name, 0.99))) == []


def test_what_the_object_model_knows_it_must_see_too(nothing: Evidence) -> None:
    lids = seeing(nothing, LabelScore("wall clock", 0.9), LabelScore("clock", 0.93))
    assert said(lids) == []
    hint = lids.with_results(objects=(Object("clock", 0.4, Box(0, 0, 90, 90)),))
    assert said(hint) == ["a wall clock"]


def test_words_that_add_up_many_classes_must_be_surer(nothing: Evidence) -> None:
    assert said(seeing(nothing, LabelScore("tench", 0.2), LabelScore("animal", 0.64))) == []
    assert said(seeing(nothing, LabelScore("tench", 0.2), LabelScore("animal", 0.66))) == [
        "a close up of an animal"
    ]
    assert (
        said(seeing(nothing, LabelScore("head cabbage", 0.5), LabelScore("vegetable", 0.61))) == []
    )


def test_a_lake_is_no_shore_and_nature_is_a_landscape(nothing: Evidence) -> None:
    outside = nothing.with_results(scene=replace(nothing.scene, outdoor=0.8))
    lake = (
        LabelScore("lake", 0.56),
        LabelScore("nature", 0.66),
        LabelScore("water", 0.65),
        LabelScore("shore", 0.56),
    )
    assert said(seeing(outside, *lake)) == ["a lake"]
    assert said(seeing(outside, LabelScore("valley", 0.3), LabelScore("nature", 0.7))) == [
        "a landscape"
    ]


def test_the_lists_are_of_words_the_model_knows() -> None:
    labels = {row.label for row in scene_classes()}
    words = {word for row in scene_classes() for word in row.words}
    assert labels >= UNRELIABLE_LABELS
    assert words >= FAMILIES | COARSE_FAMILIES
    assert labels | words >= NEVER_NAMED | set(PHRASES)
