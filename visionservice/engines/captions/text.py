"""Pictures of text: a page, a text seen close, or words on something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..evidence.evidence import MIN_PAGE_WORDS, MIN_TEXT_WORDS
from .plan import CaptionPlan, Phrase

if TYPE_CHECKING:
    from ..evidence.evidence import Evidence

QUOTED = 8
"""How many words of a text a sentence repeats."""
READ = 0.95
"""How sure, on average, of a text that is repeated: captions laid over a picture of a squirrel
are misread at 0.92."""
FILLED, CLOSE = 0.09, 0.2
"""The shares of the picture that the lines of a page, and of a text seen close, cover at least: a
sudoku covers 0.095, the marks on a circuit board 0.03."""


def text_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return what to say of a picture of which nothing is surer than its text."""
    if evidence.word_count < MIN_TEXT_WORDS:
        return None
    share = covered(evidence)
    if evidence.word_count >= MIN_PAGE_WORDS and share >= FILLED:
        name = "a page of text"
    else:
        name = "a close up of text" if share >= CLOSE else "text"
    claim = Phrase(name, _sure(evidence))
    return CaptionPlan(claim, quote(evidence), "text" if name != "text" else "", skip_medium=True)


def covered(evidence: Evidence) -> float:
    """Return the share of the picture, 0 to 1, that the lines of text cover."""
    polygons = [np.asarray(line.polygon, np.float32) for line in evidence.text.lines]
    return sum(cv2.contourArea(p) for p in polygons) / (evidence.width * evidence.height)


def quote(evidence: Evidence) -> tuple[Phrase, ...]:
    """Repeat the beginning of a text that is surely read."""
    words = " ".join(line.text for line in evidence.text.lines).replace('"', "").split()
    text = " ".join(words[:QUOTED]) + (" ..." if len(words) > QUOTED else "")
    sure = _sure(evidence)
    return (Phrase(f'that reads "{text}"', sure),) if sure >= READ else ()


def _sure(evidence: Evidence) -> float:
    lines = evidence.text.lines
    return sum(line.confidence for line in lines) / len(lines)
