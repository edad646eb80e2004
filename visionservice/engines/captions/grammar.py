"""The little English that a caption needs: articles, numbers, plurals, lists."""

from __future__ import annotations

from collections.abc import Sequence

GROUP = 4
"""From how many on a sentence says "a group of" instead of a number."""

_NUMBERS = ("no", "one", "two", "three")
_PLURALS = {"man": "men", "woman": "women", "baby": "babies", "person": "people"}
_SAID_WITH_A = ("uni", "eu", "one", "use", "uku")
_SAID_WITH_AN = ("hour", "heir", "honest")
_NO_ARTICLE = (
    *("binoculars", "bread", "broccoli", "carbonara", "chain mail", "chocolate sauce"),
    *("clothing", "coffee", "consomme", "corn", "dough", "eggnog", "electronics"),
    *("face powder", "food", "footwear", "furniture", "guacamole", "hair spray", "hay"),
    *("ice cream", "jeans", "kitchenware", "lotion", "mashed potato", "nature"),
    *(
        "pajama",
        "parallel bars",
        "perfume",
        "rapeseed",
        "red wine",
        "ruins",
        "scissors",
        "skis",
        "snow",
    ),
    *("sports equipment", "sunglasses", "sunscreen", "swimming trunks", "swimwear"),
    *("tableware", "thatch", "toilet tissue", "velvet", "water", "wine", "wool"),
)


def article(word: str) -> str:
    """Put "a" or "an" before a word; nothing before what is not counted."""
    low = word.lower()
    if low in _NO_ARTICLE:
        return word
    vowel = low.startswith(tuple("aeiou")) and not low.startswith(_SAID_WITH_A)
    return f"{'an' if vowel or low.startswith(_SAID_WITH_AN) else 'a'} {word}"


def number(word: str, plural_word: str, many: int) -> str:
    """Say how many: "a dog", "an apple", "two dogs", "a group of dogs"."""
    if many == 1:
        return article(word)
    return f"{_NUMBERS[many]} {plural_word}" if many < GROUP else f"a group of {plural_word}"


def plural(word: str) -> str:
    """Return the plural of a word for people."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_PLURALS.get(last, last + 's')}".strip()


def join(parts: Sequence[str]) -> str:
    """Join with commas and "and"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""
