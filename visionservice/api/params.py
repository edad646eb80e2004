"""Parameters that several operations share: languages, lists of names, model versions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import ApiError, bad_argument, not_supported_language
from .query import Query

UNREAD_SCRIPTS = {
    "Arabic": "ar fa ku-arab pa prs ps so ug ur uz-arab",
    "Cyrillic": "be be-cyrl bg bua cnr-cyrl kaa-cyrl kk-cyrl kpy krc kum ky mn myv nog os ru "
    "sr-Cyrl tg tyv uz-cyrl",
    "Devanagari": "anp awa bfy bfz bgc bho bns bra brx dhi doi gon gvr hi hlb hne hoc Jns kfq klr "
    "kmj kru mr ne rab sa sat sck srx thf xnr xsr",
    "Greek": "el",
    "Korean": "ko",
}
"""The scripts that no model here reads, with the languages of the API that use them."""
_SCRIPT_OF = {
    code.lower(): script for script, codes in UNREAD_SCRIPTS.items() for code in codes.split()
}
_MODEL_VERSION = re.compile(r"(latest|\d{4}-\d{2}-\d{2})(-preview)?")


def require_english(query: Query) -> None:
    """Raise NotSupportedLanguage for every `language` except English."""
    language = query.text("language", "en")
    if language.lower() != "en":
        raise not_supported_language(f"Language {language[:40]!r} is not supported; use en.")


def read_language(query: Query, languages: Sequence[str], default: str) -> str:
    """Return the `language` of the text as the API spells it.

    Raises:
        ApiError: No model here reads its script, or the operation has no such language.
    """
    asked = query.text("language", default)
    if script := _SCRIPT_OF.get(asked.lower()):
        message = f"Language {asked!r} is not supported"
        raise not_supported_language(f"{message}: the local service cannot read {script} script.")
    for language in languages:
        if asked.lower() == language.lower():
            return language
    message = f"Invalid language {asked[:40]!r}: use for example en, fr or de."
    raise not_supported_language(message, f"The languages are {', '.join(languages)}.")


def parse_enum_list(query: Query, name: str, allowed: Sequence[str], code: str) -> frozenset[str]:
    """Return the values of a list as the API spells them, or raise ApiError with this code."""
    spelling = {value.lower(): value for value in allowed}
    values = query.names(name)
    for value in values:
        if value.lower() not in spelling:
            message = f"Invalid {name} {value[:40]!r}: use {', '.join(allowed)}."
            raise ApiError(400, code, message)
    return frozenset(spelling[value.lower()] for value in values)


def check_model_version(query: Query) -> None:
    """Raise BadArgument for an invalid `model-version`; each valid one selects the same models."""
    asked = query.text("model-version")
    if asked and not _MODEL_VERSION.fullmatch(asked):
        message = f"Invalid model-version {asked[:40]!r}: use latest or a date such as 2021-05-01."
        raise bad_argument(message)
