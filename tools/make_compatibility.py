"""Write COMPATIBILITY.md: what of each version of the API the local service gives, row by row.

compatibility.csv holds a row for each parameter and field of Microsoft's descriptions of the API;
tests/test_compatibility.py tries every row on a running service. A row may stand for several
operations (by spaces) and several names (in braces), and says

    part     operation, body, query, path, header, field (of the answer), error, refusal
    type     JSON's, of a field
    versions one, or the first and the last
    mark     real, approximated, refused, left out
    how      in what it differs; "beyond the description" where Microsoft's has no such name
    tries    "picture: query ≠ query" whose answers differ, or ≡ are the same
    refused  queries that are refused, each with the status and the code
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "COMPATIBILITY.md"
TABLE = Path(__file__).with_suffix("").with_name("compatibility.csv")
VERSIONS = ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1", "v3.2", "4.0")
SIGNS = {"real": "real", "approximated": "≈", "refused": "refused", "left out": "left out"}
EVERY = "every"
DASH = "\N{EN DASH}"

INTRODUCTION = """\
# Compatibility

What of each version of the Computer Vision API the local service gives. `make compatibility` writes
this page; every row is tried on a running service by `tests/test_compatibility.py`, {claims} claims
in all: a field and a refusal in every version, what a parameter changes in the last that has it.

| mark | meaning |
|---|---|
| real | a model or a measurement of the pixels gives it, and it means what the API's means |
| ≈ | approximated: covers less than the API's, or comes by simpler means; how, is said last |
| refused | whoever asks for it gets the error named in the last column |
| left out | no answer has it: nothing here could tell; descriptions allow its absence |
| {dash} | not in that version |

`a.{{b,c}}` stands for `a.b` and `a.c`, `a[]` for what is in the list `a`. *Beyond the description*
is what Microsoft's OpenAPI files do not name and the service has. How well the models see is in the
[README](README.md#the-local-service).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of compatibility.csv for one operation, with all its names."""

    operation: str
    part: str
    name: str
    type: str
    versions: tuple[str, ...]
    mark: str
    how: str
    tries: str
    refused: tuple[tuple[str, int, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the one with braces stands for."""
        if self.part not in ("field", "error", "query"):
            return (self.name,)
        return tuple(_expanded(self.name))

    @property
    def described(self) -> bool:
        """Whether Microsoft's description has it."""
        return not self.how.startswith("beyond the description")

    @property
    def note(self) -> str:
        """What stands in the last column."""
        queries = (f"`{q}`: {s} {c}" if q else f"{s} {c}" for q, s, c in self.refused)
        codes = ", ".join(queries).replace("401 401", "401").replace("404 404", "404")
        return "; ".join(part for part in (self.how, codes.replace("429 429", "429")) if part)


def _expanded(name: str) -> Iterator[str]:
    """Give every reading of a name with lists in braces; {operationId} is no list."""
    parts = re.split(r"\{([^{}]*,[^{}]*)\}", name)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return map("".join, itertools.product(*choices))


def _versions(text: str) -> tuple[str, ...]:
    first, _, last = text.partition("-")
    return VERSIONS[VERSIONS.index(first) : VERSIONS.index(last or first) + 1]


def _refused(text: str) -> tuple[tuple[str, int, str], ...]:
    found = re.findall(r"(?:^|; )(?:(\S+) )?(\d{3}) (\w+)", text)
    return tuple((query, int(status), code) for query, status, code in found)


def rows() -> list[Row]:
    """Return the table, a row for each operation, in the versions that have the operation."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    had = {
        line["operation"]: _versions(line["versions"])
        for line in lines
        if line["part"] == "operation"
    } | {EVERY: VERSIONS}
    found = []
    for line in lines:
        for operation in line["operation"].split():
            among = [v for v in _versions(line["versions"]) if v in had[operation]]
            row = Row(
                operation,
                line["part"],
                line["name"],
                line["type"],
                tuple(among),
                line["mark"],
                line["how"],
                line["tries"],
                _refused(line["refused"]),
            )
            found.append(row)
    return found


def page() -> str:
    """Return COMPATIBILITY.md."""
    table = rows()
    claims = sum(len(row.names) * len(row.versions) for row in table)
    operations = [row for row in table if row.part == "operation"]
    parts = [
        INTRODUCTION.format(claims=f"{claims:,}", dash=DASH),
        _section("Operations", operations, VERSIONS, "operation"),
    ]
    every = [row for row in table if row.operation == EVERY]
    parts.append(_section("Every operation", every, VERSIONS, ""))
    for operation in operations:
        own = [
            row for row in table if row.operation == operation.operation and row.part != "operation"
        ]
        if own:
            title = f"{operation.name} {operation.operation}"
            parts.append(_section(title, own, operation.versions, ""))
    return "\n".join(parts)


def _section(title: str, table: list[Row], versions: tuple[str, ...], label: str) -> str:
    """Return a heading and a table: names down, versions across, at the end what differs."""
    head = f"| {label} | | {' | '.join(versions)} | |\n|{'---|' * (len(versions) + 3)}"
    lines = [f"## {title}\n", head]
    keys = dict.fromkeys(_key(row) for row in table)
    for part, name in keys:
        same = [row for row in table if _key(row) == (part, name)]
        marks = {version: SIGNS[row.mark] for row in same for version in row.versions}
        cells = " | ".join(marks.get(version, DASH) for version in versions)
        lines.append(f"| {part} | {name} | {cells} | {_notes(same)} |")
    return "\n".join(lines) + "\n"


def _key(row: Row) -> tuple[str, str]:
    if row.part == "operation":
        return row.name, f"`{row.operation}`"
    return row.part, row.name if row.part == "refusal" else f"`{row.name}`"


def _notes(same: list[Row]) -> str:
    """Return what differs; where it does so by version, with the versions."""
    notes = dict.fromkeys(row.note for row in same)
    if len(notes) == 1:
        return next(iter(notes))
    return "; ".join(f"{_range(row.versions)}: {row.note}" for row in same if row.note)


def _range(versions: tuple[str, ...]) -> str:
    return DASH.join(dict.fromkeys((versions[0], versions[-1])))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
