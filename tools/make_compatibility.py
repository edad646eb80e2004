"""Write docs/compatibility.md: what the local service supports of each version of the API.

compatibility.csv has a row for each parameter and field of Microsoft's descriptions of the API;
tests/contract/test_compatibility.py tries every row on a running service. A row applies to one or
several operations (separated by spaces) and names (in braces). Its columns:

    part     operation, body, query, path, request header, response header, field (of the result),
             error field, error case
    type     JSON type of a field
    versions one, or the first and the last
    mark     real, approximated, refused, left out
    how      the difference; "not in Microsoft's description" for a name that is not there
    tries    "image: query ≠ query" whose results differ; ≡ for equal results
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
PAGE = ROOT / "docs" / "compatibility.md"
TABLE = Path(__file__).with_suffix("").with_name("compatibility.csv")
VERSIONS = ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1", "v3.2", "4.0")
SIGNS = {"real": "real", "approximated": "≈", "refused": "refused", "left out": "left out"}
EVERY = "every"
DASH = "\N{EN DASH}"

INTRODUCTION = """\
# Compatibility

This page lists what the [local service](service.md) supports of each version of the Computer
Vision API. `make compatibility` writes it from `tools/compatibility.csv`. The tests try every row
on a running service: {claims} checks in all. They cover fields and errors in every version. They
try the effect of a parameter in the newest version that has it.

## Summary

- **Operations**: all operations of v1.0 to v3.2, and `imageanalysis:analyze` of 4.0. The two
  `retrieval:` operations of 4.0 return 404.
- **Parameters**: the service checks every parameter; an invalid value returns an error.
- **Errors**: status, code and JSON form follow the version of the request.
- **Text**: `ocr`, Recognize Text and Read use one model for print and handwriting.
- **Languages**: captions and tags are English. Text in Arabic, Cyrillic, Greek or Korean script is
  not read.
- **Captions and tags**: a caption is one composed sentence; tags come from 1,000 ImageNet classes
  and 80 kinds of objects.
- **Categories**: the API's 86 categories, assigned by rules.
- **Names**: celebrities and landmarks are those of a gallery that you fill.
- **Faces**: age and gender are a model's estimates.
- **Missing**: racy and gory scores are left out; `Brands` is refused with `NotSupportedFeature`.

| mark | meaning |
|---|---|
| real | computed from the image by a model or a measurement, with the API's meaning |
| ≈ | approximated: narrower or simpler than the API; the last column gives the difference |
| refused | the request returns the error in the last column |
| left out | absent from every result; Microsoft's description allows this |
| {dash} | not in that version |

`a.{{b,c}}` means `a.b` and `a.c`; `a[]` means each item of the list `a`. *Not in Microsoft's
description* marks a name that Microsoft's OpenAPI files do not contain. For the accuracy of the
models, see [Accuracy](accuracy.md).

## Contents

{contents}
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
        """The names that a name with braces expands to."""
        if self.part not in ("field", "error field", "query"):
            return (self.name,)
        return tuple(_expanded(self.name))

    @property
    def described(self) -> bool:
        """Whether Microsoft's description has it."""
        return not self.how.startswith("not in Microsoft's description")

    @property
    def note(self) -> str:
        """The text of the last column."""
        queries = (f"`{q}`: {s} {c}" if q else f"{s} {c}" for q, s, c in self.refused)
        codes = ", ".join(queries).replace("401 401", "401").replace("404 404", "404")
        return "; ".join(part for part in (self.how, codes.replace("429 429", "429")) if part)


def _expanded(name: str) -> Iterator[str]:
    """Expand the lists in braces; {operationId} is not a list."""
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
    """Return a row per operation, in the versions that have the operation."""
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
    """Return docs/compatibility.md."""
    table = rows()
    claims = sum(len(row.names) * len(row.versions) for row in table)
    operations = [row for row in table if row.part == "operation"]
    sections = {
        "Operations": _section("Operations", operations, VERSIONS, "operation"),
        "Every operation": _section(
            "Every operation", [row for row in table if row.operation == EVERY], VERSIONS, ""
        ),
    }
    for operation in operations:
        own = [
            row for row in table if row.operation == operation.operation and row.part != "operation"
        ]
        if own:
            title = f"{operation.name} {operation.operation}"
            sections[title] = _section(title, own, operation.versions, "")
    contents = "\n".join(f"- [{title}](#{_anchor(title)})" for title in sections)
    introduction = INTRODUCTION.format(claims=f"{claims:,}", dash=DASH, contents=contents)
    return "\n".join([introduction, *sections.values()])


def _anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(title: str, table: list[Row], versions: tuple[str, ...], label: str) -> str:
    """Return a heading and a table: a row per name, a column per version, then the notes."""
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
    return row.part, row.name if row.part == "error case" else f"`{row.name}`"


def _notes(same: list[Row]) -> str:
    """Return the notes of these rows, with the versions if the notes differ."""
    notes = dict.fromkeys(row.note for row in same)
    if len(notes) == 1:
        return next(iter(notes))
    return "; ".join(f"{_range(row.versions)}: {row.note}" for row in same if row.note)


def _range(versions: tuple[str, ...]) -> str:
    return DASH.join(dict.fromkeys((versions[0], versions[-1])))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
