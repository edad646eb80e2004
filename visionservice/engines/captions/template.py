"""The built-in captioner: sentences from the phrases of a plan, ranked by confidence.

The confidence of a sentence is that of its weakest phrase, times its share of all phrases of the
plan. A sentence that omits a certain detail, or contains a doubtful one, therefore ranks lower.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from ..base import Caption, Captioner
from ..evidence.evidence import Evidence
from .phrases import CaptionPlan
from .subject import GENERIC_SHARE, plan_caption, tone


class TemplateCaptioner(Captioner):
    """Composes captions from the results of the other engines; needs no model."""

    name = "template"
    thread_safe = True

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> tuple[Caption, ...]:
        """Return at most `limit` different captions, the most confident first."""
        if gender_neutral:
            faces = tuple(replace(face, gender_confidence=0.0) for face in evidence.faces)
            evidence = evidence.with_results(faces=faces)
        if gender_neutral or not names:
            evidence = evidence.with_results(names=())
        best: dict[str, float] = {}
        for words, confidence in _sentences(evidence):
            best[words] = max(confidence, best.get(words, 0.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        return tuple(Caption(text, confidence) for text, confidence in ranked[:limit])


def _sentences(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Yield each sentence: with and without each detail, with the name and the generic name."""
    plan = plan_caption(evidence)
    names = [(plan.subject.text, 1.0), (plan.generic_name, GENERIC_SHARE)]
    for name, share in names if plan.generic_name else names[:1]:
        for size in range(len(plan.details), -1, -1):
            for details in combinations(plan.details, size):
                weakest = min(phrase.confidence for phrase in (plan.subject, *details))
                confidence = weakest * (share + size) / (1 + len(plan.details))
                words = " ".join([name, *(detail.text for detail in details)])
                yield _add_medium(evidence, plan, words), min(1.0, confidence)


def _add_medium(evidence: Evidence, plan: CaptionPlan, words: str) -> str:
    """Return the words after the medium, which is empty for a color image from a camera."""
    kind, ink = evidence.image_type, tone(evidence.colors)
    if kind.line_drawing:
        medium = f"{ink or 'a'} line drawing"
    elif kind.clip_art >= 2:
        medium = f"{ink or 'a'} clip art picture"
    elif ink and not plan.skip_medium:
        medium = f"{ink} photo"
    else:
        return words
    return f"{medium} of {words.removeprefix('a close up of ')}" if words else medium
