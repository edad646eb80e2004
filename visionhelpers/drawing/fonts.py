"""Fonts: an installed one for every script that the reader's own font lacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
    weight_dict,
)

UNKNOWN = "□"


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
        category = unicodedata.category(character)
        if category == "Cc" or (character in self.missing and category in ("Cf", "Mn")):
            return ""  # what nobody would see
        return UNKNOWN if character in self.missing else character


def typeface(texts: Iterable[str]) -> Typeface:
    """Choose fonts for some texts: the reader's own, then installed ones for what it lacks.

    Args:
        texts: What is going to be drawn.

    Returns:
        The families that matplotlib takes as `fontfamily`: those of `rcParams` first, then as
        few others as have the remaining characters.
    """
    characters = {each for each in set("".join(texts)) if unicodedata.category(each) != "Cc"}
    return _covering(tuple(FontProperties().get_family()), frozenset(characters | {UNKNOWN}))


@cache
def _covering(own: tuple[str, ...], characters: frozenset[str]) -> Typeface:
    missing = characters.difference(*(_drawable(_path(family), characters) for family in own))
    families = list(own)
    while missing:
        best = max(_installed(), key=lambda entry: len(_drawable(entry.fname, missing)))
        drawable = _drawable(best.fname, missing)
        if not drawable:
            break
        families.append(_enlisted(best))
        missing -= drawable
    return Typeface(tuple(families), missing)


def _path(family: str) -> str:
    """Return the file that matplotlib takes for a family, or nothing if it knows none."""
    try:
        return findfont(FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:
        return ""


@cache
def _drawable(path: str, characters: frozenset[str]) -> frozenset[str]:
    """Return those of the characters that a font file has an outline for."""
    try:
        font = get_font(path)
    except (OSError, RuntimeError):
        return frozenset()
    if not font.scalable:  # as most fonts of emoji are, which matplotlib cannot draw
        return frozenset()
    return frozenset(each for each in characters if font.get_char_index(ord(each)))


@cache
def _installed() -> tuple[FontEntry, ...]:
    """Return an upright font of each family on this machine, those made for reading first."""
    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():  # matplotlib's list may be older than the newest font
        if path not in known:
            fontManager.addfont(path)
    families: dict[str, FontEntry] = {}
    for entry in sorted(fontManager.ttflist, key=_boldness, reverse=True):
        # The Last Resort font has a glyph for every character: a picture of its being unknown.
        if entry.style == "normal" and not entry.name.startswith("Last Resort"):
            families[entry.name] = entry
    return tuple(sorted(families.values(), key=_rank))


def _enlisted(entry: FontEntry) -> str:
    """Return a font's family, listed as of normal weight, lest matplotlib log that it is not."""
    if _boldness(entry):
        fontManager.ttflist.append(replace(entry, weight=400))
    return entry.name


def _boldness(entry: FontEntry) -> int:
    """Return how far a font is from the normal weight."""
    return abs(int(weight_dict.get(str(entry.weight), entry.weight)) - 400)


def _rank(entry: FontEntry) -> tuple[bool, bool, str]:
    """Sort sans-serif fonts first, those for formulas last."""
    return entry.name.startswith(("STIX", "cm")), "sans" not in entry.name.lower(), entry.name
