"""The built-in captioner: sentences from the phrases of a plan, ranked by confidence.

The confidence of a sentence is that of its weakest phrase, times its share of all phrases of the
plan. A sentence that omits a certain detail, or contains a doubtful one, therefore ranks lower.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ..base import Caption
from ..evidence.evidence import Evidence
from .plan import CaptionPlan, Phrase
from .subject import GENERIC_SHARE, has_only_grays, plan_caption


class TemplateCaptioner:
    """Composes captions from the results of the other engines; needs no model."""

    name = "template"
    thread_safe = True

    def load(self) -> None:
        """Do nothing: there is no model."""

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> tuple[Caption, ...]:
        """Return at most `limit` different captions, the most confident first."""
        evidence = evidence.with_results(gender_neutral=gender_neutral)
        if gender_neutral or not names:
            evidence = evidence.with_results(names=())
        best: dict[str, float] = {}
        for sentence, confidence in _sentences(evidence):
            best[sentence] = max(confidence, best.get(sentence, 0.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        return tuple(Caption(text, confidence) for text, confidence in ranked[:limit])


def _sentences(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Yield each sentence: with and without each detail, with the name and the generic name."""
    plan = plan_caption(evidence)
    subjects = [(plan.subject.text, 1.0)]
    subjects += [(plan.generic_name, GENERIC_SHARE)] if plan.generic_name else []
    for name, share in subjects:
        for size in range(len(plan.details), -1, -1):
            for details in combinations(plan.details, size):
                words = " ".join([name, *(detail.text for detail in details)])
                yield _add_medium(evidence, plan, words), _confidence(plan, share, details)


def _confidence(plan: CaptionPlan, subject_share: float, details: tuple[Phrase, ...]) -> float:
    weakest = min(phrase.confidence for phrase in (plan.subject, *details))
    return min(1.0, weakest * (subject_share + len(details)) / (1 + len(plan.details)))


def _add_medium(evidence: Evidence, plan: CaptionPlan, words: str) -> str:
    """Return the words after the medium, which is empty for a color image from a camera."""
    kind, tone = evidence.image_type, _tone(evidence)
    if kind.line_drawing:
        medium = f"{tone or 'a'} line drawing"
    elif kind.clip_art >= 2:
        medium = f"{tone or 'a'} clip art picture"
    elif tone and not plan.skip_medium:
        medium = f"{tone} photo"
    else:
        return words
    return f"{medium} of {words.removeprefix('a close up of ')}" if words else medium


def _tone(evidence: Evidence) -> str:
    """Return "a black and white", "a sepia" for one brown ink, or an empty string."""
    if not evidence.colors.black_and_white:
        return ""
    if has_only_grays(evidence.colors):
        return "a black and white"
    return "a sepia" if "Brown" in evidence.colors.dominant else ""
