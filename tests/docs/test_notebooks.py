"""The rules for notebooks, each of which first asserts that it found the notebooks."""

from __future__ import annotations

import ast
import json
import re
import symtable
from itertools import pairwise
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from tools.add_navigation import NOTEBOOKS, in_order, with_bars

LESSONS = [
    "01_analyze_image", "02_domain_models", "03_thumbnail", "04_ocr", "05_handwriting",
    "06_image_on_disk",
]  # fmt: skip
"""The sections of the quickstart."""
OTHERS = ["07_explorer", "08_compare", "09_many_images", "10_move_to_azure", "11_teach_a_face"]
NAMES = ["index", *LESSONS, *OTHERS]
SECRETS = r"localhost|\b[0-9a-f]{32}\b|/(root|home|Users|tmp)/|0x[0-9a-f]{6}"
"""Keys, paths of a home and addresses in memory."""


def read(name: str) -> list[NotebookNode]:
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells
    assert cells
    return list(cells)


def code_of(cells: list[NotebookNode]) -> list[NotebookNode]:
    found = [cell for cell in cells if cell.cell_type == "code"]
    assert found
    return found


def source(cells: list[NotebookNode], kind: str) -> str:
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == kind)


def tagged(cells: list[NotebookNode], tag: str) -> list[NotebookNode]:
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


@pytest.fixture(params=NAMES)
def cells(request: pytest.FixtureRequest) -> list[NotebookNode]:
    return read(request.param)


@pytest.fixture
def code(cells: list[NotebookNode]) -> list[NotebookNode]:
    return code_of(cells)


@pytest.fixture
def outputs(code: list[NotebookNode]) -> list[Any]:
    found = [output for cell in code for output in cell.outputs]
    assert found
    return found


def test_these_are_all_the_notebooks_each_with_its_bars_and_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in NOTEBOOKS.glob("*.ipynb")}
    assert sizes.keys() == set(NAMES)
    assert max(sizes.values()) < 1 << 20, sizes
    assert sum(sizes.values()) < 6 << 20, sizes
    assert [path.stem for path in in_order()] == NAMES
    for path in in_order():
        assert with_bars(path, in_order()).cells == read(path.stem), path.name


def test_the_summary_leads_to_the_next_notebook() -> None:
    for name, following in pairwise(NAMES[1:]):
        (summary,) = [c.source for c in read(name) if c.source.startswith("## Summary\n")]
        title = read(following)[1].source.splitlines()[0].removeprefix("# ")
        assert f"[{title}]({following}.ipynb)" in summary, name
        assert len(summary.split()) <= 70, name


def test_the_title_is_first_and_prose_before_all_code(cells: list[NotebookNode]) -> None:
    assert cells[1].source.startswith("# ")
    assert len(cells[1].source.split()) <= 80
    for before, cell in pairwise(cells):
        assert (before.cell_type, cell.cell_type) != ("code", "code"), cell.source
    exempt = tagged(cells, "nbval-ignore-output")
    assert len(exempt) <= 1
    assert all(cell.source.startswith("# not compared: ") for cell in exempt)


def test_there_are_two_or_three_exercises_with_solutions(cells: list[NotebookNode]) -> None:
    (exercises,) = [cell.source for cell in tagged(cells, "exercises")]
    assert exercises.startswith("## Your turn\n")
    count = exercises.count("<details><summary>Solution</summary>")
    assert 2 <= count <= 3
    assert count == exercises.count("</details>") == exercises.count("```python\n")
    text = re.sub(r"^```.*?^```", "", exercises, flags=re.DOTALL | re.MULTILINE)
    assert count == len(re.findall(r"^\d\. ", text, re.MULTILINE))


def test_the_set_up_cell_alone_imports_and_then_connects(code: list[NotebookNode]) -> None:
    first, *others = [ast.parse(cell.source) for cell in code]
    imports = [is_import(node) for node in first.body]
    assert imports == sorted(imports, reverse=True)
    assert "vh.connect(" in code[0].source
    assert not [node for tree in others for node in ast.walk(tree) if is_import(node)]


def is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_code_cells_are_short_and_plain(code: list[NotebookNode]) -> None:
    for cell in code:
        assert 1 <= len(cell.source.splitlines()) <= 12, cell.source
        shell_magic_or_semicolon = re.search(r"^\s*[!%]|;\s*$", cell.source, re.MULTILINE)
        assert not shell_magic_or_semicolon, cell.source
        branch_on_the_service = re.search(r'"://"|\.version\b|\bexcept\b', cell.source)
        assert not branch_on_the_service, cell.source


def test_a_name_that_a_later_cell_reads_is_bound_in_one_cell(code: list[NotebookNode]) -> None:
    """Otherwise a cell that runs again, or out of order, may read another cell's value."""
    names = [bound_and_read(cell.source) for cell in code]
    for place, (_, reads) in enumerate(names):
        for name in reads:
            binders = [number for number, (bound, _) in enumerate(names) if name in bound]
            assert len(binders) <= 1, f"cell {place + 1} reads {name}, bound in {binders}"


def bound_and_read(code: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and those that it reads before it binds them."""
    bound: set[str] = set()
    reads: set[str] = set()
    for statement in ast.parse(code).body:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        symbols = table.get_symbols()
        bound_here = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
        reads |= globals_of(table) - bound - bound_here
        bound |= bound_here
    return bound, reads


def globals_of(table: symtable.SymbolTable) -> set[str]:
    """Return the global names that a statement reads, also in functions and comprehensions."""
    top = table.get_type() == "module"
    symbols = [s for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())]
    inner = [globals_of(child) for child in table.get_children()]
    return {symbol.get_name() for symbol in symbols}.union(*inner)


def test_cells_were_executed_in_order_without_errors(
    code: list[NotebookNode], outputs: list[Any]
) -> None:
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {(output.output_type, output.get("name")) for output in outputs}
    assert ("stream", "stdout") in kinds
    assert not {("stream", "stderr"), ("error", None)} & kinds


def test_outputs_contain_no_key_and_no_home_and_the_usual_port(outputs: list[Any]) -> None:
    for output in outputs:
        data = {kind: text for kind, text in output.get("data", {}).items() if "image/" not in kind}
        shown = json.dumps([output.get("text", ""), data])
        assert not re.search(SECRETS, shown), shown
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", shown)) <= {"8421"}


def test_each_figures_fact_is_printed_before_it(outputs: list[Any]) -> None:
    printed = False
    for output in outputs:
        if output.get("name") == "stdout":
            printed = True
        elif "<Figure" in output.get("data", {}).get("text/plain", ""):
            assert printed
            printed = False


@pytest.mark.parametrize(
    ("name", "evidence", "count", "in_code"),
    [
        ("01_analyze_image", '"metadata"', 1, [
            '"Ocp-Apim-Subscription-Key": vision.key', "vision.base_url +", "print(analyze_url)",
            "params=", "json=", ".raise_for_status()", "BytesIO(", "Image.open(", "plt.imshow(",
            "plt.title(", "visualFeatures", "draw_caption("]),
        ("02_domain_models", '"metadata"', 2, [
            "requests.get(", '"models"', "[model[", "landmarks/analyze", "print(landmark",
            "print(celebrity", '["confidence"]', "Rectangle(", "add_patch(", ".text(",
            "draw_faces("]),
        ("03_thumbnail", "image/jpeg", 1, [
            "print(thumbnail_url)", "smartCropping", "BytesIO(response.content)"]),
        ("04_ocr", '"regions"', 1, [
            "print(ocr_url)", "detectOrientation", "unk", 'region["lines"]', "word_infos",
            '.split(",")', "Rectangle(", "add_patch(", "draw_words("]),
        ("05_handwriting", "'recognitionResult'", 1, [
            "print(recognize_url)", '"handwriting"', "print(operation_url)", "Operation-Location",
            "requests.get(operation_url", "recognitionResult", "[0::2]", "Polygon(", "add_patch(",
            "draw_lines("]),
        ("06_image_on_disk", '"metadata"', 1, [
            "write_bytes(", "application/octet-stream", "data=", "read_bytes()", "Image.open(",
            ".imshow(", "title("]),
    ],
)  # fmt: skip
def test_a_lesson_teaches_what_the_quickstart_taught_and_shows_the_complete_response(
    name: str, evidence: str, count: int, in_code: list[str]
) -> None:
    code = code_of(read(name))
    text = source(code, "code")
    assert [part for part in ["requests.post(", *in_code] if part not in text] == []
    assert ("octet-stream" in text) == (name == "06_image_on_disk")
    printed = "".join(output.get("text", "") for cell in code for output in cell.outputs)
    assert "/vision/v1.0/" in printed
    assert printed.count(evidence) == count


@pytest.mark.parametrize(
    ("name", "in_prose"),
    [
        ("01_analyze_image", [
            "Tags", "Description", "Faces", "ImageType", "Color", "Categories", "Adult",
            "visualFeatures", "details", "language", "category-taxonomy"]),
        ("04_ocr", ["detectOrientation", "unk"]),
        ("05_handwriting", ["`false`"]),
    ],
)  # fmt: skip
def test_what_the_quickstart_explained_stays_in_the_prose(name: str, in_prose: list[str]) -> None:
    cells = read(name)
    text = source([cell for cell in cells if cell not in tagged(cells, "exercises")], "markdown")
    assert [part for part in in_prose if part not in text] == []
