import pytest

from visionhelpers.service.engines.grammar import article, join, number, plural
from visionhelpers.service.engines.vocabulary import classes, kinds


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


def test_every_name_in_the_tables_has_an_article_that_fits_its_first_letter() -> None:
    names = {row.label for row in classes()} | set(kinds())
    assert len(names) > 900
    spoken = [article(name) for name in names]
    misfits = {s for s in spoken if s.startswith(("a a", "a e", "a i", "a o"))}
    assert not misfits
    assert {s for s in spoken if s.startswith("a u")} <= {"a unicycle", "a uniform"}


def test_numbers_stop_at_three() -> None:
    assert number("dog", "dogs", 1) == "a dog"
    assert number("dog", "dogs", 3) == "three dogs"
    assert number("sheep", "sheep", 4) == "a group of sheep"


def test_people_have_their_own_plurals() -> None:
    assert [plural(w) for w in ("woman", "young man", "girl")] == ["women", "young men", "girls"]


def test_the_last_of_a_list_follows_and() -> None:
    assert join(["a man"]) == "a man"
    assert join(["a man", "a woman", "two girls"]) == "a man, a woman and two girls"
