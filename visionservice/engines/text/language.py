"""Language identification: by script, and among languages in Latin letters by py3langid."""

import unicodedata
from collections import Counter
from functools import cache
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import Any

from ..runtime import import_package

UNKNOWN = "unk"
LATIN = "cs da de en es fi fr hu it nl no pl pt ro sk sr sv tr"  # by py3langid's codes
API_CODES = {"no": "nb", "sr": "sr-Latn"}  # where the API's codes differ
ENGLISH_PRIOR = 8.0  # how many times likelier than another language one or two words are English
MIN_KANA = 0.05  # per ideograph, in Japanese; Chinese has none


def detect(text: str) -> str:
    """Return the OCR operation's code for the language of a text; "unk" without letters."""
    scripts = Counter(unicodedata.name(c, "").split(" ")[0] for c in text if c.isalpha())
    if not scripts:
        return UNKNOWN
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana and kana >= MIN_KANA * scripts["CJK"] and kana + scripts["CJK"] >= scripts["LATIN"]:
        return "ja"
    script, _ = scripts.most_common(1)[0]
    if script == "CJK":  # the national character sets lack each other's forms
        simplified, traditional = (len(text.encode(e, "ignore")) for e in ("gb2312", "big5"))
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    if script == "CYRILLIC":
        return "sr-Cyrl" if set(text.lower()) & set("ђјљњћџ") else "ru"
    if script == "LATIN":
        probabilities: dict[str, float] = dict(_identifier().rank(text.lower()))
        probabilities["en"] *= ENGLISH_PRIOR
        code = max(probabilities, key=lambda code: probabilities[code])
        return API_CODES.get(code, code)
    return {"GREEK": "el", "HANGUL": "ko", "ARABIC": "ar"}.get(script, UNKNOWN)


@cache
def _identifier() -> Any:
    langid = import_package("py3langid").langid
    model = import_package("py3langid").modelio.load_model(langid.MODEL_DIR / langid.MODEL_FILE)
    likelihoods, priors, codes, transitions, rows, features = model
    # py3langid would keep the likelihoods of all languages, 30 MB, and 40 MB of transitions, most
    # of which no text needs: they are read from a file.
    latin = [i for i, code in enumerate(codes) if code in LATIN.split()]
    with TemporaryFile() as file:
        file.write(transitions)
        file.flush()
        mapped = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ)).cast(transitions.typecode)
    numbers = likelihoods[:, latin], priors[latin], [codes[i] for i in latin], mapped, features
    return langid.LanguageIdentifier(*numbers, tk_row=rows, norm_probs=True)
