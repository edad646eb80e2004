"""The parameters of a request, read as leniently as the API reads them."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ApiError, bad_argument

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """Query parameters by name, whatever the case and the stray blanks; unknown ones lie unread.

    Attributes:
        agent: What the client calls itself.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], agent: str = "") -> None:
        self.agent = agent
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name.strip().lower(), value.strip())

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter, or the default when it is absent or empty."""
        return self._values.get(name.lower()) or default

    def names(self, name: str) -> tuple[str, ...]:
        """Return the items of a comma-separated list, without blanks and empty ones."""
        return tuple(item for part in self.text(name).split(",") if (item := part.strip()))

    def flag(self, *names: str, default: bool) -> bool:
        """Return the first of these parameters that is given, read as true or false.

        Raises:
            ApiError: The value is neither.
        """
        for name in names:
            if value := self.text(name):
                if value.lower() not in _BOOLEANS:
                    raise bad_argument(f"{name} is true or false, not {value[:40]!r}.")
                return _BOOLEANS[value.lower()]
        return default

    def number(
        self, name: str, low: int, high: int, *, default: int | None = None, code: str | None = None
    ) -> int:
        """Return a whole number between two bounds, both included.

        Raises:
            ApiError: It is no whole number, out of bounds, or absent without a default; with the
                given code, else with BadArgument.
        """
        value = self.text(name)
        if not value and default is not None:
            return default
        if value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high:
            return int(value)
        given = repr(value[:40]) if value else "missing"
        message = f"{name} is a whole number from {low} to {high}, but it is {given}."
        raise ApiError(400, code or "BadArgument", message)
