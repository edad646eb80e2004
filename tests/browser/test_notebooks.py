"""Every notebook in JupyterLab, as its reader sees it."""

from collections.abc import Iterator
from pathlib import Path

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
    """A notebook after Run All Cells, all of it in view."""
    with Tab(browser, lab, request.param) as tab:
        tab.show_all()
        file = screenshots / request.param.replace(".ipynb", ".png")
        tab.panel.screenshot(path=file, animations="disabled")
        yield tab


def test_there_are_notebooks() -> None:
    assert "index.ipynb" in NAMES
    assert len(NAMES) >= 9


def test_all_cells_run_to_the_end_without_an_error(tab: Tab) -> None:
    cells = tab.lab.cells(tab.name)
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert kinds
    assert "error" not in kinds


def test_axe_finds_no_grave_violations_in_prose_and_outputs(tab: Tab) -> None:
    assert grave_violations(tab.page) == []


def test_there_are_no_errors_and_no_requests_to_other_machines(tab: Tab) -> None:
    assert tab.problems == []
