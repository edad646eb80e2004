"""Goals, and the line that a row is printed as."""

from __future__ import annotations

from benchmarks.rows import Row

WIDTHS = (9, 46, 34, 34, 24)
HEAD = Row("group", "measure", "ours", "alternative", "goal")


def at_most(value: float, limit: float, unit: str = "") -> tuple[str, bool]:
    """Return the last cells of a row whose value should not exceed a limit."""
    return f"at most {limit:g}{unit}", value <= limit


def at_least(value: float, limit: float, unit: str = "") -> tuple[str, bool]:
    """Return the last cells of a row whose value should reach a limit."""
    return f"at least {limit:g}{unit}", value >= limit


def line(row: Row) -> str:
    """Return a row as a line of fixed columns, so that it can be printed before the next."""
    cells = row.engine, row.measure, row.ours, row.alternative, row.goal
    verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
    columns = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)]
    return " ".join([*columns, verdict]).rstrip()
