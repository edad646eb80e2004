from __future__ import annotations

from dataclasses import replace

from visionservice.engines.captions.scene import FAMILIES, PATTERNS, SAID, SOLE, UNSAID, view
from visionservice.engines.evidence.evidence import Findings
from visionservice.engines.geometry import Box
from visionservice.engines.labels import classes
from visionservice.engines.objects.ssd_mobilenet import Object
from visionservice.engines.scenes.classifier import Word


def said(findings: Findings) -> list[str]:
    found = view(findings)
    return [found.claim.text, *(detail.text for detail in found.details)] if found else []


def seeing(findings: Findings, *words: Word) -> Findings:
    return replace(findings, scene=replace(findings.scene, labels=words[:1], words=words))


def test_a_breed_is_no_subject_but_another_label_is(nothing: Findings) -> None:
    hound = seeing(nothing, Word("redbone", 0.8), Word("dog", 0.9), Word("animal", 0.9))
    assert said(hound) == ["a close up of a dog"]
    bug = seeing(nothing, Word("ladybug", 0.8), Word("animal", 0.9))
    assert said(bug) == ["a close up of a ladybug"]


def test_a_flower_is_no_daisy_and_a_bird_is_its_kind_only_beyond_doubt(nothing: Findings) -> None:
    daisy = seeing(nothing, Word("daisy", 0.99), Word("flower", 0.99), Word("plant", 0.99))
    assert said(daisy) == ["a close up of a flower"]
    words = (Word("bird", 0.9), Word("animal", 0.9))
    assert said(seeing(nothing, Word("junco", 0.9), *words)) == ["a close up of a bird"]
    assert said(seeing(nothing, Word("junco", 0.97), *words)) == ["a close up of a junco"]


def test_patterns_are_called_nothing(nothing: Findings) -> None:
    for name in PATTERNS:
        assert said(seeing(nothing, Word(name, 0.99))) == []


def test_what_the_object_model_knows_it_must_see_too(nothing: Findings) -> None:
    lids = seeing(nothing, Word("wall clock", 0.9), Word("clock", 0.93))
    assert said(lids) == []
    hint = replace(lids, objects=(Object("clock", 0.4, Box(0, 0, 90, 90)),))
    assert said(hint) == ["a wall clock"]


def test_words_that_add_up_many_classes_must_be_surer(nothing: Findings) -> None:
    assert said(seeing(nothing, Word("tench", 0.2), Word("animal", 0.64))) == []
    assert said(seeing(nothing, Word("tench", 0.2), Word("animal", 0.66))) == [
        "a close up of an animal"
    ]
    assert said(seeing(nothing, Word("head cabbage", 0.5), Word("vegetable", 0.61))) == []


def test_a_lake_is_no_shore_and_nature_is_a_landscape(nothing: Findings) -> None:
    outside = replace(nothing, scene=replace(nothing.scene, outdoor=0.8))
    lake = (Word("lake", 0.56), Word("nature", 0.66), Word("water", 0.65), Word("shore", 0.56))
    assert said(seeing(outside, *lake)) == ["a lake"]
    assert said(seeing(outside, Word("valley", 0.3), Word("nature", 0.7))) == ["a landscape"]


def test_the_lists_are_of_words_the_model_knows() -> None:
    labels = {row.label for row in classes()}
    words = {word for row in classes() for word in row.words}
    assert labels >= PATTERNS
    assert words >= FAMILIES | SOLE
    assert labels | words >= UNSAID | set(SAID)
