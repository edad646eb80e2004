"""The notebooks' rules, each of which first asserts that it found the notebooks."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = [
    "index",
    "01_analyze_image",
    "02_domain_models",
    "03_thumbnail",
    "04_ocr",
    "05_handwriting",
    "06_image_on_disk",
    "07_explorer",
    "08_local_and_cloud",
    "09_many_images",
]
SETUP = ["import visionhelpers as vh", "", "vision = vh.connect()"]
Cell = dict[str, Any]


def read(name: str) -> list[Cell]:
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells
    return list(cells)


@pytest.fixture(params=NAMES)
def cells(request: pytest.FixtureRequest) -> list[Cell]:
    return read(request.param)


@pytest.fixture
def code(cells: list[Cell]) -> list[Cell]:
    found = [cell for cell in cells if cell["cell_type"] == "code"]
    assert found
    return found


def source(cell: Cell) -> str:
    return "".join(cell["source"])


def outputs(cells: list[Cell]) -> list[dict[str, Any]]:
    return [output for cell in cells for output in cell["outputs"]]


def tags(cell: Cell) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def test_these_are_all_the_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(NAMES)


def test_navigation_bars_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(NOTEBOOKS.parent / "tools")
    from add_navigation import in_order, with_bars

    assert [path.stem for path in in_order()] == NAMES
    for path in in_order():
        made = [cell.source for cell in with_bars(path, in_order()).cells]
        assert made == [source(cell) for cell in read(path.stem)]


def test_every_notebook_begins_and_ends_with_its_bar(cells: list[Cell]) -> None:
    assert "navigation" in tags(cells[0])
    assert "navigation" in tags(cells[-1])
    links = re.findall(r"\]\((\S+?)\)", source(cells[0]))
    assert links
    assert all((NOTEBOOKS / link).is_file() for link in links)


def test_links_between_notebooks_lead_somewhere(cells: list[Cell]) -> None:
    prose = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
    local = [link for link in re.findall(r"\]\((\S+?)\)", prose) if "://" not in link]
    assert local
    assert [link for link in local if not (NOTEBOOKS / link.split("#")[0]).exists()] == []


def test_there_is_one_title_and_it_opens_the_notebook(cells: list[Cell]) -> None:
    prose = [source(cell) for cell in cells if cell["cell_type"] == "markdown"]
    assert len(re.findall(r"^# ", "\n".join(prose), re.MULTILINE)) == 1
    assert source(cells[1]).startswith("# ")
    assert len(source(cells[1]).split()) <= 90


def test_the_set_up_cell_begins_with_the_same_lines(code: list[Cell]) -> None:
    assert source(code[0]).splitlines()[:3] == SETUP


def test_imports_stand_in_the_set_up_cell_alone(code: list[Cell]) -> None:
    for cell in code[1:]:
        nodes = list(ast.walk(ast.parse(source(cell))))
        assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_code_cells_are_short(code: list[Cell]) -> None:
    for cell in code:
        assert 1 <= len(source(cell).splitlines()) <= 12, source(cell)


def test_cells_use_no_shell_no_magic_and_no_trailing_semicolon(code: list[Cell]) -> None:
    for cell in code:
        assert not re.search(r"^\s*[!%]|;\s*$", source(cell), re.MULTILINE), source(cell)


def test_prose_stands_before_every_code_cell(cells: list[Cell]) -> None:
    for before, cell in pairwise(cells):
        kinds = before["cell_type"], cell["cell_type"]
        assert kinds != ("code", "code"), source(cell)


def test_cells_were_executed_in_order(code: list[Cell]) -> None:
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert outputs(code)


def test_nothing_went_wrong_or_to_stderr(code: list[Cell]) -> None:
    kinds = {(output["output_type"], output.get("name")) for output in outputs(code)}
    assert ("stream", "stdout") in kinds
    assert ("stream", "stderr") not in kinds
    assert "error" not in {kind for kind, _ in kinds}


def test_outputs_hold_no_key_no_port_and_no_home(code: list[Cell]) -> None:
    for output in outputs(code):
        texts = {key: value for key, value in output.get("data", {}).items() if "image/" not in key}
        shown = json.dumps([output.get("text", ""), texts])
        found = re.search(
            r"localhost|127\.0\.0\.1|:\d{4,5}\b|\b[0-9a-f]{32}\b|/(root|home|Users|tmp)/|0x[0-9a-f]{6}",
            shown,
        )
        assert found is None, found


def test_each_figures_fact_is_printed_before_it(code: list[Cell]) -> None:
    printed = False
    for output in outputs(code):
        if output.get("name") == "stdout":
            printed = True
        elif "<Figure" in "".join(output.get("data", {}).get("text/plain", "")):
            assert printed
            printed = False


def test_at_most_one_cell_is_exempt_and_says_why(cells: list[Cell]) -> None:
    exempt = [cell for cell in cells if "nbval-ignore-output" in tags(cell)]
    assert len(exempt) <= 1
    assert all(source(cell).startswith("# not compared: ") for cell in exempt)


def test_the_first_five_send_an_address_and_the_sixth_the_bytes() -> None:
    for name in NAMES[1:6]:
        code = "\n".join(source(cell) for cell in read(name) if cell["cell_type"] == "code")
        assert "vision.sample_url(" in code
        elsewhere = 'if "://" not in image_url:\n    headers["Content-Type"] = "application/octet'
        assert code.count("octet-stream") == code.count(elsewhere) == code.count('{"url": image')
    code = "\n".join(source(cell) for cell in read(NAMES[6]) if cell["cell_type"] == "code")
    assert "application/octet-stream" in code
    assert "sample_url" not in code


def test_outputs_do_not_tell_which_version_answered(code: list[Cell]) -> None:
    for output in outputs(code):
        texts = [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        found = re.search(
            r"(?i)\bv?[1-4]\.\d/|\bv[1-4]\.\d|modelVersion|textOperat|analyzeRes", str(texts)
        )
        assert found is None, found


def test_every_notebook_says_what_is_otherwise_with_azure(cells: list[Cell]) -> None:
    headings = [source(cell).splitlines()[0] for cell in cells if cell["cell_type"] == "markdown"]
    assert headings.count("## With Azure") == 1


def test_what_the_quickstart_taught_stays_visible() -> None:
    code = {
        name: "\n".join(source(cell) for cell in read(name) if cell["cell_type"] == "code")
        for name in NAMES
    }
    assert "Ocp-Apim-Subscription-Key" in code["01_analyze_image"]
    assert "requests.post(" in code["01_analyze_image"]
    assert 'region["lines"]' in code["04_ocr"]
    assert 'line["words"]' in code["04_ocr"]
    assert "Operation-Location" in code["05_handwriting"]
    assert "[0::2]" in code["05_handwriting"]


def test_notebooks_are_stored_small() -> None:
    sizes = {name: (NOTEBOOKS / f"{name}.ipynb").stat().st_size for name in NAMES}
    assert max(sizes.values()) < 1 << 20, sizes
