"""English grammar of captions: articles, numbers, plurals and lists."""

from collections.abc import Sequence

from ..labels import word_class

MIN_GROUP, MIN_CROWD = 4, 12  # people or objects for "a group of", people for "a crowd of"

_NUMBERS = {2: "two", 3: "three"}
_PLURALS = {"man": "men", "woman": "women", "baby": "babies", "person": "people"}
_CONSONANT_SOUNDS = ("uni", "eu", "one", "use", "uku")
_VOWEL_SOUNDS = ("hour", "heir", "honest")


def article(word: str) -> str:
    """Return a word after "a" or "an", or alone if it is not counted."""
    lower = word.lower()
    if word_class(lower).uncounted:
        return word
    vowel = lower.startswith(tuple("aeiou")) and not lower.startswith(_CONSONANT_SOUNDS)
    return f"{'an' if vowel or lower.startswith(_VOWEL_SOUNDS) else 'a'} {word}"


def number(word: str, plural_word: str, count: int) -> str:
    """Return a word with its number: "a dog", "an apple", "two dogs", "a group of dogs"."""
    if count == 1:
        return article(word)
    return f"{_NUMBERS.get(count, 'a group of')} {plural_word}"


def plural(word: str) -> str:
    """Return the plural of a word for people."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_PLURALS.get(last, last + 's')}".strip()


def join(parts: Sequence[str]) -> str:
    """Return the parts with commas and "and" between them."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
