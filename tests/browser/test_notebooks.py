"""Every notebook in JupyterLab, as its reader sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import grave_violations
from tests.browser.lab import NOTEBOOKS, Lab
from tests.browser.tab import Tab

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module", params=NAMES)
def tab(
    request: pytest.FixtureRequest, browser: Browser, lab: Lab, screenshots: Path
) -> Iterator[Tab]:
    """A notebook after Run All Cells, all of it in view, and its picture kept."""
    with Tab(browser, lab, request.param) as tab:
        tab.run_all_cells()
        tab.show_all()
        tab.screenshot(screenshots / request.param.replace(".ipynb", ".png"))
        yield tab


def code_cells(tab: Tab) -> list[dict[str, Any]]:
    cells = [cell for cell in tab.lab.saved(tab.name) if cell["cell_type"] == "code"]
    assert cells
    return cells


def test_there_are_notebooks() -> None:
    assert "index.ipynb" in NAMES
    assert len(NAMES) >= 9


def test_all_cells_run_to_the_end(tab: Tab) -> None:
    cells = code_cells(tab)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_no_cell_ends_in_an_error(tab: Tab) -> None:
    outputs = [output for cell in code_cells(tab) for output in cell["outputs"]]
    assert outputs
    assert [output for output in outputs if output["output_type"] == "error"] == []


def test_axe_finds_nothing_grave_in_what_we_render(tab: Tab) -> None:
    assert grave_violations(tab.page) == []


def test_the_console_is_clean_and_nothing_is_asked_of_other_machines(tab: Tab) -> None:
    assert tab.problems == []
