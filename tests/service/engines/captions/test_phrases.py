from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.service.engines.builders import CLIP_ART, image_of, look, scene
from visionservice.engines.captions.people import MIN_GROUP
from visionservice.engines.captions.phrases import (
    PLACES,
    article,
    number,
    place_and_time,
    surroundings,
)
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.labels import OBJECT_CLASSES, SCENE_CLASSES

WORDS = {word for row in SCENE_CLASSES for word in (row.name, *row.words)}
NAMES = WORDS | set(OBJECT_CLASSES) | {row.generic for row in OBJECT_CLASSES.values()} - {""}
DARK = scene(outdoor=0.8, dark=True)


def test_the_place_is_that_of_the_image_without_the_dog(evaluation: Path) -> None:
    (phrase,) = place_and_time(look(evaluation / "images/dog.jpg"))
    assert phrase.text == "on a pier"
    assert 0.6 <= phrase.confidence <= 1


PHRASES = {
    "no place": (image_of(), []),
    "a doubtful place": (image_of(scene=scene(places={"beach": 0.3}, outdoor=0.8)), ["outdoors"]),
    "a place": (image_of(scene=scene(places={"beach": 0.7}, outdoor=0.8)), ["on a beach"]),
    "a dark place": (image_of(scene=DARK), ["outdoors", "at night"]),
    "a drawing has no place": (image_of(scene=DARK, image_type=CLIP_ART), []),
}


@pytest.mark.parametrize(("evidence", "phrases"), PHRASES.values(), ids=PHRASES)
def test_where_and_when_people_and_objects_are(evidence: Evidence, phrases: list[str]) -> None:
    assert [phrase.text for phrase in place_and_time(evidence)] == phrases


def test_grass_is_in_front_and_the_sky_behind() -> None:
    (phrase,) = surroundings(scene(outdoor=0.8, grass=0.5))
    assert phrase.text == "with grass in front of it"
    (phrase,) = surroundings(scene(outdoor=0.8, sky=0.3))
    assert phrase.text == "against the sky"
    assert not surroundings(scene(outdoor=0.8))


def test_the_table_has_words_of_the_scene_model() -> None:
    assert set(PLACES) <= WORDS


def test_every_word_of_the_tables_has_the_article_of_its_sound() -> None:
    assert len(NAMES) > 1000
    phrases = {name: article(name) for name in NAMES}
    assert all(p.removeprefix("a ").removeprefix("an ") == name for name, p in phrases.items())
    misfits = {p for p in phrases.values() if re.match(r"a [aeiou]|an [^aeiou]", p.lower())}
    europeans = {phrase for phrase in misfits if phrase.startswith("a European ")}
    assert misfits - europeans == {"a unicycle", "a uniform", "an hourglass"}


def test_no_plural_has_an_article() -> None:
    ending = {p for p in map(article, NAMES) if re.match(r"an? .*[^suio]s$", p)}
    singular = {"a Bouvier des Flandres", "a Great Pyrenees", "a hen-of-the-woods", "a patas"}
    assert ending == singular | {"a triceratops"}


@pytest.mark.parametrize("count", [1, 2, 3, MIN_GROUP, 12])
def test_every_object_has_a_number_in_english(count: int) -> None:
    for row in OBJECT_CLASSES.values():
        quantity = {2: "two", 3: "three"}.get(count, "a group of")
        phrase = number(row.name, row.plural, count)
        assert phrase == (article(row.name) if count == 1 else f"{quantity} {row.plural}")
        assert not re.search(r"\d|  |(\b\w+\b) \1\b", phrase), phrase
        assert (row.plural == row.name) == (row.name in ("broccoli", "sheep", "skis")), row.name
        assert not re.search(r"mans$|[^aeiou]ys$|(?:x|ch|sh)s$|ifes$", row.plural)
