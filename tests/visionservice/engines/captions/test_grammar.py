import re

import pytest

from visionservice.engines.captions.people import MIN_GROUP
from visionservice.engines.captions.phrases import article, join, number, plural
from visionservice.engines.labels import OBJECT_CLASSES, SCENE_CLASSES


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
