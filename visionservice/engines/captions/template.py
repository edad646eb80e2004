"""One sentence about a picture, composed from everything that was found in it.

A sentence is made of claims: who or what it is of, what they do (`activities.csv`), what they
wear, where (`places.csv`), when. Each claim carries the confidence of what it was made from; no
claim is made of anything less sure than the engines' own thresholds. The confidence of a sentence
is that of its weakest claim, times the share it tells of all the claims that could be told; so a
sentence that leaves a sure thing out, or adds a doubtful one, comes after one that does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from ..base import Caption
from .plan import CaptionPlan, Phrase
from .subject import VAGUE, colorless, plan_caption

if TYPE_CHECKING:
    from ..evidence.evidence import Evidence


def captions(evidence: Evidence, limit: int) -> tuple[Caption, ...]:
    """Return at most `limit` different sentences about a picture, the surest first.

    Answers the `description` of the API's Analyze and Describe Image operations.
    """
    best: dict[str, float] = {}
    for sentence, confidence in _sentences(evidence):
        best[sentence] = max(confidence, best.get(sentence, 0.0))
    ranked = sorted(best.items(), key=lambda item: -item[1])
    return tuple(Caption(text, confidence) for text, confidence in ranked[:limit])


def _sentences(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Yield every way to say it: with and without each detail, by the name and by a vaguer one."""
    main = plan_caption(evidence)
    everything = 1 + len(main.details)
    names = [(main.subject.text, 1.0)] + ([(main.generic_name, VAGUE)] if main.generic_name else [])
    for name, worth in names:
        for details in _choices(main):
            claims = [main.subject, *details]
            told = worth + len(details)
            words = " ".join([name, *(detail.text for detail in details)])
            sure = min(claim.confidence for claim in claims) * told / everything
            yield _medium(evidence, main, words), min(1.0, sure)


def _choices(main: CaptionPlan) -> Iterator[tuple[Phrase, ...]]:
    for size in range(len(main.details), -1, -1):
        yield from combinations(main.details, size)


def _medium(evidence: Evidence, main: CaptionPlan, words: str) -> str:
    """Say what kind of picture it is, where it is no photograph in colour."""
    kind, tone = evidence.image_type, _tone(evidence)
    if kind.line_drawing:
        name = f"{tone or 'a'} line drawing"
    elif kind.clip_art >= 2:
        name = f"{tone or 'a'} clip art picture"
    elif tone and not main.skip_medium:
        name = f"{tone} photo"
    else:
        return words
    return f"{name} of {words.removeprefix('a close up of ')}" if words else name


def _tone(evidence: Evidence) -> str:
    """Say of greys that they are black and white, of one brown ink that it is sepia."""
    if not evidence.colors.black_and_white:
        return ""
    if colorless(evidence):
        return "a black and white"
    return "a sepia" if "Brown" in evidence.colors.dominant else ""
