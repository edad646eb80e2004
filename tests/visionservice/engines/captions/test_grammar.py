import re

import pytest

from visionservice.engines.captions.grammar import GROUP, article, join, number, plural
from visionservice.engines.captions.objects import GENERAL
from visionservice.engines.labels import object_classes, scene_classes


@pytest.mark.parametrize(
    ("word", "said"),
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
def test_the_article_follows_the_sound(word: str, said: str) -> None:
    assert article(word) == said


NAMES = {row.label for row in scene_classes()} | {
    word for row in scene_classes() for word in row.words
}
NAMES |= set(object_classes()) | GENERAL
UNCOUNTED = {"broccoli", "sheep", "skis"}


def test_every_word_in_the_tables_has_an_article_that_fits_its_sound() -> None:
    assert len(NAMES) > 1000
    spoken = {name: article(name) for name in NAMES}
    assert all(said.removeprefix("a ").removeprefix("an ") == name for name, said in spoken.items())
    misfits = {s for s in spoken.values() if re.match(r"a [aeiou]|an [^aeiou]", s.lower())}
    europeans = {said for said in misfits if said.startswith("a European ")}
    assert misfits - europeans == {"a unicycle", "a uniform", "an hourglass"}


def test_no_plural_has_an_article() -> None:
    ending = {said for said in map(article, NAMES) if re.match(r"an? .*[^suio]s$", said)}
    singular = {"a Bouvier des Flandres", "a Great Pyrenees", "a hen-of-the-woods", "a patas"}
    assert ending == singular | {"a triceratops"}


@pytest.mark.parametrize("many", range(1, 13))
def test_every_thing_is_counted_in_english(many: int) -> None:
    for kind in object_classes().values():
        said = number(kind.name, kind.plural, many)
        if many == 1:
            assert said == article(kind.name)
        elif many < GROUP:
            assert said == f"{('two', 'three')[many - 2]} {kind.plural}"
        else:
            assert said == f"a group of {kind.plural}"
        assert not re.search(r"\d|  |(\b\w+\b) \1\b", said), said
        assert (kind.plural == kind.name) == (kind.name in UNCOUNTED), kind.name
        assert not re.search(r"mans$|[^aeiou]ys$|(?:x|ch|sh)s$|ifes$", kind.plural)


def test_numbers_stop_at_three() -> None:
    assert number("dog", "dogs", 1) == "a dog"
    assert number("dog", "dogs", 3) == "three dogs"
    assert number("sheep", "sheep", 4) == "a group of sheep"


def test_people_have_their_own_plurals() -> None:
    assert [plural(w) for w in ("woman", "young man", "girl")] == ["women", "young men", "girls"]


def test_the_last_of_a_list_follows_and() -> None:
    assert join(["a man"]) == "a man"
    assert join(["a man", "a woman", "two girls"]) == "a man, a woman and two girls"
