"""Query parameters of a request, parsed as leniently as the API does."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import ApiError, invalid_parameter

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """Parameters by name; case, surrounding blanks and unknown names are ignored."""

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
        """Return a boolean, or raise ApiError."""
        value = self.text(name, str(default))
        if value.lower() not in _BOOLEANS:
            raise invalid_parameter(name, value, "true or false")
        return _BOOLEANS[value.lower()]

    def number(
        self, name: str, low: int, high: int, default: str = "", code: str = "BadArgument"
    ) -> int:
        """Return an integer from `low` to `high`, or raise ApiError; "" is no default."""
        value, use = self.text(name, default), f"an integer from {low} to {high}"
        if not value:
            raise ApiError(400, code, f"{name} is required: {use}.")
        if not re.fullmatch("[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise invalid_parameter(name, value, use, code)
        return int(value)

    def choice(self, name: str, *allowed: str, default: str = "", code: str = "BadArgument") -> str:
        """Return one of the allowed values as it is spelled there, or raise ApiError."""
        value = self.text(name, default)
        for spelling in allowed:
            if value.lower() == spelling.lower():
                return spelling
        raise invalid_parameter(name, value, " or ".join(allowed), code)
