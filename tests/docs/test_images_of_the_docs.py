"""The images of the notebooks in the index, and the tables of README and index."""

from __future__ import annotations

import base64
import csv
import re
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageChops, ImageStat

from tools import make_pictures, write_links
from tools.add_navigation import in_order

ROOT = Path(__file__).parents[2]
INDEX, *NOTEBOOKS = in_order()
FIGURE = {"text/plain": "<Figure size 200x100 with 1 Axes>"}
KILOBYTE = 1000
ALIKE = 8
"""Levels, of 255, by which an image may differ on average: the effect of JPEG and of fonts."""


def figure(color: str) -> NotebookNode:
    """Return a cell whose figure is a rectangle of one color on white."""
    image = Image.new("RGB", (200, 100), "white")
    image.paste(color, (50, 20, 150, 80))
    image.save(buffer := BytesIO(), "PNG")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()} | FIGURE
    return new_code_cell(outputs=[new_output("display_data", data)])


def notebook(folder: Path, *cells: NotebookNode, tagged: int | None = None) -> Path:
    """Write a notebook with these cells, of which one may have the tag `picture`."""
    if tagged is not None:
        cells[tagged].metadata["tags"] = ["picture"]
    path = folder / "99_new.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# New"), *cells]), path)
    return path


def alternative_texts(path: Path) -> dict[str, str]:
    """Return the alternative text of each cell that outputs an image, by the id of the cell."""
    return {
        cell.id: cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for cell in nbformat.read(path, 4).cells
        if any("image/" in kind for out in cell.get("outputs", []) for kind in out.get("data", {}))
    }


@pytest.mark.parametrize(
    ("cells", "tagged", "color"),
    [
        pytest.param([figure("red"), figure("blue")], None, (255, 0, 0), id="the first figure"),
        pytest.param([figure("red"), figure("blue")], 1, (0, 0, 255), id="the tagged figure"),
        pytest.param(
            [figure("red"), new_markdown_cell("![A green area](screenshot.png)")],
            1,
            (0, 128, 0),
            id="the image file of the tagged cell",
        ),
    ],
)
def test_a_notebook_is_represented_by(
    cells: list[NotebookNode], tagged: int | None, color: tuple[int, int, int], tmp_path: Path
) -> None:
    Image.new("RGB", (200, 150), "green").save(tmp_path / "screenshot.png")
    image = make_pictures.chosen(notebook(tmp_path, *cells, tagged=tagged))
    assert image is not None
    assert image.getpixel((100, 50)) == color
    tile = make_pictures.tile(image)
    assert tile.size == make_pictures.SIZE
    assert (np.asarray(tile) == color).all(axis=2).mean() > 0.7, "the white around it is gone"


def test_a_notebook_without_figures_or_row_is_listed_without_an_image(tmp_path: Path) -> None:
    new = notebook(tmp_path)
    assert make_pictures.chosen(new) is None
    sheet = write_links.contact_sheet([NOTEBOOKS[0], new])
    assert "[**99 New**](99_new.ipynb)" in sheet
    assert sheet.count("![") == 1
    assert {line.count("|") for line in sheet.splitlines()} == {write_links.COLUMNS + 1}


def test_the_images_are_small_and_show_what_the_notebooks_show() -> None:
    sizes = {path: path.stat().st_size for path in make_pictures.PICTURES.iterdir()}
    assert len(sizes) >= 7
    assert max(sizes.values()) < 40 * KILOBYTE, sizes
    assert sum(sizes.values()) < 300 * KILOBYTE, sizes
    assert {file.stem for file in sizes} <= {path.stem for path in NOTEBOOKS}
    for path in NOTEBOOKS:
        image, file = make_pictures.chosen(path), make_pictures.picture_path(path)
        assert (image is not None) == (file in sizes), f"make_pictures: {path.name}"
        if image:
            with Image.open(file) as kept:
                changed = ImageChops.difference(make_pictures.tile(image), kept.convert("RGB"))
            assert max(ImageStat.Stat(changed).mean) < ALIKE, f"make_pictures: {path.name}"


def test_the_tables_of_readme_and_index_have_every_notebook() -> None:
    with write_links.TABLE.open(encoding="utf-8", newline="") as file:
        texts = {row["notebook"]: row for row in csv.DictReader(file)}
    assert list(texts) == [path.stem for path in in_order()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for path in in_order():
        minutes, learn = texts[path.stem]["minutes"], texts[path.stem]["learn"]
        assert int(minutes) in range(5, 46, 5), path
        assert 3 <= len(learn.split()) <= 12, path
        (row,) = [row for row in readme if f"](notebooks/{path.name}) |" in row]
        assert f"| {minutes} | [Binder](" in row
        assert f"urlpath=lab/tree/notebooks/{path.name})" in row


def test_the_index_links_to_every_notebook_by_its_image_and_is_short() -> None:
    made = write_links.with_contents(INDEX)
    assert made == nbformat.read(INDEX, 4), "run python -m tools.write_links"
    tags = {cell.id: cell.metadata.get("tags", []) for cell in made.cells}
    (contents,) = [cell.source for cell in made.cells if "contents" in tags[cell.id]]
    for path in NOTEBOOKS:
        assert contents.count(f"**]({path.name})") == 1
        image = f"(pictures/{path.stem}.jpg)<br>**" in contents
        assert image == make_pictures.picture_path(path).exists()
    prose = [
        re.sub(r"\]\([^)]*\)", "]", cell.source.partition("\n\n|")[0])
        for cell in made.cells
        if cell.cell_type == "markdown" and "navigation" not in tags[cell.id]
    ]
    assert 100 < len("\n".join(prose).split()) <= 350
    texts = re.findall(r"!\[([^]]*)\]\(pictures/", contents)
    assert len(texts) == contents.count("pictures/") >= 9
    short = [text for text in texts if len(text.split()) < 4]
    assert not short, f"write the alternative text in tools/notebooks.csv: {short}"


def test_every_figure_has_its_own_alternative_text_and_a_tile_that_of_its_figure() -> None:
    texts = [text for path in in_order() for text in alternative_texts(path).values()]
    assert len(texts) >= 30
    assert [text for text in texts if not 5 <= len(text.split()) <= 40] == []
    assert len(set(texts)) == len(texts)
    for path in NOTEBOOKS:
        cells = nbformat.read(path, 4).cells
        (cell,) = [cell for cell in cells if make_pictures.TAG in cell.metadata.get("tags", [])]
        text = write_links.alternative(path)
        assert alternative_texts(path).get(cell.id) == text or f"![{text}](" in cell.source, path


def test_the_badges_lead_to_binder_tests_site_and_license() -> None:
    owner, name = write_links.repository().split("/")
    assert re.findall(r"\)\]\((\S+)\)", write_links.badges()) == [
        f"https://mybinder.org/v2/gh/{owner}/{name}/HEAD?urlpath=lab/tree/notebooks/index.ipynb",
        f"https://github.com/{owner}/{name}/actions/workflows/test.yml",
        f"https://{owner}.github.io/{name}/",
        "LICENSE",
    ]
