"""The notebooks with every cell run twice in a row, and then the solutions of their exercises."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.add_navigation import NOTEBOOKS, in_order
from tools.notebook_outputs import differences, sanitized, text_of

pytestmark = pytest.mark.timeout(300)  # all notebooks of a lesson

SOLUTION = re.compile(r"<details>.*?^ *```python\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
MIN_POINTS = 9.0
FONT_SIZES = """
from IPython.core import pylabtools as _pylabtools
from matplotlib.text import Text as _Text

_font_sizes, _print_figure = [], _pylabtools.print_figure

def _recorded(figure, *arguments, **options):
    hidden = [ax for ax in figure.axes if not ax.axison]
    ticks = {label for ax in hidden for label in (*ax.get_xticklabels(), *ax.get_yticklabels())}
    texts = set(figure.findobj(_Text)) - ticks
    _font_sizes.extend((text.get_fontsize(), text.get_text()) for text in texts if text.get_text())
    return _print_figure(figure, *arguments, **options)

_pylabtools.print_figure = _recorded
"""
"""Records the size of every text in the figures that a kernel shows."""
SHORT_SLEEPS = """
import time as _time

_sleep = _time.sleep
_time.sleep = lambda seconds: _sleep(min(seconds, 0.1))
"""
"""Polls more often than the lessons do, so that the test does not wait for a whole second."""


class Doubled(NotebookClient):  # type: ignore[misc]
    """A client that runs every cell twice in a row and keeps both outputs."""

    first: dict[str, str]

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *arguments: object, **options: object
    ) -> NotebookNode:
        await super().async_execute_cell(cell, cell_index, *arguments, **options)
        if cell.cell_type == "code" and "once" not in cell.metadata.get("tags", []):
            self.first[cell.id] = shown(cell)
            await super().async_execute_cell(cell, cell_index, *arguments, **options)
        return cell


def shown(cell: NotebookNode) -> str:
    """Return what a cell prints and displays, which is nothing on stderr."""
    for output in cell.outputs:
        assert output.get("name") != "stderr", output.text
    return text_of(cell.outputs)


def solutions(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the solutions of the exercises, as cells."""
    exercises = [c.source for c in notebook.cells if "exercises" in c.metadata.get("tags", [])]
    found = [dedent(code) for source in exercises for code in SOLUTION.findall(source)]
    return [new_code_cell(code) for code in found]


@pytest.mark.parametrize("path", in_order(), ids=lambda path: path.stem)
def test_every_cell_can_run_twice_and_every_solution_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # an ended kernel leaves its temporary folders
    stored = nbformat.read(path, 4)
    notebook = nbformat.read(path, 4)
    answers = solutions(notebook)
    once = {"metadata": {"tags": ["once"]}}
    before = new_code_cell(FONT_SIZES + SHORT_SLEEPS, **once)
    after = new_code_cell("print(min(_font_sizes, default=(99, '')))", **once)
    notebook.cells = [before, *notebook.cells, *answers, after]
    client = Doubled(
        notebook,
        timeout=120,
        kernel_name="python3",
        shutdown_kernel="immediate",  # with Dask imported, Python takes two seconds to exit
        coalesce_streams=True,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    client.first = {}
    client.execute()
    again = {cell.id: shown(cell) for cell in notebook.cells if cell.cell_type == "code"}
    kept = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert len(kept) >= 3
    for cell in kept:
        new = again[cell.id]
        assert sanitized(client.first[cell.id]) == sanitized(new), cell.source
        if "nbval-ignore-output" not in cell.metadata.get("tags", []):
            assert sanitized(new) == sanitized(shown(cell)), cell.source
            assert differences(new, shown(cell)) == [], cell.source
    assert len(answers) >= 2
    for answer in answers:
        assert again[answer.id], f"a solution shows nothing: {answer.source}"
    smallest = after.outputs[0].text
    assert float(smallest[1:].partition(",")[0]) >= MIN_POINTS, smallest
