"""Pictures of text: a page, a text seen close, or words on something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..evidence.evidence import PAGE, TEXT
from .plan import Claim, Subject

if TYPE_CHECKING:
    from ..evidence.evidence import Findings

QUOTED = 8
"""How many words of a text a sentence repeats."""
READ = 0.95
"""How sure, on average, of a text that is repeated: captions laid over a picture of a squirrel
are misread at 0.92."""
FILLED, CLOSE = 0.09, 0.2
"""The shares of the picture that the lines of a page, and of a text seen close, cover at least: a
sudoku covers 0.095, the marks on a circuit board 0.03."""


def writing(findings: Findings) -> Subject | None:
    """Return what to say of a picture of which nothing is surer than its text."""
    if findings.words_read < TEXT:
        return None
    share = covered(findings)
    if findings.words_read >= PAGE and share >= FILLED:
        name = "a page of text"
    else:
        name = "a close up of text" if share >= CLOSE else "text"
    claim = Claim(name, _sure(findings))
    return Subject(claim, quote(findings), "text" if name != "text" else "", whole=True)


def covered(findings: Findings) -> float:
    """Return the share of the picture, 0 to 1, that the lines of text cover."""
    polygons = [np.asarray(line.polygon, np.float32) for line in findings.text.lines]
    return sum(cv2.contourArea(p) for p in polygons) / (findings.width * findings.height)


def quote(findings: Findings) -> tuple[Claim, ...]:
    """Repeat the beginning of a text that is surely read."""
    words = " ".join(line.text for line in findings.text.lines).replace('"', "").split()
    text = " ".join(words[:QUOTED]) + (" ..." if len(words) > QUOTED else "")
    sure = _sure(findings)
    return (Claim(f'that reads "{text}"', sure),) if sure >= READ else ()


def _sure(findings: Findings) -> float:
    lines = findings.text.lines
    return sum(line.confidence for line in lines) / len(lines)
