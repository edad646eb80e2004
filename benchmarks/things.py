"""How many tags, categories, captions and image types hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.describing import says_one_of
from benchmarks.rows import NONE, Figures, Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import NOTHING, mirrored, upright
from visionhelpers import VisionClient
from visionservice.engines.registry import default

FEATURES = ("Categories", "Tags", "Description", "ImageType")
Result = dict[str, Any]
Judge = Callable[[Result, Any], list[bool]]
"""Returns, for each part of a fact, whether a result of analyze agrees with it."""
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


def tagged(result: Result, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Tell of each group of words whether one of it is a tag."""
    tags = {tag["name"] for tag in result["tags"]}
    return [not tags.isdisjoint(group) for group in groups]


def categorised(result: Result, names: Sequence[str]) -> list[bool]:
    """Tell whether the surest category is one of these, or begins so."""
    sure = max(result["categories"], key=lambda c: c["score"], default={"name": ""})["name"]
    return [sure.startswith(tuple(names))]


def captioned(result: Result, words: Sequence[str]) -> list[bool]:
    """Tell whether the first caption has one of the words."""
    return captioned_by_all(result, [words])


def captioned_by_all(result: Result, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Tell of each group of words whether one of it is in the first caption."""
    caption = result["description"]["captions"][0]["text"]
    return [says_one_of(caption, group) for group in groups]


def typed(result: Result, kinds: Sequence[int]) -> list[bool]:
    """Tell whether clip art and line drawing are told."""
    seen = result["imageType"]
    return [[seen["clipArtType"], seen["lineDrawingType"]] == list(kinds)]


JUDGES: dict[str, tuple[str, Judge]] = {
    "tags_any_of": ("tags", tagged),
    "category": ("categories", categorised),
    "category_prefix": ("categories' beginnings", categorised),
    "caption_any_of": ("captions", captioned),
    "caption_all_of": ("required words of captions", captioned_by_all),
    "imageType": ("image types", typed),
}


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the rows about tags, categories, captions and image types."""
    results: dict[Path, list[Result]] = {}
    for known in truth.images:
        judged_in_variants = any(fact in known.facts for fact in JUDGES)
        if judged_in_variants or "tags_right" in known.facts:
            say("things", known.path.name)
            results[known.path] = [vision.analyze(known.path, features=FEATURES)]
        if judged_in_variants:
            kinds = [v for v in upright(known.image) if v.name != NOTHING]
            for variant in (*kinds, mirrored(known.image)):
                results[known.path].append(vision.analyze(variant.data, features=FEATURES))
    for fact, (name, judge) in JUDGES.items():
        having = list(truth.having(fact))
        if having:
            yield from judged(name, having, fact, judge, results)
    having = [known for known in truth.images if known.path in results]
    if having:
        yield by_threshold(having, results)


def by_threshold(having: list[Known], results: dict[Path, list[Result]]) -> Figures:
    """Give precision and recall of the tags at least as sure as each threshold.

    Right are the tags of `tags_right`, or where it is unknown, all but those of `caption_none_of`.
    Recall is the share of the groups of `tags_any_of` of which one word is a tag.
    """
    said, required = [], []
    for known in having:
        tags = {tag["name"]: tag["confidence"] for tag in results[known.path][0]["tags"]}
        for tag, sure in tags.items():
            accepted = known.facts.get("tags_right")
            holds = (
                tag in accepted if accepted else tag not in known.facts.get("caption_none_of", ())
            )
            said.append((sure, holds, tag, known.path.stem))
        for group in known.facts.get("tags_any_of", ()):
            required.append(max(tags.get(word, 0.0) for word in group))
    lines = []
    for threshold, following in pairwise((*THRESHOLDS, 2.0)):
        right = [holds for sure, holds, _, _ in said if sure >= threshold]
        wrong = [
            f"{tag} ({file})"
            for sure, holds, tag, file in said
            if not holds and threshold <= sure < following
        ]
        exactly = f"{sum(right) / len(right):.2f}" if right else NONE
        found = sum(sure >= threshold for sure in required)
        recall = f"{found / len(required):.2f}" if required else NONE
        counts = f"{len(right)}", f"{sum(right)}"
        lines.append((f"{threshold}", *counts, exactly, recall, ", ".join(wrong)))
    title = f"Tags of {len(having)} images by threshold: too few to call confidences calibrated"
    head = "confidence from", "tags", "right", "precision", "recall", "wrong, below the next one"
    return Figures(title, head, lines)


def judged(
    name: str, having: list[Known], fact: str, judge: Judge, results: dict[Path, list[Result]]
) -> Iterator[Row]:
    """Count the facts that hold in the images as they are, then in their variants."""
    given = {known.path.name: judge(results[known.path][0], known.facts[fact]) for known in having}
    parts = [held for helds in given.values() for held in helds]
    other = label_alone(having) if fact == "tags_any_of" else NONE
    wrong = [file for file, helds in given.items() if not all(helds)]
    measure = f"{name} that hold" + (f", not {', '.join(wrong)}" if wrong else "")
    yield Row("things", measure, share(sum(parts), len(parts)), other, "all", all(parts))
    varied = []
    for known in having:
        helds = [judge(result, known.facts[fact]) for result in results[known.path][1:]]
        say("things", f"{name} missed on {known.path.name}: {[*map(all, helds)].count(False)}")
        varied += [held for variant in helds for held in variant]
    yield Row("things", f"{name} that hold over variants", share(sum(varied), len(varied)))


def label_alone(having: Sequence[Known]) -> str:
    """Count the groups of tags that the top ImageNet label alone is in."""
    hits = []
    for known in having:
        label = default().scenes.classify(np.asarray(known.image), ()).labels[:1]
        result = {"tags": [{"name": word.name} for word in label]}
        hits += tagged(result, known.facts["tags_any_of"])
    return f"{share(sum(hits), len(hits))} top ImageNet label"
