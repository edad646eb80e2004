"""What a sentence about a picture is made of: claims, each as sure as what it was made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Some words of a sentence, and how sure they are (0 to 1)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Subject:
    """What a sentence is of, what may be added, in the order of the words, and a vaguer name.

    `whole`: the words themselves say what kind of picture it is.
    """

    claim: Claim
    details: tuple[Claim, ...] = ()
    vague: str = ""
    whole: bool = False
