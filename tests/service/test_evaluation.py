"""Every fact of truth.json about the evaluation images, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from visionhelpers import VisionClient
from visionservice import LocalService
from visionservice.engines.geometry import Box

FEATURES = ("ImageType", "Faces", "Categories", "Tags", "Description")
Json = dict[str, Any]


class Evaluation:
    """The images, their facts, and a client that analyzes each image once."""

    def __init__(self, folder: Path, service: LocalService) -> None:
        self.folder = folder
        self.vision = VisionClient(service.url, service.key)
        self.truth: Json = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.analyze = cache(self._analyze)

    def _analyze(self, name: str) -> Json:
        return self.vision.analyze(self.folder / "images" / name, features=FEATURES)

    def with_fact(self, fact: str) -> Iterator[tuple[str, Any]]:
        """Yield each image that has the fact, with the fact; at least one."""
        found = [(name, of[fact]) for name, of in self.truth["images"].items() if fact in of]
        assert found, f"truth.json has no {fact}"
        yield from found

    def recognized(self, file: str) -> list[str]:
        """Return the names of the recognized people in an image."""
        people = self.vision.celebrities(self.folder / "people" / file)
        return sorted(person["name"] for person in people["result"]["celebrities"])


@pytest.fixture(scope="module")
def published(evaluation: Path, service: LocalService) -> Evaluation:
    return Evaluation(evaluation, service)


def has_size(result: Json, size: list[int]) -> bool:
    return [result["metadata"]["width"], result["metadata"]["height"]] == size


def has_a_tag_of_each_group(result: Json, groups: list[list[str]]) -> bool:
    tags = {tag["name"] for tag in result["tags"]}
    return all(tags.intersection(group) for group in groups)


def has_category(result: Json, prefixes: list[str]) -> bool:
    return str(result["categories"][0]["name"]).startswith(tuple(prefixes))


def has_a_caption_with_a_word(result: Json, words: list[str]) -> bool:
    (caption,) = result["description"]["captions"]
    return not set(caption["text"].split()).isdisjoint(words)


def has_image_type(result: Json, kind: list[int]) -> bool:
    found = result["imageType"]
    return [found["clipArtType"], found["lineDrawingType"]] == kind


@pytest.mark.parametrize(
    ("fact", "is_true"),
    [
        ("size", has_size),
        ("tags_any_of", has_a_tag_of_each_group),
        ("category_prefix", has_category),
        ("category", has_category),
        ("caption_any_of", has_a_caption_with_a_word),
        ("imageType", has_image_type),
    ],
)
def test_an_analysis_agrees_with_the_facts(
    published: Evaluation, fact: str, is_true: Callable[[Json, Any], bool]
) -> None:
    for name, expected in published.with_fact(fact):
        result = published.analyze(name)
        assert is_true(result, expected), (name, expected, result)


def test_the_skateboard_has_its_rider(published: Evaluation) -> None:
    (caption,) = published.analyze("objects.jpg")["description"]["captions"]
    assert caption["text"] == "a person riding a skateboard"


def test_every_face_is_found_with_its_gender_and_about_its_age(published: Evaluation) -> None:
    checked = 0
    for name, facts in published.with_fact("faces"):
        faces, errors = published.analyze(name)["faces"], []
        assert len(faces) == len(facts or ()), name
        for fact in facts or ():
            left, top, right, bottom = fact["ltrb"]
            known = Box(left, top, right - left, bottom - top)
            boxes = [Box(**face["faceRectangle"]).iou(known) for face in faces]
            face = faces[boxes.index(max(boxes))]
            assert (max(boxes) > 0.7, face["gender"]) == (True, fact["gender"]), name
            errors.append(abs(face["age"] - fact["age"]))
        checked += len(errors)
        assert sum(errors) <= 6 * len(errors), f"ages are wrong by {errors} years"
    assert checked >= 6


def test_text_is_read_where_it_is_written(published: Evaluation) -> None:
    name, folder = "handwritten_text.jpg", published.folder / "images"
    answer = published.vision.recognize_text(folder / name)
    lines = [line["text"] for line in answer["recognitionResult"]["lines"]]
    assert lines == published.truth["images"][name]["lines"]
    for name, words in published.with_fact("words"):
        assert published.vision.ocr(folder / name)["regions"] == words, name


def test_people_are_recognized_from_one_image_each_and_strangers_are_not(
    published: Evaluation,
) -> None:
    people = published.truth["people"]
    assert len(people["probes"]) >= 3
    assert people["strangers"]
    portraits = sorted((published.folder / "people/gallery").glob("*/*.jpg"))
    for file in people["probes"]:
        assert published.recognized(f"probes/{file}") == [], file
    try:
        for portrait in portraits:
            assert published.vision.add_face(portrait.parent.name, portrait)["images"] == 1
        for file, names in people["probes"].items():
            assert published.recognized(f"probes/{file}") == sorted(names), file
        for file in people["strangers"]:
            assert published.recognized(file) == [], file
    finally:
        for portrait in portraits:
            published.vision.remove_face(portrait.parent.name)
