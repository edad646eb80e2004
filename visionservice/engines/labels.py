"""The words for what the models know, and how sure they must be of them to be said.

The 80 kinds of things are in `objects.csv`, the 1,000 classes of scenes in `scenes.csv`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MIN_CONFIDENCE = 0.6
"""What a sentence or a tag may claim. Measured on 25 photographs: a false person beside a house
has 0.42, false clocks among coins 0.59; people half hidden in a group have 0.7."""
MIN_PLACE_SCORE = 0.45
"""Photographs outdoors reach 0.46 and more where the model sees their place at all; indoors and
among abstract pictures the highest is 0.39."""


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """One row of `objects.csv`: how a kind of thing is spoken of."""

    name: str
    plural: str
    words: tuple[str, ...]
    category: str
    place: str


@dataclass(frozen=True, slots=True)
class SceneClass:
    """One row of `scenes.csv`: what one of the model's classes is called, and where it stands."""

    label: str
    words: tuple[str, ...]
    category: str
    place: str


def read_table(table: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file that stands beside this module, by column."""
    with (Path(__file__).parent / "data" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def object_classes_by_id() -> dict[int, ObjectClass]:
    """Return the rows of `objects.csv` by the model's own number."""
    return {
        int(row["id"]): ObjectClass(
            row["name"], row["plural"], _words(row), row["category"], row["place"]
        )
        for row in read_table("objects.csv")
    }


@cache
def object_classes() -> dict[str, ObjectClass]:
    """Return the rows of `objects.csv` by name."""
    return {kind.name: kind for kind in object_classes_by_id().values()}


@cache
def scene_classes() -> tuple[SceneClass, ...]:
    """Return the rows of `scenes.csv` in the model's order."""
    return tuple(
        SceneClass(row["label"], _words(row), row["category"], row["place"])
        for row in read_table("scenes.csv")
    )


@cache
def class_count(word: str) -> int:
    """Return how many of the model's classes a word covers: 1 for a label of its own."""
    return sum(word in (row.label, *row.words) for row in scene_classes())


def _words(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, row["words"].split("; ")))
