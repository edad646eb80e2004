"""Query parameters of a request, parsed as leniently as the API does."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import ApiError, invalid_parameter, not_supported_language

UNREAD_SCRIPTS = ("Arabic", "Cyrillic", "Devanagari", "Greek", "Korean")
with Path(__file__).with_name("languages.csv").open(encoding="utf-8", newline="") as file:
    LANGUAGES = {row["name"]: row["languages"].split() for row in csv.DictReader(file)}
"""The languages of the API by operation, and those in each unread script."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MODEL_VERSION = re.compile(r"(latest|\d{4}-\d{2}-\d{2})(-preview)?")


class Query:
    """Parameters; case, blanks and unknown names are ignored, invalid values raise ApiError."""

    def __init__(self, pairs: Iterable[tuple[str, str]], agent: str = "") -> None:
        self.agent = agent  # the client's User-Agent
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name.strip().lower(), value.strip())

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter, or the default if it is absent or empty."""
        return self._values.get(name.lower()) or default

    def names(self, name: str) -> tuple[str, ...]:
        """Return the items of a comma-separated list, without blanks and empty ones."""
        return tuple(item for part in self.text(name).split(",") if (item := part.strip()))

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self.text(name, str(default))
        if value.lower() not in _BOOLEANS:
            raise invalid_parameter(name, value, "true or false")
        return _BOOLEANS[value.lower()]

    def number(self, name: str, high: int, default: str = "", code: str = "BadArgument") -> int:
        """Return an integer from 1 to `high`; it is required if there is no default."""
        value, use = self.text(name, default), f"an integer from 1 to {high}"
        if not value:
            raise ApiError(400, code, f"{name} is required: {use}.")
        if not re.fullmatch("[0-9]{1,9}", value) or not 1 <= int(value) <= high:
            raise invalid_parameter(name, value, use, code)
        return int(value)

    def choice(self, name: str, *allowed: str, default: str = "", code: str = "BadArgument") -> str:
        """Return one of the allowed values as it is spelled there."""
        return _match(name, self.text(name, default), allowed, " or ".join(allowed), code)

    def choices(self, name: str, allowed: Iterable[str], code: str) -> frozenset[str]:
        """Return the items of a list as they are spelled in the allowed values."""
        use = ", ".join(allowed)
        return frozenset(_match(name, item, allowed, use, code) for item in self.names(name))

    def require_english(self) -> None:
        """Raise NotSupportedLanguage for every `language` except English."""
        language = self.text("language", "en")
        if language.lower() != "en":
            raise not_supported_language(f"Language {language[:40]!r} is not supported; use en.")

    def read_language(self, operation: str, default: str) -> str:
        """Return the `language` of the text as the API spells it, or raise NotSupportedLanguage."""
        asked = self.text("language", default)
        for script in UNREAD_SCRIPTS:
            if asked.lower() in map(str.lower, LANGUAGES[script]):
                reason = f"the local service cannot read {script} script"
                raise not_supported_language(f"Language {asked!r} is not supported: {reason}.")
        allowed, use = LANGUAGES[operation], "for example en, fr or de"
        hint = f"The languages are {', '.join(allowed)}."
        return _match("language", asked, allowed, use, "NotSupportedLanguage", hint)

    def check_model_version(self) -> None:
        """Raise BadArgument for an invalid `model-version`; all valid ones mean the same models."""
        asked = self.text("model-version", "latest")
        if not _MODEL_VERSION.fullmatch(asked):
            raise invalid_parameter("model-version", asked, "latest or a date such as 2021-05-01")


def _match(name: str, value: str, valid: Iterable[str], use: str, code: str, hint: str = "") -> str:
    """Return a value as it is spelled in `valid`, or raise ApiError."""
    for spelling in valid:
        if value.lower() == spelling.lower():
            return spelling
    raise invalid_parameter(name, value, use, code, hint)
