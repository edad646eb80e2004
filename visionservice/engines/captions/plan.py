"""What a sentence about a picture is made of: claims, each as sure as what it was made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words of a sentence, and how sure they are (0 to 1)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """What a sentence is of, what may be added, in the order of the words, and a vaguer name.

    `whole`: the words themselves say what kind of picture it is.
    """

    subject: Phrase
    details: tuple[Phrase, ...] = ()
    generic_name: str = ""
    skip_medium: bool = False
