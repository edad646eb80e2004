"""Labels of the object and scene models, and the thresholds that all engines share."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path

MIN_CONFIDENCE = 0.6
"""The least confidence of a caption or tag. On 25 images a false person beside a house has 0.42,
false clocks among coins have 0.59; people partly hidden in a group have 0.7."""
MIN_PLACE_SCORE = 0.45
"""The least score of outdoors and indoors: outdoor images with a recognizable place reach 0.46;
indoor and abstract images reach 0.39."""


@dataclass(frozen=True, slots=True)
class Label:
    """A row of a table in `data/`; the columns that a table does not have are empty.

    `objects.csv` has the 80 COCO classes, `scenes.csv` the 1,000 ImageNet classes, and `words.csv`
    the words of both that captions treat as exceptions. `naming` limits the captions with a label:
    "certain", "doubtful" and "kitchen" ones need a high probability, "family" ones are replaced by
    a more general word, "never" and "unreliable" ones (patterns and paintings) are not used.
    """

    name: str
    words: tuple[str, ...] = ()  # more general ones
    category: str = ""
    place: str = ""
    naming: str = ""
    id: str = ""  # the number in the object model
    plural: str = ""
    generic: str = ""  # a vaguer name
    supports: str = ""  # "yes" if other objects are on it
    content: str = ""  # a word for what is in it
    uncounted: str = ""  # "yes" without an article
    phrase: str = ""  # replaces the word and its article in a caption of a scene


def read_table(table: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in `data/`, by column."""
    with (Path(__file__).parent / "data" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _labels(table: str) -> tuple[Label, ...]:
    rows = ((row.pop("words", ""), row) for row in read_table(table))
    return tuple(Label(words=tuple(filter(None, words.split("; "))), **row) for words, row in rows)


OBJECT_CLASSES = {row.name: row for row in _labels("objects.csv")}
SCENE_CLASSES = _labels("scenes.csv")  # in the order of the model; some labels have two classes
WORD_CLASSES = {row.name: row for row in _labels("words.csv")}


def object_class(name: str) -> Label:
    """Return the class of an object, also of one that only another detector finds."""
    return OBJECT_CLASSES.get(name) or Label(name, plural=f"{name}s")


@cache
def scene_class(name: str) -> Label:
    """Return the class with a label, with the words of all classes that have this label."""
    rows = [row for row in SCENE_CLASSES if row.name == name]
    words = tuple(word for row in rows for word in row.words)
    return replace(rows[0], words=words) if rows else Label(name)


def word_class(word: str) -> Label:
    """Return the exceptions of a word, if any."""
    return WORD_CLASSES.get(word) or Label(word)


def highest(scores: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the highest score of each name."""
    best: dict[str, float] = {}
    for name, score in scores:
        best[name] = max(score, best.get(name, 0.0))
    return best


def any_right(*confidences: float) -> float:
    """Return the probability that at least one of several is right."""
    return 1 - prod(1 - confidence for confidence in confidences)


@cache
def class_count(word: str) -> int:
    """Return the number of the scene model's classes that a word covers: 1 for most labels."""
    return sum(word in (row.name, *row.words) for row in SCENE_CLASSES)


@cache
def has_class(name: str) -> bool:
    """Return True if the scene model has an object: as a label, or as the word for several."""
    return class_count(name) > 1 or any(row.name == name for row in SCENE_CLASSES)


@cache
def is_kind_of_animal(word: str) -> bool:
    """Return True for a label or word of animals alone that is neither animal nor mammal."""
    rows = [row for row in SCENE_CLASSES if word in (row.name, *row.words)]
    every = bool(rows) and all("animal" in row.words for row in rows)
    return every and word not in ("animal", "mammal")
