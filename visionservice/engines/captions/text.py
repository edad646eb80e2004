"""The caption of an image of text: a page, a close up of text, or a few words."""

from ..evidence.evidence import MIN_PAGE_WORDS, MIN_TEXT_WORDS, Evidence
from .phrases import CaptionPlan, Phrase

MAX_QUOTED_WORDS = 8
MIN_QUOTE_CONFIDENCE = 0.95  # the mean of the lines; misread captions of a squirrel have 0.92
MIN_PAGE_SHARE, MIN_CLOSE_UP_SHARE = 0.09, 0.2
"""The least shares of the image that the lines of a page and of a close up cover: a sudoku covers
0.095, the marks on a circuit board 0.03."""


def text_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a caption about the text, None if there is no text."""
    if evidence.word_count < MIN_TEXT_WORDS:
        return None
    share = evidence.text.coverage
    name = "a close up of text" if share >= MIN_CLOSE_UP_SHARE else "text"
    if evidence.word_count >= MIN_PAGE_WORDS and share >= MIN_PAGE_SHARE:
        name = "a page of text"
    lines = evidence.text.lines
    confidence = sum(line.confidence for line in lines) / len(lines)
    words = " ".join(line.text for line in lines).replace('"', "").split()
    quoted = words[:MAX_QUOTED_WORDS] + ["..."] * (len(words) > MAX_QUOTED_WORDS)
    quote = Phrase(f'that reads "{" ".join(quoted)}"', confidence)
    details = (quote,) if confidence >= MIN_QUOTE_CONFIDENCE else ()
    return CaptionPlan(Phrase(name, confidence), details, "text", skip_medium=True)
