"""How many captions hold, are false or are vague, and every caption for anyone to judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
REQUIRED = {"caption_all_of", "caption_any_of"}


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the rows about captions, and tables of images and of captions."""
    judged = [k for k in truth.images if {"tags_right", "caption_none_of"} & k.facts.keys()]
    first, lines, false, varied = [], [], [], []
    for known in truth.images:
        say("captions", known.path.name)
        description = describe(vision, known.path, CANDIDATES)
        first.append((known, Judgement(description, known)))
        for caption in description["captions"]:
            lines.append((known.path.name, f"{caption['confidence']:.2f}", caption["text"]))
            if known in judged:
                false.append((known, claims(caption["text"], known)))
    for known in judged:
        lit = (in_light(known.image, light) for light in (0.7, 1.3))
        for variant in (*lit, mirrored(known.image)):
            captions = describe(vision, variant.data, 1)["captions"]
            found = [claims(caption["text"], known) for caption in captions]
            varied += found
            for words in filter(None, found):
                say("captions", f"false in {known.path.name}, {variant.name}: {words}")
    required = [judgement.holds for known, judgement in first if REQUIRED & known.facts.keys()]
    if required:
        yield Row("captions", "first captions that hold", share(sum(required), len(required)))
    if judged:
        claimed = sum(len(judgement.false) for _, judgement in first)
        yield Row("captions", f"false claims, first captions of {len(judged)} images", f"{claimed}")
        wrong = {known.path.name: words for known, words in false if words}
        named = "".join(f", {name}: {', '.join(words)}" for name, words in wrong.items())
        yield _row(f"captions that claim what is not there{named}", [words for _, words in false])
        yield _row("captions that claim what is not there, over light and mirrored", varied)
    vague = [is_vague(judgement.caption) for _, judgement in first]
    yield Row("captions", "vague first captions", share(sum(vague), len(vague)))
    yield Figures("Each image", Judgement.HEAD, [(k.path.name, *j.cells()) for k, j in first])
    yield Figures("Captions, the surest first", ("picture", "confidence", "caption"), lines)


class Judgement:
    """The first caption and the tags of an image, compared with its facts.

    Attributes:
        caption: The text of the first caption.
        false: The words of it that are not true of the image.
        missing: The groups of words of which none is in it although one should be.
        tags_found: How many groups of words have one that is a tag, as "2 of 3".
        tags_missing: The others.
        tags_wrong: The tags that are not true of the image.
    """

    HEAD = ("image", "caption", "holds", "false", "missing", "tags", "tags missing", "tags wrong")

    def __init__(self, description: dict[str, Any], known: Known) -> None:
        facts, tags = known.facts, set(description["tags"])
        self.caption = description["captions"][0]["text"]
        self.false = claims(self.caption, known)
        groups = facts.get("caption_all_of") or filter(None, [facts.get("caption_any_of")])
        self.missing = ["/".join(group) for group in groups if not says_one_of(self.caption, group)]
        groups = facts.get("tags_any_of", ())
        self.tags_missing = ["/".join(group) for group in groups if tags.isdisjoint(group)]
        self.tags_found = share(len(groups) - len(self.tags_missing), len(groups))
        accepted = facts.get("tags_right", tags - set(facts.get("caption_none_of", ())))
        self.tags_wrong = sorted(tags.difference(accepted))

    @property
    def holds(self) -> bool:
        """Whether the caption has every required word and none that is false."""
        return not self.missing and not self.false

    def cells(self) -> tuple[str, ...]:
        """Return the cells of a line under `HEAD`, without the first."""
        parts = (self.false, self.missing, [self.tags_found], self.tags_missing, self.tags_wrong)
        return self.caption, "yes" if self.holds else "NO", *(", ".join(part) for part in parts)


def says_one_of(caption: str, words: Sequence[str]) -> bool:
    """Return True if one of the words or phrases is in a caption, as a whole word."""
    pattern = rf"\b(?:{'|'.join(map(re.escape, words))})\b"
    return bool(re.search(pattern, caption, re.IGNORECASE))


def is_vague(caption: str) -> bool:
    """Return True for a caption that names nothing, such as "an outdoor scene"."""
    if caption.startswith("something "):  # with a color, which may be a fruit too: orange
        return True
    named = vocabulary().keys() - CIRCUMSTANCES.keys()
    return not re.search('[A-Z"]', caption) and not says_one_of(caption, [*named])


def describe(vision: VisionClient, picture: ImageInput, candidates: int) -> dict[str, Any]:
    """Return the captions and the tags of an image."""
    result = vision.describe(picture, max_candidates=candidates)
    return dict(result["description"])


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
