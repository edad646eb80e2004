from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from visionservice.engines.base import ImageType, LabelScore
from visionservice.engines.captions.people import MIN_GROUP
from visionservice.engines.captions.phrases import (
    PLACES,
    article,
    join,
    night,
    number,
    place_and_time,
    plural,
    surroundings,
)
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.labels import OBJECT_CLASSES, SCENE_CLASSES

Look = Callable[[str | Path], Evidence]


def outdoors(evidence: Evidence, *words: LabelScore, sky: float = 0, grass: float = 0) -> Evidence:
    features = replace(evidence.scene.low_level, sky=sky, grass=grass)
    scene = replace(evidence.scene, outdoor=0.8, place_labels=words, low_level=features)
    return evidence.with_results(scene=scene)


def test_the_place_is_that_of_the_image_without_the_dog(evaluation: Path, look: Look) -> None:
    (phrase,) = place_and_time(look(evaluation / "images/dog.jpg"))
    assert phrase.text == "on a pier"
    assert 0.6 <= phrase.confidence <= 1


def test_without_a_certain_place_it_is_outdoors(nothing: Evidence) -> None:
    (phrase,) = place_and_time(outdoors(nothing, LabelScore("beach", 0.3)))
    assert phrase.text == "outdoors"
    (phrase,) = place_and_time(outdoors(nothing, LabelScore("beach", 0.7)))
    assert phrase.text == "on a beach"
    assert not place_and_time(nothing)


def test_a_drawing_has_no_place_and_no_time(nothing: Evidence) -> None:
    dark = replace(nothing.scene, low_level=replace(nothing.scene.low_level, dark=True))
    view = outdoors(nothing.with_results(scene=dark))
    assert [phrase.text for phrase in place_and_time(view)] == ["outdoors", "at night"]
    assert not place_and_time(view.with_results(image_type=ImageType(clip_art=3, line_drawing=0)))


def test_grass_is_in_front_and_the_sky_behind(nothing: Evidence) -> None:
    (phrase,) = surroundings(outdoors(nothing, grass=0.5).scene)
    assert phrase.text == "with grass in front of it"
    (phrase,) = surroundings(outdoors(nothing, sky=0.3).scene)
    assert phrase.text == "against the sky"
    assert not surroundings(outdoors(nothing).scene)


def test_it_is_night_outdoors_in_the_dark(look: Look) -> None:
    (phrase,) = night(look("rocket_at_dusk.jpg").scene)
    assert phrase.text == "at night"
    assert not night(look("summer_palace.jpg").scene)


def test_the_table_has_words_of_the_scene_model() -> None:
    known = {word for row in SCENE_CLASSES for word in (row.name, *row.words)}
    assert set(PLACES) <= known


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("dog", "a dog"),
        ("elephant", "an elephant"),
        ("umbrella", "an umbrella"),
        ("unicycle", "a unicycle"),
        ("military uniform", "a military uniform"),
        ("hourglass", "an hourglass"),
        ("honeycomb", "a honeycomb"),
        ("upright piano", "an upright piano"),
        ("scissors", "scissors"),
        ("Egyptian cat", "an Egyptian cat"),
    ],
)
def test_the_article_follows_the_sound(word: str, text: str) -> None:
    assert article(word) == text


NAMES = {row.name for row in SCENE_CLASSES} | {word for row in SCENE_CLASSES for word in row.words}
NAMES |= set(OBJECT_CLASSES) | {row.generic for row in OBJECT_CLASSES.values()} - {""}
UNCOUNTED = {"broccoli", "sheep", "skis"}


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


@pytest.mark.parametrize("count", range(1, 13))
def test_every_object_has_a_number_in_english(count: int) -> None:
    for row in OBJECT_CLASSES.values():
        phrase = number(row.name, row.plural, count)
        if count == 1:
            assert phrase == article(row.name)
        elif count < MIN_GROUP:
            assert phrase == f"{('two', 'three')[count - 2]} {row.plural}"
        else:
            assert phrase == f"a group of {row.plural}"
        assert not re.search(r"\d|  |(\b\w+\b) \1\b", phrase), phrase
        assert (row.plural == row.name) == (row.name in UNCOUNTED), row.name
        assert not re.search(r"mans$|[^aeiou]ys$|(?:x|ch|sh)s$|ifes$", row.plural)


def test_numbers_stop_at_three() -> None:
    assert number("dog", "dogs", 1) == "a dog"
    assert number("dog", "dogs", 3) == "three dogs"
    assert number("sheep", "sheep", 4) == "a group of sheep"


def test_words_for_people_have_irregular_plurals() -> None:
    assert [plural(w) for w in ("woman", "young man", "girl")] == ["women", "young men", "girls"]


def test_the_last_part_of_a_list_follows_and() -> None:
    assert join(["a man"]) == "a man"
    assert join(["a man", "a woman", "two girls"]) == "a man, a woman and two girls"
