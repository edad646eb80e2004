"""Compare the results of several services, and format the differences as text and as HTML."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from PIL import Image

from ..results import Item, SummaryLine
from .query import QueryResult

MISSING, CONFIDENCE_DIFFERS = "≠", "±"
LEGEND = {MISSING: "not in all results", CONFIDENCE_DIFFERS: "in all, with another confidence"}
"""Signs in place of colors: everybody can see them, and screen readers read them."""

TOLERANCE = 0.05  # largest difference of two confidences that count as equal


class DiffLine(NamedTuple):
    """A line of a result; its mark is a key of `LEGEND`, or "" if all results contain the line."""

    text: str
    mark: str = ""


class TaskDiff(NamedTuple):
    """The results of one task: its name, and the lines by the names of the services."""

    task: str
    columns: Mapping[str, tuple[DiffLine, ...]]

    @property
    def differs(self) -> bool:
        """True if an item is not in all results; confidences do not count."""
        return MISSING in self.marks

    @property
    def marks(self) -> set[str]:
        """The marks of all lines."""
        return {line.mark for lines in self.columns.values() for line in lines} - {""}


def diff_task(task: str, results: Mapping[str, QueryResult]) -> TaskDiff:
    """Mark the items that are not in all results; only errors are compared with errors."""
    items = {name: _items(result) for name, result in results.items()}
    columns = {}
    for name, result in results.items():
        compared = [items[each] for each in results if result.error or not results[each].error]
        groups: dict[tuple[int, str, str], list[Item]] = defaultdict(list)
        for key, (number, item) in items[name].items():
            mark = _mark(item, [found[key][1] if key in found else None for found in compared])
            groups[number, mark, key[0]].append(item)
        columns[name] = tuple(
            DiffLine(str(SummaryLine(tuple(group), heading)), mark)
            for (_, mark, heading), group in sorted(groups.items())
        )
    return TaskDiff(task, columns)


def to_text(diffs: Sequence[TaskDiff]) -> str:
    """Return the diffs as text, equal results once."""
    parts = ["\n".join(lines) for lines in (*map(_text_lines, diffs), _legend(diffs))]
    return "\n\n".join(filter(None, parts))


def to_html(diffs: Sequence[TaskDiff]) -> str:
    """Return the diffs as an HTML table with a column for each service."""
    left = 'style="text-align: left; vertical-align: top"'
    head = "".join(f'<th scope="col" {left}>{escape(name)}</th>' for name in diffs[0].columns)
    body = ""
    for diff in diffs:
        cells = "".join(f"<td {left}>{_html_lines(each)}</td>" for each in diff.columns.values())
        body += f'<tr><th scope="row" {left}>{escape(_heading(diff))}</th>{cells}</tr>'
    plain = 'class="tex2jax_ignore mathjax_ignore"'  # two prices are not a formula
    table = f"<table {plain}><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return table + "".join(f"<p>{line}</p>" for line in _legend(diffs))


def _items(result: QueryResult) -> dict[tuple[str, str, bytes, int], tuple[int, Item]]:
    """Return line number and item by heading, text, pixels and number of equal items before."""
    lines = [SummaryLine((Item(result.error),))] if result.error else result.summary
    pixels = result.result.tobytes() if isinstance(result.result, Image.Image) else b""
    items, count = {}, Counter[tuple[str, str]]()
    for number, line in enumerate(lines):
        for item in line.items:
            key = line.heading, item.text
            items[*key, pixels, count[key]] = number, item
            count[key] += 1
    return items


def _mark(item: Item, others: Sequence[Item | None]) -> str:
    if None in others:
        return MISSING
    known = [other.confidence for other in others if other and other.confidence is not None]
    one = item.confidence
    differs = one is not None and any(round(abs(one - other), 2) > TOLERANCE for other in known)
    return CONFIDENCE_DIFFERS if differs else ""


def _heading(diff: TaskDiff) -> str:
    verdict = "different" if diff.differs else "the same"
    return f"{diff.task}: {verdict}" if len(diff.columns) > 1 else diff.task


def _text_lines(diff: TaskDiff) -> Iterator[str]:
    yield _heading(diff)
    for lines in dict.fromkeys(diff.columns.values()):
        yield f"  {', '.join(name for name in diff.columns if diff.columns[name] == lines)}"
        yield from (f"  {line.mark or ' '} {line.text}" for line in lines)


def _html_lines(lines: Sequence[DiffLine]) -> str:
    texts = [(line.mark, escape(line.text)) for line in lines]
    return "<br>".join(f"<b>{mark} {text}</b>" if mark else text for mark, text in texts)


def _legend(diffs: Sequence[TaskDiff]) -> list[str]:
    marks = {mark for diff in diffs for mark in diff.marks}
    return [f"{mark} {meaning}" for mark, meaning in LEGEND.items() if mark in marks]
