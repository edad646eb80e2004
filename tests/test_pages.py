"""The pages that `make pages` renders from notebooks that it has just executed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import make_pages  # tools/ is no package
from write_links import repository


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small notebook's page, with all that a notebook of ours may have."""
    folder = tmp_path_factory.mktemp("pages")
    Image.new("RGB", (8, 8), "red").save(folder / "red.png")
    prose = "# Small\n\n![red](red.png) [next](02_next.ipynb#Draw) [README](../README.md)"
    cells = [new_markdown_cell(prose), new_code_cell("print(6 * 7)")]
    nbformat.write(new_notebook(cells=cells), folder / "01_small.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_pages, "PAGES", folder / "made")
        (folder / "made").mkdir()
        make_pages.render(folder / "01_small.ipynb")
    kept = nbformat.read(folder / "made/01_small.ipynb", 4).cells[1]
    assert kept.execution_count == 1
    return (folder / "made/01_small.html").read_text(encoding="utf-8")


def test_a_page_shows_what_its_notebook_printed_under_its_title(page: str) -> None:
    assert "<title>Small</title>" in page
    assert re.search(r"<pre>42\n</pre>", page)


def test_a_page_carries_its_pictures_and_asks_no_machine_for_scripts_or_styles(page: str) -> None:
    assert 'src="data:image/png;base64,' in page
    assert re.findall(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"(?!data:)[^\"]*", page) == []


def test_links_lead_to_pages_and_out_of_them_to_the_repository(page: str) -> None:
    assert 'href="02_next.html#Draw"' in page
    assert f'href="https://github.com/{repository()}/blob/HEAD/README.md"' in page
