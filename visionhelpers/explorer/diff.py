"""Rows of a comparison: what each service says of one task, with the differences marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import TypeAlias

from PIL import Image

from ..facts import itemised, parted
from .query import Finding

NOT_ALL, NOT_AS_SURE = "≠", "±"
MEANING = {NOT_ALL: "not said by all", NOT_AS_SURE: "said by all, with another confidence"}
"""Signs and words, no colours: they are seen by everybody, and read aloud."""

CLOSE = 0.05
"""Confidences no further apart than this count as the same."""

_READ = ("Print", "Handwriting")
"""What stands in a picture may end like a confidence: a price does."""

Said: TypeAlias = dict[str, list["float | None"]]
"""What a service says, and how sure it is each time that it says so."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a line says, or one of the things that it lists.

    Attributes:
        text: As it is shown.
        words: What is compared.
        sure: The confidence behind it.
    """

    text: str
    words: str
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a service says, and how that compares.

    Attributes:
        text: What it says.
        mark: "≠" where another service does not say it, "±" where all say it and the confidence of
            another is more than 0.05 away, else empty.
    """

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What each service says of one task.

    Attributes:
        task: The name of the task.
        columns: The lines of each service, by its name.
    """

    task: str
    columns: Mapping[str, tuple[Line, ...]]

    @property
    def differs(self) -> bool:
        """Whether they do not all say the same; how sure they are does not count."""
        return NOT_ALL in self.marks

    @property
    def marks(self) -> set[str]:
        """The marks that stand in it."""
        return {line.mark for lines in self.columns.values() for line in lines} - {""}


def marked(task: str, findings: Mapping[str, Finding]) -> Row:
    """Mark what is not said by all.

    What a service says is compared with what those say that answered too; a refusal, with all.
    """
    lines = {name: _parts(task, found) for name, found in findings.items()}
    said = {name: _said(each) for name, each in lines.items()}
    columns = {}
    for name, found in findings.items():
        peers = [
            said[other]
            for other in findings
            if other != name and (found.error or not findings[other].error)
        ]
        columns[name] = tuple(_lines(lines[name], peers))
    return Row(task, columns)


def in_words(rows: Sequence[Row]) -> str:
    """Return rows as text, one service after the other, those that say the same at once."""
    parts = ["\n".join(lines) for lines in (*map(_told, rows), _legend(rows))]
    return "\n\n".join(filter(None, parts))


def as_table(rows: Sequence[Row]) -> str:
    """Return rows as an HTML table with a column for each service."""
    left = 'style="text-align: left; vertical-align: top"'
    head = "".join(f'<th scope="col" {left}>{escape(name)}</th>' for name in rows[0].columns)
    body = "".join(
        f'<tr><th scope="row" {left}>{"<br>".join(map(escape, _heading(each)))}</th>'
        + "".join(f"<td {left}>{_shown(lines)}</td>" for lines in each.columns.values())
        + "</tr>"
        for each in rows
    )
    legend = "".join(f"<p>{line}</p>" for line in _legend(rows))
    plain = 'class="tex2jax_ignore mathjax_ignore"'  # two prices are no formula
    head = f"<thead><tr><td></td>{head}</tr></thead>"
    return f"<table {plain}>{head}<tbody>{body}</tbody></table>{legend}"


def _parts(task: str, found: Finding) -> list[tuple[str, list[Part]]]:
    """Part what a service says into lines: what stands before each, and what it says or lists."""
    if found.error:
        return [("", [Part(found.error, found.error)])]
    if isinstance(found.answer, Image.Image):
        pixels = sha256(found.answer.tobytes()).hexdigest()  # the picture is what is said
        return [("", [Part(fact, fact + pixels)]) for fact in found.facts]
    if task in _READ:
        return [("", [Part(fact, fact)]) for fact in found.facts]
    return [_listed(*itemised(fact)) for fact in found.facts]


def _listed(heading: str, items: Iterable[str]) -> tuple[str, list[Part]]:
    said = [(item, *parted(item)) for item in items]
    return heading, [Part(item, heading + words, sure) for item, words, sure in said]


def _said(lines: Iterable[tuple[str, list[Part]]]) -> Said:
    said: Said = defaultdict(list)
    for part in (part for _, parts in lines for part in parts):
        said[part.words].append(part.sure)
    return dict(said)


def _lines(lines: Iterable[tuple[str, list[Part]]], peers: list[Said]) -> Iterator[Line]:
    """Mark each line; the second of two that are alike needs a second one elsewhere too.

    Of a line that lists several things, those that are marked alike stand in one.
    """
    before: dict[str, int] = defaultdict(int)
    for heading, parts in lines:
        alike: dict[str, list[str]] = {"": []}
        for part in parts:
            elsewhere = [peer.get(part.words, [])[before[part.words] :] for peer in peers]
            alike.setdefault(_mark(part.sure, elsewhere), []).append(part.text)
            before[part.words] += 1
        for mark, texts in alike.items():
            if texts:
                yield Line(heading + ", ".join(texts), mark)


def _mark(sure: float | None, elsewhere: list[list[float | None]]) -> str:
    if not all(elsewhere):
        return NOT_ALL
    others = [each[0] for each in elsewhere if each[0] is not None]
    apart = sure is not None and any(round(abs(sure - other), 2) > CLOSE for other in others)
    return NOT_AS_SURE if apart else ""


def _heading(row: Row) -> list[str]:
    if len(row.columns) == 1:
        return [row.task]
    return [f"{row.task}:", "they differ" if row.differs else "the same"]


def _told(row: Row) -> Iterator[str]:
    yield " ".join(_heading(row))
    alike: dict[tuple[Line, ...], list[str]] = defaultdict(list)
    for name, lines in row.columns.items():
        alike[lines].append(name)
    for lines, names in alike.items():
        yield f"  {', '.join(names)}"
        yield from (f"  {line.mark or ' '} {line.text}" for line in lines)


def _shown(lines: Iterable[Line]) -> str:
    texts = [(line.mark, escape(line.text)) for line in lines]
    return "<br>".join(f"<b>{mark} {text}</b>" if mark else text for mark, text in texts)


def _legend(rows: Iterable[Row]) -> list[str]:
    used = {mark for each in rows for mark in each.marks}
    return [f"{mark} {meaning}" for mark, meaning in MEANING.items() if mark in used]
