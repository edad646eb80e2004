from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from tests.service.engines.builders import BODY, CLIP_ART, LARGE, face, image_of, scene, text
from visionservice.engines.base import Face, ImageType, Object, OcrResult
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

BESIDE = Box(200, 50, 200, 200)


def large(name: str, confidence: float) -> Object:
    return Object(name, confidence, LARGE)


SKIS, UMBRELLA, BOAT = large("skis", 0.7), large("umbrella", 0.92), large("boat", 0.92)
BIRD, HEAD = large("bird", 0.95), Object("bird", 0.65, Box(60, 60, 90, 90))
GIRAFFE, HORSE, ZEBRA = large("giraffe", 0.9), large("horse", 0.9), Object("zebra", 0.99, BESIDE)
UNSURE_GIRAFFE, UNSURE_HORSE = replace(GIRAFFE, confidence=0.7), replace(HORSE, confidence=0.7)
DOG, CAT = large("dog", 0.8), Object("cat", 0.7, Box(50, 40, 210, 210))
CHICK, CAT_BESIDE = replace(HEAD, confidence=0.9), replace(CAT, box=BESIDE)
ROBIN, CHEETAH = {"robin": 0.5, "animal": 0.9, "bird": 0.8}, {"cheetah": 0.97, "animal": 0.99}
ANTELOPE, ZEBRAS = {"antelope": 0.7, "animal": 0.91}, {"zebra": 0.86, "animal": 0.91}
SOME_BIRD, CAT_OR_DOG = {"bird": 0.6, "animal": 0.6}, {"cat": 0.3, "dog": 0.1}
TIGER = {"animal": 0.93, "tiger": 0.86, "cat": 0.07}
IN_BOX = scene(boxes=(TIGER,))
OBJECTS = {
    "no scene contradicts the object": (image_of(SKIS), "skis"),
    "a certain scene outweighs it": (image_of(SKIS, words={"daisy": 0.93}), ""),
    "the scene confirms it": (image_of(SKIS, words={"skis": 0.93}), "skis"),
    "a doubtful person": (image_of(large("person", 0.42)), ""),
    "a scene of another animal": (image_of(large("bird", 1), words=CHEETAH), ""),
    "a scene of this animal": (image_of(large("bird", 1), words=ROBIN), "bird"),
    "the scene model has no giraffe": (image_of(GIRAFFE, words=ANTELOPE), "giraffe"),
    "a giraffe below 0.85": (image_of(UNSURE_GIRAFFE, words=ANTELOPE), ""),
    "the scene model has one color of horse": (image_of(HORSE, words=ANTELOPE), "horse"),
    "a horse below 0.85": (image_of(UNSURE_HORSE, words=ANTELOPE), ""),
    "an animal beside that of the scene": (image_of(ZEBRA, GIRAFFE, words=ZEBRAS), "zebra giraffe"),
    "an animal in place of another": (image_of(GIRAFFE, words=ZEBRAS), ""),
    "one box of a dog and a likelier cat": (image_of(DOG, CAT, words=CAT_OR_DOG), "cat"),
    "one box, and a dog in the scene": (image_of(DOG, CAT, words={"dog": 0.1}), "dog"),
    "two animals in two boxes": (image_of(DOG, CAT_BESIDE, words=CAT_OR_DOG), "dog cat"),
    "the head of a bird": (image_of(BIRD, HEAD, words=SOME_BIRD), "bird"),
    "a bird and a chick": (image_of(BIRD, CHICK, words=SOME_BIRD), "bird bird"),
    "large and not confirmed": (image_of(UMBRELLA), ""),
    "large and confirmed": (image_of(UMBRELLA, words={"umbrella": 0.1}), "umbrella"),
    "large and certain": (image_of(large("umbrella", 0.97)), "umbrella"),
    "too small to need confirmation": (image_of(replace(UMBRELLA, box=HEAD.box)), "umbrella"),
    "a kite, which is no class of the scene model": (image_of(large("kite", 0.92)), "kite"),
    "a doubtful object without a scene": (image_of(large("dog", 0.5)), ""),
    "a vehicle in no place": (image_of(BOAT), ""),
    "a vehicle outdoors": (image_of(BOAT, scene=scene(outdoor=0.9)), "boat"),
    "a tiger in the box of a zebra": (image_of(large("zebra", 0.9), scene=IN_BOX), ""),
    "a tiger in the box of a cat": (image_of(large("cat", 0.9), scene=IN_BOX), ""),
    "a tiger in the box of a giraffe": (image_of(GIRAFFE, scene=IN_BOX), "giraffe"),
    "a drawing": (image_of(large("kite", 0.98), image_type=CLIP_ART), ""),
}


@pytest.mark.parametrize(("evidence", "names"), OBJECTS.values(), ids=OBJECTS)
def test_the_scene_decides_which_objects_count(evidence: Evidence, names: str) -> None:
    assert [found.name for found in evidence.corroborated_objects] == names.split()


DOG_BOX = scene(boxes=({"animal": 0.97, "dog": 0.9, "corgi": 0.9},))
CUP_BOX = scene(boxes=({"cup": 0.6},))


CONFIDENCES = {
    "the image": (image_of(large("dog", 0.5), words={"dog": 0.8}), "dog", 0.9),
    "a dog in its box": (image_of(large("dog", 0.5), scene=DOG_BOX), "dog", 0.95),
    "another animal": (image_of(large("cat", 0.88), scene=DOG_BOX), "dog", 0.9),
    "any object's box": (image_of(large("cup", 0.5), scene=CUP_BOX), "cup", 0.8),
}


@pytest.mark.parametrize(("evidence", "name", "confidence"), CONFIDENCES.values(), ids=CONFIDENCES)
def test_the_scene_raises_a_confidence(evidence: Evidence, name: str, confidence: float) -> None:
    (found,) = evidence.corroborated_objects
    assert (found.name, found.confidence) == (name, pytest.approx(confidence))


def test_clip_art_of_a_thing_that_the_scene_shows_is_no_drawing() -> None:
    assert image_of(image_type=CLIP_ART).is_drawing
    assert not image_of(words={"running shoe": 0.96}, image_type=CLIP_ART).is_drawing
    assert image_of(words={"tiger": 0.96}, image_type=ImageType(2, 1)).is_drawing


DOCUMENTS = {
    "some words": (5, image_of(), True),
    "one word": (1, image_of(), False),
    "words and a face": (5, image_of(faces=(face(10),)), False),
    "words on an object": (5, image_of(large("suitcase", 0.7)), False),
    "a page and an object": (40, image_of(large("suitcase", 0.7)), True),
}


@pytest.mark.parametrize(("count", "evidence", "document"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_words_alone_are_a_document(count: int, evidence: Evidence, document: bool) -> None:
    printed = evidence.with_results(text=text("word " * count))
    assert (printed.word_count, printed.is_document) == (count, document)


class Source:
    """A source of results that counts the reads of the text."""

    reads = 0

    @property
    def text(self) -> OcrResult:
        self.reads += 1
        return text("a word")


def test_a_result_comes_from_the_source_when_it_is_read() -> None:
    source = Source()
    evidence = Evidence(source)
    assert source.reads == 0
    assert evidence.text == text("a word")
    assert evidence.with_results(text=1).with_results(names=()).text == 1
    assert source.reads == 1


@pytest.mark.parametrize("shown", [image_of(BODY), image_of(faces=(face(10),))])
def test_the_text_of_an_image_with_people_is_not_read(shown: Evidence) -> None:
    results = {name: getattr(shown, name) for name in ("image_type", "scene", "faces", "objects")}
    source = Source()
    assert not Evidence(source, size=shown.size, **results).is_document
    assert source.reads == 0


def test_evidence_can_be_copied() -> None:
    assert deepcopy(image_of(names=("Ada Lovelace",))).names == ("Ada Lovelace",)


def test_an_image_is_resized_to_a_number_of_pixels() -> None:
    image, working = (np.full((side, side, 3), 7, np.uint8) for side in (1200, 1000))
    evidence = Evidence(image=image, working=working)
    assert evidence.resized(1_440_000) is image
    assert evidence.resized(1_000_000) is working
    assert (evidence.resized(10_000) == np.full((100, 100, 3), 7)).all()


LEANING = Object("person", 0.94, Box(0, 100, 180, 250))
OVERLAPPING = [BODY, LEANING]
HEAD_ON_BODY, LEFT, APART = (face(x, 60, 40) for x in (130, 100, 300))
WOMAN = face(150, 70, 40, gender="Female")
UNSURE = replace(HEAD_ON_BODY, gender_confidence=0.6)
UNSURE_CHILD = replace(UNSURE, age=8, gender="Female")
PEOPLE = {
    "a face on a body": ([BODY], [HEAD_ON_BODY], {"man": BODY}),
    "a doubtful gender": ([BODY], [UNSURE], {"person": BODY}),
    "the doubtful gender of a child": ([BODY], [UNSURE_CHILD], {"child": BODY}),
    "a face beside a body": ([BODY], [APART], {"person": BODY, "man": APART}),
    "one body, two faces": ([BODY], [LEFT, WOMAN], {"man": LEFT, "woman": WOMAN}),
    "two bodies": (OVERLAPPING, [HEAD_ON_BODY], {"person": LEANING, "man": BODY}),
    "a doubtful body": ([replace(BODY, confidence=0.42)], [], {}),
}


@pytest.mark.parametrize(("bodies", "faces", "people"), PEOPLE.values(), ids=PEOPLE)
def test_people_are_faces_and_bodies(
    bodies: list[Object], faces: list[Face], people: dict[str, Object | Face]
) -> None:
    found = image_of(*bodies, faces=tuple(faces)).people
    assert [(each.word, each.box) for each in found] == [(w, o.box) for w, o in people.items()]
