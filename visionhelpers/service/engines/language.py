"""Which language a text is in, by its script first and by py3langid among Latin letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "unk"
SAME = (
    "cs",
    "da",
    "de",
    "en",
    "es",
    "fi",
    "fr",
    "hu",
    "it",
    "nl",
    "pl",
    "pt",
    "ro",
    "sk",
    "sv",
    "tr",
)
LATIN = {**{code: code for code in SAME}, "no": "nb", "sr": "sr-Latn"}
"""The API's codes for languages in Latin letters, by the detector's."""

HOME = 3.0  # how much likelier English is than any other language before the text is seen
KANA = 0.05  # Japanese has at least this share of kana, and Chinese none


def detect(text: str) -> str:
    """Return the API's code for OCR of the text's language; "unk" for a text without letters."""
    scripts = Counter(_script(letter) for letter in text if letter.isalpha())
    if not scripts:
        return UNKNOWN
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana and kana >= KANA * scripts["CJK"] and kana + scripts["CJK"] >= scripts["LATIN"]:
        return "ja"
    most = max(scripts, key=lambda script: scripts[script])
    if most == "CJK":
        return _chinese(text)
    if most == "CYRILLIC":
        return "sr-Cyrl" if set(text.lower()) & set("ђјљњћџ") else "ru"
    if most == "LATIN":
        return _latin(text)
    return {"GREEK": "el", "HANGUL": "ko", "ARABIC": "ar"}.get(most, UNKNOWN)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _chinese(text: str) -> str:
    """Tell by the national character sets: each lacks the other's forms."""
    simplified = sum(_encodable(letter, "gb2312") for letter in text)
    traditional = sum(_encodable(letter, "big5") for letter in text)
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _encodable(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _latin(text: str) -> str:
    """Return the likeliest language in Latin letters; a word or two in doubt are English."""
    chances = dict(_identifier().rank(text.lower()))
    chances["en"] *= HOME
    return LATIN[max(chances, key=lambda code: chances[code])]


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LATIN))
    return identifier
