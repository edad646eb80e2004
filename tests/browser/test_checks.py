"""The checks of the other tests find what is wrong on purpose."""

from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Browser

from tests.browser.axe import grave_violations
from tests.browser.lab import Lab
from tests.browser.tab import Tab

WRONG = """\
from IPython.display import HTML, display
display(HTML('<p style="color: #ccc; background: #fff">pale</p><button></button>'))
display(HTML('<img alt="a" src="https://example.org/a.png">'))
1 / 0
"""


@pytest.fixture(scope="module")
def tab(browser: Browser, lab: Lab) -> Iterator[Tab]:
    """A notebook with pale letters, a request to another machine, and an error."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, (WRONG, "2"))))
    notebook.metadata.kernelspec = {"display_name": "Python 3", "name": "python3"}
    nbformat.write(notebook, lab.notebooks / "wrong.ipynb")
    with Tab(browser, lab, "wrong.ipynb") as tab:
        yield tab


def test_a_cell_that_fails_is_found_and_so_is_one_that_never_ran(tab: Tab) -> None:
    first, second = tab.lab.cells(tab.name)
    errors = [output["ename"] for output in first["outputs"] if "ename" in output]
    assert errors == ["ZeroDivisionError"]
    assert second["execution_count"] is None


def test_axe_finds_pale_letters_and_a_button_without_words(tab: Tab) -> None:
    found = " ".join(grave_violations(tab.page))
    assert "color-contrast" in found
    assert "button-name" in found


def test_a_request_to_another_machine_is_blocked_and_reported(tab: Tab) -> None:
    assert "request to another machine: https://example.org/a.png" in tab.problems
    assert any(problem.startswith("console: ") for problem in tab.problems), tab.problems
