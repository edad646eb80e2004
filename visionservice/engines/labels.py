"""Label tables of the object and scene models, and the thresholds that all engines share.

`objects.csv` has the 80 COCO classes, `scenes.csv` the 1,000 ImageNet classes, and `words.csv`
the words of both that captions treat as exceptions.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

MIN_CONFIDENCE = 0.6
"""The least confidence of a caption or tag. On 25 images a false person beside a house has 0.42,
false clocks among coins have 0.59; people partly hidden in a group have 0.7."""
MIN_PLACE_SCORE = 0.45
"""The least score of outdoors and indoors: outdoor images with a recognizable place reach 0.46;
indoor and abstract images reach 0.39."""


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A row of `objects.csv`; `generic` is a vaguer name, `content` a word for what it holds."""

    name: str
    plural: str
    words: tuple[str, ...] = ()
    category: str = ""
    place: str = ""
    generic: str = ""
    supports: bool = False
    content: str = ""


@dataclass(frozen=True, slots=True)
class SceneClass:
    """A row of `scenes.csv`; `naming` limits the captions that contain the label.

    A "certain" label needs a high probability. A "family" label is replaced by a more general
    word. An "unreliable" label, which the model gives to patterns and paintings, is never used.
    """

    label: str
    words: tuple[str, ...] = ()
    category: str = ""
    place: str = ""
    naming: str = ""


@dataclass(frozen=True, slots=True)
class WordClass:
    """A row of `words.csv`; `phrase` replaces the word and its article in a caption of a scene.

    A "doubtful" or "kitchen" word needs a high probability; a "never" word is not used.
    """

    word: str
    uncounted: bool = False
    phrase: str = ""
    naming: str = ""


def read_table(table: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in `data/`, by column."""
    with (Path(__file__).parent / "data" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def object_classes_by_id() -> dict[int, ObjectClass]:
    """Return the rows of `objects.csv` by the number of the model."""
    return {int(row.pop("id")): ObjectClass(**_parse(row)) for row in read_table("objects.csv")}


@cache
def object_classes() -> dict[str, ObjectClass]:
    """Return the rows of `objects.csv` by name."""
    return {row.name: row for row in object_classes_by_id().values()}


def object_class(name: str) -> ObjectClass:
    """Return the row of an object; another detector may find objects that are not in the table."""
    return object_classes().get(name) or ObjectClass(name, f"{name}s")


@cache
def scene_classes() -> tuple[SceneClass, ...]:
    """Return the rows of `scenes.csv` in the order of the model."""
    return tuple(SceneClass(**_parse(row)) for row in read_table("scenes.csv"))


@cache
def scene_class(label: str) -> SceneClass:
    """Return the row of a label, with the words of all rows that have this label."""
    rows = [row for row in scene_classes() if row.label == label]
    words = tuple(word for row in rows for word in row.words)
    return replace(rows[0], words=words) if rows else SceneClass(label)


@cache
def word_classes() -> dict[str, WordClass]:
    """Return the rows of `words.csv` by word."""
    return {row["word"]: WordClass(**_parse(row)) for row in read_table("words.csv")}


def word_class(word: str) -> WordClass:
    """Return the row of a word, or a row without exceptions."""
    return word_classes().get(word) or WordClass(word)


@cache
def class_count(word: str) -> int:
    """Return the number of the scene model's classes that a word covers: 1 for most labels."""
    return sum(word in (row.label, *row.words) for row in scene_classes())


def _parse(row: dict[str, str]) -> dict[str, Any]:
    """Return the values of a row as a list of words, as True or False, or as text."""
    parsed: dict[str, Any] = dict(row)
    parsed |= {key: row[key] == "yes" for key in ("supports", "uncounted") if key in row}
    if "words" in row:
        parsed["words"] = tuple(filter(None, row["words"].split("; ")))
    return parsed
