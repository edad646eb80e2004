"""Fonts: an installed one for every script that the reader's own font lacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from matplotlib.font_manager import (
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
)

UNKNOWN = "□"
_INVISIBLE = ("Cc", "Cf", "Mn")


@dataclass(frozen=True, slots=True)
class Typeface:
    """Font families to draw with, in order, and the characters that none of them has."""

    families: tuple[str, ...]
    missing: frozenset[str]

    def spell(self, text: str) -> str:
        """Return the text on one line, with a box for each character that cannot be drawn.

        matplotlib warns of such a character whenever the figure is drawn, long after the
        call that caused it, and then draws a box as well.
        """
        return "".join(map(self._drawn, " ".join(text.split())))

    def _drawn(self, character: str) -> str:
        if character not in self.missing:
            return character
        return "" if unicodedata.category(character) in _INVISIBLE else UNKNOWN


def typeface(texts: Iterable[str]) -> Typeface:
    """Choose fonts for some texts: the reader's own, then installed ones for what it lacks.

    Args:
        texts: What is going to be drawn.

    Returns:
        The families that matplotlib takes as `fontfamily`: those of `rcParams` first, then as
        few others as have the remaining characters.
    """
    characters = frozenset("".join(texts)) | {UNKNOWN}
    own = tuple(FontProperties().get_family())
    return _covering(own, characters - frozenset(" \t\n\r"))


@cache
def _covering(own: tuple[str, ...], characters: frozenset[str]) -> Typeface:
    families = list(own)
    missing = characters.difference(*(_covered(family, characters) for family in own))
    while missing:
        best = max(_installed(), key=lambda family: len(_covered(family, missing)))
        covered = _covered(best, missing)
        if not covered:
            break
        families.append(best)
        missing -= covered
    return Typeface(tuple(families), missing)


@cache
def _covered(family: str, characters: frozenset[str]) -> frozenset[str]:
    """Return those of the characters that a family's upright font has."""
    try:
        font = get_font(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    if not font.scalable:  # bitmap fonts, as most of emoji are, cannot be drawn
        return frozenset()
    return frozenset(each for each in characters if font.get_char_index(ord(each)))


@cache
def _installed() -> tuple[str, ...]:
    """Return the families on this machine, those made for reading first."""
    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():  # matplotlib's list may be older than the newest font
        if path not in known:
            fontManager.addfont(path)
    names = {entry.name for entry in fontManager.ttflist}
    # The Last Resort font has a glyph for every character: a picture of its being unknown.
    return tuple(sorted((n for n in names if not n.startswith("Last Resort")), key=_rank))


def _rank(family: str) -> tuple[bool, bool, str]:
    return (family.startswith(("STIX", "cm")), "sans" not in family.lower(), family)
