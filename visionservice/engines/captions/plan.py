"""The plan of a caption: its phrases, each with a confidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words of a caption, and their confidence, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """The phrases of a caption.

    Attributes:
        subject: What the image shows.
        details: Further phrases, in their order in the sentence.
        generic_name: A vaguer name of the subject; empty if there is none.
        skip_medium: Whether the medium ("a line drawing of") is left out.
    """

    subject: Phrase
    details: tuple[Phrase, ...] = ()
    generic_name: str = ""
    skip_medium: bool = False
