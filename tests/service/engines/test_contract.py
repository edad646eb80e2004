"""The contract of an engine, checked for every registered engine on five sample images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pytest

from tests.service.engines.builders import look
from tests.support.scripted_server import scripted_server
from visionservice.engines import registry
from visionservice.engines.base import Face, FaceBox, Object, OcrResult, Scene
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

SAMPLES = (
    "altered/hopper_and_collins.jpg",
    "chelsea_the_cat.jpg",
    "coffee_cup.jpg",
    "handwritten_note.jpg",
    "summer_palace_in_the_evening.jpg",
)
REGISTERED = [(kind, name) for kind in registry.KINDS for name in registry.registered(kind)]
COMPLETION = {"choices": [{"message": {"content": "A man.\nA boy.\nTwo women.\nA girl."}}]}
REQUESTS = (1, False, True), (3, False, True), (3, True, False), (3, False, False)
"""Limits of captions, whether they are gender-neutral, and whether they may contain names."""
MALE_OR_FEMALE = {"man", "men", "woman", "women", "boy", "girl"}


def check_order(found: Sequence[Any]) -> None:
    confidences = [each.confidence for each in found]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)


def check_box(box: Box, evidence: Evidence) -> None:
    assert 0 <= box.left < box.right <= evidence.size[0]
    assert 0 <= box.top < box.bottom <= evidence.size[1]


def check_captions(engine: Any, evidence: Evidence) -> None:
    named = evidence.with_results(names=("Ada Lovelace",))
    for limit, neutral, names in REQUESTS:
        captions = engine.caption(named, limit, gender_neutral=neutral, names=names)
        check_order(captions)
        assert len({caption.text for caption in captions}) == len(captions) <= limit
        words = {word for caption in captions for word in caption.text.split()}
        assert names or "Ada" not in words
        assert not (neutral and MALE_OR_FEMALE & words)


def check_tags(engine: Any, evidence: Evidence) -> None:
    tags = engine.tag(evidence)
    check_order(tags)
    assert len({tag.name for tag in tags}) == len(tags)


def check_objects(engine: Any, evidence: Evidence) -> None:
    objects = engine.detect(evidence.image)
    check_order(objects)
    for found in objects:
        assert isinstance(found, Object)
        check_box(found.box, evidence)


def check_faces(engine: Any, evidence: Evidence) -> None:
    for rotated in (lambda: True, lambda: False):
        faces = engine.detect(evidence.image, rotated=rotated)
        assert all(first.box.area >= second.box.area for first, second in pairwise(faces))
        for face in faces:
            assert isinstance(face, FaceBox)
            check_box(face.box, evidence)
            assert 0 < face.confidence <= 1


def check_ages(engine: Any, evidence: Evidence) -> None:
    for found in evidence.faces:
        face = engine.estimate(evidence.image, FaceBox(found.box, found.confidence, found.turn))
        assert isinstance(face, Face)
        assert (face.box, face.confidence, face.turn) == (found.box, found.confidence, found.turn)
        assert 0 <= face.age <= 120
        assert face.gender in ("Male", "Female")
        assert 0.5 <= face.gender_confidence <= 1


def check_embeddings(engine: Any, evidence: Evidence) -> None:
    vectors = [engine.embed(evidence.image, face) for face in evidence.faces]
    for first, second in pairwise(vectors):
        assert first.shape == second.shape
        assert np.linalg.norm(first - second) > 0.55  # two people
    for face, vector in zip(evidence.faces, vectors, strict=True):
        assert np.allclose(engine.embed(evidence.image, face), vector)


def check_text(engine: Any, evidence: Evidence) -> None:
    for detect_orientation in (True, False):
        text = engine.read(evidence.image, detect_orientation=detect_orientation)
        assert isinstance(text, OcrResult)
        assert sum(map(len, text.regions)) == len(text.lines)
        assert sorted(line.text for line in text.rows) == sorted(line.text for line in text.lines)
        assert (text.language == "unk") == (not text.lines)
        for line in text.lines:
            assert line.text == " ".join(word.text for word in line.words)
            assert 0 <= line.confidence <= 1
    first = engine.read(evidence.image, max_words=1)
    assert first.coverage == pytest.approx(text.coverage, abs=0.2)


def check_scenes(engine: Any, evidence: Evidence) -> None:
    scene = engine.classify(evidence.image, evidence.objects)
    assert isinstance(scene, Scene)
    for words in (scene.labels, scene.words, scene.categories, scene.place_labels):
        check_order(words)
    assert 0 <= scene.outdoor <= 1


def check_adult(engine: Any, evidence: Evidence) -> None:
    assert 0 <= engine.score(evidence.image) < 0.5


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(("kind", "name"), REGISTERED)
def test_an_engine_obeys_its_contract(kind: str, name: str, sample: str) -> None:
    with scripted_server() as server:
        server.steps = [(200, {}, COMPLETION)]
        url = {"captions.url": server.url, "captions.model": "x"}
        engines = registry.load({kind: name}, url if name == "chat-completions" else {})
        evidence = look(sample)
        before = evidence.image.copy()
        globals()[f"check_{kind}"](getattr(engines, kind), evidence)
    assert (evidence.image == before).all()


@pytest.mark.parametrize("kind", registry.KINDS)
def test_the_built_in_class_has_the_registered_name(kind: str) -> None:
    row = registry.KINDS[kind]
    engine = resolve_name(f"visionservice.engines.{row.path}")()
    assert engine.name == row.built_in
    assert isinstance(engine.thread_safe, bool)
    assert callable(getattr(engine, row.method))
