"""Every fact of truth.json about the evaluation images, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from visionhelpers import VisionClient
from visionservice import LocalService

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


@pytest.fixture
def taught(published: Evaluation) -> Iterator[Evaluation]:
    """The same with everybody in the gallery, from one image each."""
    portraits = sorted((published.folder / "people/gallery").glob("*/*.jpg"))
    names = {portrait.parent.name for portrait in portraits}
    try:
        held = [published.vision.add_face(p.parent.name, p)["images"] for p in portraits]
        assert held == [1] * len(names) != []
        yield published
    finally:
        for name in names:
            published.vision.remove_face(name)


def overlap(face: Json, edges: list[int]) -> float:
    """Return the intersection over the union of a face rectangle and left, top, right, bottom."""
    left, top, right, bottom = edges
    width = min(face["left"] + face["width"], right) - max(face["left"], left)
    height = min(face["top"] + face["height"], bottom) - max(face["top"], top)
    shared = max(0, width) * max(0, height)
    return shared / (face["width"] * face["height"] + (right - left) * (bottom - top) - shared)


def test_sizes_are_those_of_the_files(published: Evaluation) -> None:
    for name, size in published.with_fact("size"):
        metadata = published.analyze(name)["metadata"]
        assert [metadata["width"], metadata["height"]] == size, name


def test_tags_name_what_is_there(published: Evaluation) -> None:
    for name, groups in published.with_fact("tags_any_of"):
        tags = {tag["name"] for tag in published.analyze(name)["tags"]}
        for group in groups:
            assert tags.intersection(group), f"{name}: none of {group} in {sorted(tags)}"


def test_categories_are_of_the_right_kind(published: Evaluation) -> None:
    for name, prefixes in published.with_fact("category_prefix"):
        first = published.analyze(name)["categories"][0]["name"]
        assert first.startswith(tuple(prefixes)), f"{name}: {first}"
    for name, expected in published.with_fact("category"):
        first = published.analyze(name)["categories"][0]["name"]
        assert first in expected, f"{name}: {first}"


def test_captions_tell_what_is_there(published: Evaluation) -> None:
    for name, words in published.with_fact("caption_any_of"):
        (caption,) = published.analyze(name)["description"]["captions"]
        assert set(caption["text"].split()) & set(words), f"{name}: {caption['text']}"


def test_the_skateboard_has_its_rider(published: Evaluation) -> None:
    (caption,) = published.analyze("objects.jpg")["description"]["captions"]
    assert caption["text"] == "a person riding a skateboard"


def test_drawings_have_the_right_image_type(published: Evaluation) -> None:
    for name, (clip_art, line_drawing) in published.with_fact("imageType"):
        kind = {"clipArtType": clip_art, "lineDrawingType": line_drawing}
        assert published.analyze(name)["imageType"] == kind, name


def test_every_face_is_found_with_its_gender_and_about_its_age(published: Evaluation) -> None:
    checked = 0
    for name, facts in published.with_fact("faces"):
        faces = published.analyze(name)["faces"]
        assert len(faces) == (len(facts) if facts else 0), name
        ages = []
        for fact in facts or ():
            face = max(faces, key=lambda face: overlap(face["faceRectangle"], fact["ltrb"]))
            assert overlap(face["faceRectangle"], fact["ltrb"]) > 0.7
            assert face["gender"] == fact["gender"]
            ages.append(abs(face["age"] - fact["age"]))
        checked += len(ages)
        assert sum(ages) <= 6 * len(ages), f"ages are wrong by {ages} years"
    assert checked >= 6


def test_handwriting_is_read_without_an_error(published: Evaluation) -> None:
    name = "handwritten_text.jpg"
    answer = published.vision.recognize_text(published.folder / "images" / name)
    lines = [line["text"] for line in answer["recognitionResult"]["lines"]]
    assert lines == published.truth["images"][name]["lines"]


def test_nothing_is_read_where_nothing_is_written(published: Evaluation) -> None:
    for name, words in published.with_fact("words"):
        answer = published.vision.ocr(published.folder / "images" / name)
        assert answer["regions"] == words, name


def test_presidents_are_recognized_from_one_image_each(taught: Evaluation) -> None:
    probes = taught.truth["people"]["probes"]
    assert len(probes) >= 3
    for file, names in probes.items():
        assert taught.recognized(f"probes/{file}") == sorted(names), file


def test_nobody_is_recognized_among_strangers(taught: Evaluation) -> None:
    strangers = taught.truth["people"]["strangers"]
    assert strangers
    for file in strangers:
        assert taught.recognized(file) == [], file


def test_before_they_are_taught_they_are_strangers(published: Evaluation) -> None:
    for file in published.truth["people"]["probes"]:
        assert published.recognized(f"probes/{file}") == [], file
