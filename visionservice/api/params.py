"""Parameters that several operations share: languages, lists of names, model versions."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import invalid_parameter, not_supported_language
from .query import Query

TABLE = Path(__file__).with_name("languages.csv")
UNREAD_SCRIPTS = ("Arabic", "Cyrillic", "Devanagari", "Greek", "Korean")
"""The scripts that no model here reads."""
_MODEL_VERSION = re.compile(r"(latest|\d{4}-\d{2}-\d{2})(-preview)?")

with TABLE.open(encoding="utf-8", newline="") as file:
    LANGUAGES = {row["name"]: row["languages"].split() for row in csv.DictReader(file)}
"""The languages of the API by operation, and those in each unread script."""


def require_english(query: Query) -> None:
    """Raise NotSupportedLanguage for every `language` except English."""
    language = query.text("language", "en")
    if language.lower() != "en":
        raise not_supported_language(f"Language {language[:40]!r} is not supported; use en.")


def read_language(query: Query, operation: str, default: str) -> str:
    """Return the `language` of the text as the API spells it, or raise NotSupportedLanguage."""
    asked = query.text("language", default)
    for script in UNREAD_SCRIPTS:
        if asked.lower() in map(str.lower, LANGUAGES[script]):
            message = f"Language {asked!r} is not supported"
            message += f": the local service cannot read {script} script."
            raise not_supported_language(message)
    for language in LANGUAGES[operation]:
        if asked.lower() == language.lower():
            return language
    use, hint = "for example en, fr or de", f"The languages are {', '.join(LANGUAGES[operation])}."
    raise invalid_parameter("language", asked, use, "NotSupportedLanguage", hint)


def parse_enum_list(query: Query, name: str, allowed: Sequence[str], code: str) -> frozenset[str]:
    """Return the values of a list as the API spells them, or raise ApiError with this code."""
    spelling = {value.lower(): value for value in allowed}
    values = query.names(name)
    for value in values:
        if value.lower() not in spelling:
            raise invalid_parameter(name, value, ", ".join(allowed), code)
    return frozenset(spelling[value.lower()] for value in values)


def check_model_version(query: Query) -> None:
    """Raise BadArgument for an invalid `model-version`; each valid one selects the same models."""
    asked = query.text("model-version", "latest")
    if not _MODEL_VERSION.fullmatch(asked):
        raise invalid_parameter("model-version", asked, "latest or a date such as 2021-05-01")
