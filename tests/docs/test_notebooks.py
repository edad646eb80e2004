"""The rules for notebooks, each of which first asserts that it found the notebooks."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = [
    "01_analyze_image",
    "02_domain_models",
    "03_thumbnail",
    "04_ocr",
    "05_handwriting",
    "06_image_on_disk",
]
"""The sections of the quickstart."""
NAMES = [
    "index",
    *LESSONS,
    "07_explorer",
    "08_compare",
    "09_many_images",
    "10_move_to_azure",
    "11_teach_a_face",
]
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


def prose(cells: list[Cell]) -> str:
    return "\n\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")


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
    local = [link for link in re.findall(r"\]\((\S+?)\)", prose(cells)) if "://" not in link]
    assert local
    assert [link for link in local if not (NOTEBOOKS / link.split("#")[0]).exists()] == []


def test_the_summary_leads_to_the_next_notebook() -> None:
    for name, following in pairwise(NAMES[1:]):
        (summary,) = [
            source(cell) for cell in read(name) if source(cell).startswith("## Summary\n")
        ]
        title = source(read(following)[1]).splitlines()[0].removeprefix("# ")
        assert f"[{title}]({following}.ipynb)" in summary, name
        assert len(summary.split()) <= 70, name


def test_there_is_one_title_and_it_opens_the_notebook(cells: list[Cell]) -> None:
    assert len(re.findall(r"^# ", without_code(prose(cells)), re.MULTILINE)) == 1
    assert source(cells[1]).startswith("# ")
    assert len(source(cells[1]).split()) <= 80


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def test_the_set_up_cell_imports_first_and_then_connects(code: list[Cell]) -> None:
    setup = ast.parse(source(code[0])).body
    imports = [isinstance(node, ast.Import | ast.ImportFrom) for node in setup]
    assert imports == sorted(imports, reverse=True)
    assert any("vh.connect(" in ast.unparse(node) for node in setup)


def test_imports_are_in_the_set_up_cell_alone(code: list[Cell]) -> None:
    for cell in code[1:]:
        nodes = list(ast.walk(ast.parse(source(cell))))
        assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_a_name_that_a_later_cell_reads_is_bound_in_one_cell(code: list[Cell]) -> None:
    """Otherwise a cell that runs again, or out of order, may read another cell's value."""
    trees = [ast.parse(source(cell)) for cell in code]
    bound = [names_bound(tree) for tree in trees]
    for place, tree in enumerate(trees):
        for name in names_read(tree):
            binders = [number for number, names in enumerate(bound) if name in names]
            assert len(binders) <= 1, f"cell {place + 1} reads {name}, bound in {binders}"


def names_bound(tree: ast.Module) -> set[str]:
    stored = {
        node.id for node in nodes_at_top(tree) if isinstance(node, ast.Name) and is_store(node)
    }
    aliases = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return stored | aliases | {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


def names_read(tree: ast.Module) -> set[str]:
    """Return the names that a cell reads before it binds them."""
    seen: set[str] = set()
    found: set[str] = set()
    for statement in tree.body:
        nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        bound_here = {node.id for node in nodes if is_store(node)}
        found |= {node.id for node in nodes if not is_store(node)} - seen - bound_here
        seen |= bound_here
    return found


def nodes_at_top(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes outside functions and comprehensions, which have names of their own."""
    inner = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    waiting: list[ast.AST] = [tree]
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, inner)]
    return found


def is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def test_code_cells_are_short(code: list[Cell]) -> None:
    for cell in code:
        assert 1 <= len(source(cell).splitlines()) <= 12, source(cell)


def test_cells_use_no_shell_no_magic_and_no_trailing_semicolon(code: list[Cell]) -> None:
    for cell in code:
        assert not re.search(r"^\s*[!%]|;\s*$", source(cell), re.MULTILINE), source(cell)


def test_lesson_cells_have_no_branch_on_the_service(code: list[Cell]) -> None:
    for cell in code:
        assert not re.search(r'"://"|\.version\b|\bexcept\b', source(cell)), source(cell)


def test_prose_is_before_every_code_cell(cells: list[Cell]) -> None:
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


def test_outputs_contain_no_key_and_no_home(code: list[Cell]) -> None:
    for output in outputs(code):
        texts = {key: value for key, value in output.get("data", {}).items() if "image/" not in key}
        shown = json.dumps([output.get("text", ""), texts])
        found = re.search(
            r"localhost|\b[0-9a-f]{32}\b|/(root|home|Users|tmp)/|0x[0-9a-f]{6}", shown
        )
        assert found is None, found


def test_the_url_of_the_service_has_the_usual_port(code: list[Cell]) -> None:
    shown = json.dumps([output.get("text", "") for output in outputs(code)])
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", shown)) <= {"8421"}


def test_each_figures_fact_is_printed_before_it(code: list[Cell]) -> None:
    printed = False
    for output in outputs(code):
        if output.get("name") == "stdout":
            printed = True
        elif "<Figure" in "".join(output.get("data", {}).get("text/plain", "")):
            assert printed
            printed = False


def test_at_most_one_cell_is_exempt_and_gives_the_reason(cells: list[Cell]) -> None:
    exempt = [cell for cell in cells if "nbval-ignore-output" in tags(cell)]
    assert len(exempt) <= 1
    assert all(source(cell).startswith("# not compared: ") for cell in exempt)


def test_there_are_two_or_three_exercises_with_solutions() -> None:
    for name in NAMES:
        (exercises,) = [source(cell) for cell in read(name) if "exercises" in tags(cell)]
        assert exercises.startswith("## Your turn\n"), name
        count = exercises.count("<details><summary>Solution</summary>")
        assert 2 <= count <= 3, name
        assert count == exercises.count("</details>") == exercises.count("```python\n"), name
        assert count == len(re.findall(r"^\d\. ", without_code(exercises), re.MULTILINE)), name


def test_notebooks_are_stored_small() -> None:
    sizes = {name: (NOTEBOOKS / f"{name}.ipynb").stat().st_size for name in NAMES}
    assert max(sizes.values()) < 1 << 20, sizes
    assert sum(sizes.values()) < 6 << 20, sizes


@pytest.mark.parametrize(
    ("name", "in_code"),
    [
        ("01_analyze_image", ['"Ocp-Apim-Subscription-Key": vision.key', "vision.base_url +"]),
        ("01_analyze_image", ["print(analyze_url)", "params=", "json=", ".raise_for_status()"]),
        ("01_analyze_image", ["BytesIO(", "Image.open(", "plt.imshow(", "plt.title("]),
        ("01_analyze_image", ["visualFeatures", "draw_caption("]),
        ("02_domain_models", ["requests.get(", '"models"', "[model[", "landmarks/analyze"]),
        ("02_domain_models", ["print(landmark", "print(celebrity", '["confidence"]']),
        ("02_domain_models", ["Rectangle(", "add_patch(", ".text(", "draw_faces("]),
        ("03_thumbnail", ["print(thumbnail_url)", "smartCropping", "BytesIO(response.content)"]),
        ("04_ocr", ["print(ocr_url)", "detectOrientation", "unk", 'region["lines"]', "word_infos"]),
        ("04_ocr", ['.split(",")', "Rectangle(", "add_patch(", "draw_words("]),
        ("05_handwriting", ["print(recognize_url)", '"handwriting"', "print(operation_url)"]),
        ("05_handwriting", ["Operation-Location", "requests.get(operation_url"]),
        (
            "05_handwriting",
            ["recognitionResult", "[0::2]", "Polygon(", "add_patch(", "draw_lines("],
        ),
        ("06_image_on_disk", ["write_bytes(", "application/octet-stream", "data=", "read_bytes()"]),
        ("06_image_on_disk", ["Image.open(", ".imshow(", "title("]),
    ],
)
def test_what_the_quickstart_taught_stays_in_the_code(name: str, in_code: list[str]) -> None:
    text = "\n".join(source(cell) for cell in read(name) if cell["cell_type"] == "code")
    assert [part for part in in_code if part not in text] == []


@pytest.mark.parametrize(
    ("name", "in_prose"),
    [
        (
            "01_analyze_image",
            ["Tags", "Description", "Faces", "ImageType", "Color", "Categories", "Adult"],
        ),
        ("01_analyze_image", ["visualFeatures", "details", "language", "category-taxonomy"]),
        ("04_ocr", ["detectOrientation", "unk"]),
        ("05_handwriting", ["`false`"]),
    ],
)
def test_what_the_quickstart_explained_stays_in_the_prose(name: str, in_prose: list[str]) -> None:
    text = prose([cell for cell in read(name) if "exercises" not in tags(cell)])
    assert [part for part in in_prose if part not in text] == []


@pytest.mark.parametrize(
    ("name", "evidence", "count"),
    [
        ("01_analyze_image", '"metadata"', 1),
        ("02_domain_models", '"metadata"', 2),
        ("03_thumbnail", "image/jpeg", 1),
        ("04_ocr", '"regions"', 1),
        ("05_handwriting", "'recognitionResult'", 1),
        ("06_image_on_disk", '"metadata"', 1),
    ],
)
def test_a_lesson_sends_a_request_and_shows_the_complete_response(
    name: str, evidence: str, count: int
) -> None:
    cells = [cell for cell in read(name) if cell["cell_type"] == "code"]
    assert "requests.post(" in "\n".join(map(source, cells))
    printed = "".join("".join(output.get("text", "")) for output in outputs(cells))
    assert "/vision/v1.0/" in printed
    assert printed.count(evidence) == count


def test_the_site_leaves_out_the_bars(cells: list[Cell]) -> None:
    bars = [cell for cell in cells if "navigation" in tags(cell)]
    assert len(bars) == 2
    assert all("remove-cell" in tags(cell) for cell in bars)


def test_raw_bytes_are_taught_in_one_notebook() -> None:
    found = [name for name in LESSONS if "octet-stream" in "\n".join(map(source, read(name)))]
    assert found == ["06_image_on_disk"]
