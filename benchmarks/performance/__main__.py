"""Run the groups of rows: `make bench`, or `make bench ROWS="cost growth"` for some of them.

What is measured goes to stderr, the rows to stdout. The exit code is 0 if the run ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout

import visionhelpers
from benchmarks.own_service import own_service, process
from benchmarks.performance import client, cost, growth, load, memory, start, tesseract
from benchmarks.performance.goals import HEAD, line
from benchmarks.performance.timing import Service
from benchmarks.rows import Row, say
from benchmarks.truth import EVALUATION

GROUPS: dict[str, Callable[[Service], Iterator[Row]]] = {
    "client": client.measure,
    "cost": cost.measure,
    "tesseract": tesseract.measure,
    "load": load.measure,
    "memory": memory.measure,
    "growth": growth.measure,
}
"""The groups that one service is measured for, in this order."""


def rows(names: Sequence[str]) -> Iterator[Row]:
    """Measure the groups of these names; a group that fails ends with a row that is missed."""
    if "start" in names:
        yield from _complete("start", start.measure())
    if not GROUPS.keys() & set(names):
        return
    with own_service(cache_size=0) as folder:
        with redirect_stdout(sys.stderr):  # connect() prints which service it has found
            vision = visionhelpers.connect(timeout=300, deadline=900)
        service = Service(vision, process(folder))
        for name, measure in GROUPS.items():
            if name in names:
                yield from _complete(name, measure(service))


def _complete(name: str, measured: Iterable[Row]) -> Iterator[Row]:
    """Give the rows of a group, whatever happens: the other groups are still to be measured."""
    try:
        yield from measured
    except Exception as error:
        text = " ".join(str(error).split())
        yield Row(name, "the group has failed", f"{type(error).__name__}: {text}", holds=False)


def main(names: Sequence[str]) -> None:
    """Print the rows of some groups, or of all, and how many goals are missed."""
    every = ["start", *GROUPS]
    if unknown := set(names) - set(every):
        sys.exit(f"Invalid group {min(unknown)!r}: use {', '.join(every)}.")
    if not EVALUATION.is_dir():
        say("bench", "There is no ../shared/eval: the sample images alone are measured")
    print(line(HEAD), flush=True)
    judged: list[bool] = []
    for row in rows(names or every):
        print(line(row), flush=True)
        if row.holds is not None:
            judged.append(row.holds)
    print(f"\n{judged.count(False)} of {len(judged)} goals MISSED")


if __name__ == "__main__":
    main(sys.argv[1:])
