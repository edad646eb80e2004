"""Compare outputs of notebooks: their text as nbval does, and then the numbers in it.

nbval applies the patterns of tests/sanitize.cfg to both texts, so that it accepts any number in
place of another. `differences()` compares the numbers as well: a machine may change them a little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode
from nbval.plugin import get_sanitize_patterns

CONFIG = Path(__file__).parents[1] / "tests" / "sanitize.cfg"
PATTERNS = list(get_sanitize_patterns(CONFIG.read_text(encoding="utf-8")))
UNBOUNDED = [pair for pair in PATTERNS if re.search(r"PORT|ID|SECONDS|AGE, ", pair[1])]
"""Patterns of numbers that change with the run, and of ages in labels: models of two machines
disagree by up to 35 years about an altered portrait."""
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e-\d+)?(?!\.?\w)")
AGE_KEYS = ("'age': ", '"age": ')
ROOM_FOR_AGE = 10
ROOM_FOR_WHOLE = 5
"""Room for whole numbers, which are pixels, apart from a tenth of the stored number."""
ROOM_FOR_FRACTION = 0.15


def text_of(outputs: Iterable[NotebookNode]) -> str:
    """Return what a reader sees of outputs, without images and widgets."""
    parts = []
    for output in outputs:
        data = sorted(output.get("data", {}).items())
        texts = [f"{kind}: {text}" for kind, text in data if kind.startswith("text/")]
        parts += [output.output_type, output.get("text", ""), *texts]
    return "\n".join(parts)


def replaced(text: str, patterns: list[tuple[str, str]]) -> str:
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text)
    return text


def sanitized(text: str) -> str:
    """Return a text as nbval compares it."""
    return replaced(text, PATTERNS)


def numbers(text: str) -> list[tuple[str, bool]]:
    """Return the numbers of a text that may change only a little, and whether each is an age."""
    text = replaced(text, UNBOUNDED)
    return [
        (found[0], text.endswith(AGE_KEYS, 0, found.start())) for found in NUMBER.finditer(text)
    ]


def room(stored: str, is_age: bool) -> float:
    """Return how far a new number may be from a stored one."""
    if is_age:
        return ROOM_FOR_AGE
    whole = stored.isdigit()
    return (ROOM_FOR_WHOLE if whole else ROOM_FOR_FRACTION) + 0.1 * float(stored)


def differences(new: str, stored: str) -> list[str]:
    """Return the numbers of a new text that are far from those of the stored text."""
    found, expected = numbers(new), numbers(stored)
    if len(found) != len(expected):
        return [f"{len(found)} numbers instead of {len(expected)}"]
    return [
        f"{number} instead of {old}"
        for (number, _), (old, is_age) in zip(found, expected, strict=True)
        if abs(float(number) - float(old)) > room(old, is_age)
    ]


def same(new: NotebookNode, stored: NotebookNode) -> bool:
    """Return True if two outputs have the same text, apart from small changes of numbers."""
    texts = text_of([new]), text_of([stored])
    return sanitized(texts[0]) == sanitized(texts[1]) and not differences(*texts)
