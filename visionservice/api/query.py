"""Query parameters of a request, parsed as leniently as the API does."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ApiError, bad_argument

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """Parameters by name; case, surrounding blanks and unknown names are ignored.

    Attributes:
        agent: The client's User-Agent.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], agent: str = "") -> None:
        self.agent = agent
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name.strip().lower(), value.strip())

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter, or the default if it is absent or empty."""
        return self._values.get(name.lower()) or default

    def names(self, name: str) -> tuple[str, ...]:
        """Return the items of a comma-separated list, without blanks and empty ones."""
        return tuple(item for part in self.text(name).split(",") if (item := part.strip()))

    def flag(self, *names: str, default: bool) -> bool:
        """Return the first of these parameters that is present, as a boolean.

        Raises:
            ApiError: The value is neither true nor false.
        """
        for name in names:
            if value := self.text(name):
                if value.lower() not in _BOOLEANS:
                    raise bad_argument(f"Invalid {name} {value[:40]!r}: use true or false.")
                return _BOOLEANS[value.lower()]
        return default

    def number(
        self,
        name: str,
        low: int,
        high: int,
        *,
        default: int | None = None,
        code: str = "BadArgument",
    ) -> int:
        """Return an integer from `low` to `high`.

        Raises:
            ApiError: The value is not such an integer, or is absent without a default.
        """
        value = self.text(name)
        if not value and default is not None:
            return default
        if value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high:
            return int(value)
        kind = f"an integer from {low} to {high}"
        if not value:
            raise ApiError(400, code, f"{name} is required: {kind}.")
        raise ApiError(400, code, f"Invalid {name} {value[:40]!r}: use {kind}.")
