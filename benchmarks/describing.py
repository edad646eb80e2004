"""How many captions claim what is not there, and every caption for anyone to judge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from benchmarks.rows import Figures, Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import in_light, mirrored
from visionhelpers import VisionClient
from visionhelpers.images import ImageInput
from visionservice.engines.captions.phrases import plural
from visionservice.engines.labels import OBJECT_CLASSES, SCENE_CLASSES

PEOPLE = ("person", "people", "man", "woman", "boy", "girl", "child", "baby", "crowd", "group")
CIRCUMSTANCES = {"outdoors": "outdoor", "indoors": "indoor", "at night": "night"}
CANDIDATES = 3


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the row about false claims, and the table of captions with their confidences."""
    judged = [k for k in truth.images if {"tags_right", "caption_none_of"} & k.facts.keys()]
    lines, false, varied = [], [], []
    for known in truth.images:
        say("captions", known.path.name)
        for caption in describe(vision, known.path, CANDIDATES):
            lines.append((known.path.name, f"{caption['confidence']:.2f}", caption["text"]))
            if known in judged:
                false.append((known, claims(caption["text"], known)))
    for known in judged:
        lit = (in_light(known.image, light) for light in (0.7, 1.3))
        for variant in (*lit, mirrored(known.image)):
            found = [claims(c["text"], known) for c in describe(vision, variant.data, 1)]
            varied += found
            for words in filter(None, found):
                say("captions", f"false in {known.path.name}, {variant.name}: {words}")
    if judged:
        wrong = {known.path.name: words for known, words in false if words}
        named = "".join(f", {name}: {', '.join(words)}" for name, words in wrong.items())
        yield _row(f"captions that claim what is not there{named}", [words for _, words in false])
        yield _row("captions that claim what is not there, over light and mirrored", varied)
    yield Figures("Captions, the surest first", ("picture", "confidence", "caption"), lines)


def describe(vision: VisionClient, picture: ImageInput, candidates: int) -> list[dict[str, Any]]:
    """Ask for the captions of an image."""
    result = vision.describe(picture, max_candidates=candidates)
    return list(result["description"]["captions"])


def claims(caption: str, known: Known) -> list[str]:
    """Return the words of a caption, but for what it quotes, that are not true of the image.

    False are the words of `caption_none_of`; where `tags_right` is known, also every name of the
    service's vocabulary that it does not list, but for names within a longer one that is right.
    """
    said = re.sub('".*"', "", caption).lower()
    denied = set(known.facts.get("caption_none_of", ()))
    right = known.facts.get("tags_right")
    if right is not None:
        for name in sorted(filter(said.__contains__, right), key=len, reverse=True):
            said = re.sub(rf"\b{re.escape(name)}\b", "", said)
        denied |= {name for name, tag in vocabulary().items() if tag not in right}
    return sorted(name for name in denied if re.search(rf"\b{re.escape(name)}\b", said))


@cache
def vocabulary() -> dict[str, str]:
    """Return every name that a caption may say, and the tag that it would be."""
    names = {word: word for row in SCENE_CLASSES for word in (row.name.lower(), *row.words)}
    names |= {kind.name: kind.name for kind in OBJECT_CLASSES.values()}
    names |= {kind.plural: kind.name for kind in OBJECT_CLASSES.values()}
    names |= {name: name for name in PEOPLE} | CIRCUMSTANCES
    return names | {plural(name): name for name in PEOPLE if name not in ("people", "crowd")}


def _row(measure: str, found: list[list[str]]) -> Row:
    false = sum(map(bool, found))
    return Row("captions", measure, share(false, len(found)), goal="0", holds=not false)
