"""The rows of the table, and what goes to stderr meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass

NONE = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: ours, the alternative's, the goal, and whether it is reached if there is one."""

    engine: str
    measure: str
    ours: str
    alternative: str = NONE
    goal: str = NONE
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures that thresholds were chosen from: a small table under the large one."""

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]

    def __str__(self) -> str:
        return f"\n{self.title}\n{columns([self.head, *self.lines])}\n"


def table(rows: Sequence[Row]) -> str:
    """Return the table, a line a row."""
    verdicts = {True: "holds", False: "MISSED", None: ""}
    cells = [("engine", "measure", "ours", "alternative", "goal", "")]
    cells += [(*astuple(row)[:5], verdicts[row.holds]) for row in rows]
    return columns(cells)


def columns(cells: Sequence[Sequence[str]]) -> str:
    """Return lines of cells, the first of them the head, one under the other."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def share(part: float, whole: float) -> str:
    """Return a share as "5 of 6", with the percentage where there are many."""
    percent = f" ({part / whole:.1%})" if whole > 20 else ""
    return f"{part:g} of {whole:g}{percent}"


def say(engine: str, what: str) -> None:
    """Say on stderr what is being worked on."""
    print(f"{engine}: {what}", file=sys.stderr, flush=True)
