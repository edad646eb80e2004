"""One sentence about a picture, composed from everything that was found in it.

A sentence is made of claims: who or what it is of, what they do (`activities.csv`), what they
wear, where (`places.csv`), when. Each claim carries the confidence of what it was made from; no
claim is made of anything less sure than the engines' own thresholds. The confidence of a sentence
is that of its weakest claim, times the share it tells of all the claims that could be told; so a
sentence that leaves a sure thing out, or adds a doubtful one, comes after one that does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from .plan import Claim, Subject
from .subject import VAGUE, colourless, subject

if TYPE_CHECKING:
    from ..evidence.evidence import Findings


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence in lower case without a full stop, and how sure it is (0 to 1)."""

    text: str
    confidence: float


def captions(findings: Findings, limit: int) -> tuple[Caption, ...]:
    """Return at most `limit` different sentences about a picture, the surest first.

    Answers the `description` of the API's Analyze and Describe Image operations.
    """
    best: dict[str, float] = {}
    for sentence, confidence in _sentences(findings):
        best[sentence] = max(confidence, best.get(sentence, 0.0))
    ranked = sorted(best.items(), key=lambda item: -item[1])
    return tuple(Caption(text, confidence) for text, confidence in ranked[:limit])


def _sentences(findings: Findings) -> Iterator[tuple[str, float]]:
    """Yield every way to say it: with and without each detail, by the name and by a vaguer one."""
    main = subject(findings)
    everything = 1 + len(main.details)
    names = [(main.claim.text, 1.0)] + ([(main.vague, VAGUE)] if main.vague else [])
    for name, worth in names:
        for details in _choices(main):
            claims = [main.claim, *details]
            told = worth + len(details)
            words = " ".join([name, *(detail.text for detail in details)])
            sure = min(claim.confidence for claim in claims) * told / everything
            yield _medium(findings, main, words), min(1.0, sure)


def _choices(main: Subject) -> Iterator[tuple[Claim, ...]]:
    for size in range(len(main.details), -1, -1):
        yield from combinations(main.details, size)


def _medium(findings: Findings, main: Subject, words: str) -> str:
    """Say what kind of picture it is, where it is no photograph in colour."""
    kind, tone = findings.image_type, _tone(findings)
    if kind.line_drawing:
        name = f"{tone or 'a'} line drawing"
    elif kind.clip_art >= 2:
        name = f"{tone or 'a'} clip art picture"
    elif tone and not main.whole:
        name = f"{tone} photo"
    else:
        return words
    return f"{name} of {words.removeprefix('a close up of ')}" if words else name


def _tone(findings: Findings) -> str:
    """Say of greys that they are black and white, of one brown ink that it is sepia."""
    if not findings.colours.black_and_white:
        return ""
    if colourless(findings):
        return "a black and white"
    return "a sepia" if "Brown" in findings.colours.dominant else ""
