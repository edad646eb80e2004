from __future__ import annotations

from dataclasses import replace

from visionservice.engines.base import LabelScore, Object
from visionservice.engines.captions.scene import scene_plan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.labels import SCENE_CLASSES


def phrases(evidence: Evidence) -> list[str]:
    plan = scene_plan(evidence)
    return [plan.subject.text, *(detail.text for detail in plan.details)] if plan else []


def seeing(evidence: Evidence, *words: LabelScore) -> Evidence:
    return evidence.with_results(scene=replace(evidence.scene, labels=words[:1], words=words))


def test_a_breed_is_no_subject_but_another_label_is_one(nothing: Evidence) -> None:
    hound = seeing(
        nothing, LabelScore("redbone", 0.8), LabelScore("dog", 0.9), LabelScore("animal", 0.9)
    )
    assert phrases(hound) == ["a close up of a dog"]
    bug = seeing(nothing, LabelScore("ladybug", 0.8), LabelScore("animal", 0.9))
    assert phrases(bug) == ["a close up of a ladybug"]


def test_a_flower_is_no_daisy_and_a_bird_is_named_only_if_it_is_certain(nothing: Evidence) -> None:
    daisy = seeing(
        nothing, LabelScore("daisy", 0.99), LabelScore("flower", 0.99), LabelScore("plant", 0.99)
    )
    assert phrases(daisy) == ["a close up of a flower"]
    words = (LabelScore("bird", 0.9), LabelScore("animal", 0.9))
    assert phrases(seeing(nothing, LabelScore("junco", 0.9), *words)) == ["a close up of a bird"]
    assert phrases(seeing(nothing, LabelScore("junco", 0.97), *words)) == ["a close up of a junco"]


def test_labels_of_patterns_are_not_used(nothing: Evidence) -> None:
    unreliable = [row.name for row in SCENE_CLASSES if row.naming == "unreliable"]
    assert len(unreliable) > 20
    for name in unreliable:
        assert phrases(seeing(nothing, LabelScore(name, 0.99))) == []


def test_a_boat_needs_no_confirmation_and_a_train_does(nothing: Evidence) -> None:
    words = LabelScore("gondola", 0.6), LabelScore("boat", 0.7), LabelScore("vehicle", 0.72)
    assert phrases(seeing(nothing, *words))[0] == "a boat"
    words = LabelScore("freight car", 0.3), LabelScore("train", 0.7), LabelScore("vehicle", 0.72)
    assert phrases(seeing(nothing, *words))[0] == "a vehicle"


def test_the_object_model_must_find_objects_of_its_classes_too(nothing: Evidence) -> None:
    lids = seeing(nothing, LabelScore("wall clock", 0.9), LabelScore("clock", 0.93))
    assert phrases(lids) == []
    hint = lids.with_results(objects=(Object("clock", 0.4, Box(0, 0, 90, 90)),))
    assert phrases(hint) == ["a wall clock"]


def test_words_of_many_classes_need_a_high_score(nothing: Evidence) -> None:
    assert phrases(seeing(nothing, LabelScore("tench", 0.2), LabelScore("animal", 0.64))) == []
    assert phrases(seeing(nothing, LabelScore("tench", 0.2), LabelScore("animal", 0.66))) == [
        "a close up of an animal"
    ]
    assert (
        phrases(seeing(nothing, LabelScore("head cabbage", 0.5), LabelScore("vegetable", 0.61)))
        == []
    )


def test_a_lake_is_no_shore_and_nature_is_a_landscape(nothing: Evidence) -> None:
    outside = nothing.with_results(scene=replace(nothing.scene, outdoor=0.8))
    lake = (
        LabelScore("lake", 0.56),
        LabelScore("nature", 0.66),
        LabelScore("water", 0.65),
        LabelScore("shore", 0.56),
    )
    assert phrases(seeing(outside, *lake)) == ["a lake"]
    assert phrases(seeing(outside, LabelScore("valley", 0.3), LabelScore("nature", 0.7))) == [
        "a landscape"
    ]


def test_a_class_that_stands_for_others_gives_a_more_general_word(nothing: Evidence) -> None:
    stream = LabelScore("valley", 0.96), LabelScore("nature", 0.97)
    assert phrases(seeing(nothing, *stream))[0] == "a landscape"
    boot = LabelScore("running shoe", 0.9), LabelScore("shoe", 0.91), LabelScore("footwear", 0.91)
    assert phrases(seeing(nothing, *boot)) == ["a shoe"]


def test_labels_of_another_classifier_are_named_if_they_are_certain(nothing: Evidence) -> None:
    assert phrases(seeing(nothing, LabelScore("lighthouse", 0.9))) == ["a lighthouse"]
    assert phrases(seeing(nothing, LabelScore("lighthouse", 0.6))) == []
