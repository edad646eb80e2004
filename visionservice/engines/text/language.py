"""Which language a text is in, by its script first and by py3langid among Latin letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from ..base import EngineUnavailable

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "unk"
LATIN = "cs da de en es fi fr hu it nl no pl pt ro sk sr sv tr"
"""The API's languages in Latin letters, by the detector's codes."""

RENAMED = {"no": "nb", "sr": "sr-Latn"}
HOME = 8.0  # how much likelier English is than any other language before the text is seen
KANA = 0.05  # Japanese has at least this many kana to an ideograph, and Chinese none

_lock = Lock()


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
    with _lock:
        chances: dict[str, float] = dict(_identifier().rank(text.lower()))
    chances["en"] *= HOME
    likeliest = max(chances, key=lambda code: chances[code])
    return RENAMED.get(likeliest, likeliest)


@cache
def _identifier() -> LanguageIdentifier:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise EngineUnavailable(
            "The language of a text needs the package py3langid: pip install py3langid"
        ) from error
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LATIN.split())
    return identifier
