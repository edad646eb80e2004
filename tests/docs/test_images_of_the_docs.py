"""The images of the notebooks in the index, and the tables of README and index."""

from __future__ import annotations

import base64
import csv
import re
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, ImageChops, ImageStat

from tools import make_pictures, write_links
from tools.add_navigation import in_order

ROOT = Path(__file__).parents[2]

INDEX, *NOTEBOOKS = in_order()
FIGURE = {"text/plain": "<Figure size 200x100 with 1 Axes>"}
KILOBYTE = 1000
ALIKE = 8
"""Levels, of 255, by which an image may differ on average: the effect of JPEG and of fonts."""


def png(color: str) -> str:
    """Return an image with a rectangle of one color on white, as a notebook stores it."""
    image = Image.new("RGB", (200, 100), "white")
    image.paste(color, (50, 20, 150, 80))
    image.save(buffer := BytesIO(), "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def notebook(folder: Path, *colors: str, tagged: int | None = None) -> Path:
    """Write a notebook with a figure in each of its cells."""
    cells = [
        new_code_cell(outputs=[new_output("display_data", {"image/png": png(color)} | FIGURE)])
        for color in colors
    ]
    if tagged is not None:
        cells[tagged].metadata["tags"] = ["picture"]
    path = folder / "99_new.ipynb"
    nbformat.write(new_notebook(cells=[nbformat.v4.new_markdown_cell("# New"), *cells]), path)
    return path


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two images, in levels of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def test_each_picture_is_small_and_together_they_are() -> None:
    sizes = {path.name: path.stat().st_size for path in make_pictures.PICTURES.iterdir()}
    assert len(sizes) >= 7
    assert max(sizes.values()) < 40 * KILOBYTE, sizes
    assert sum(sizes.values()) < 300 * KILOBYTE, sizes


def test_each_picture_shows_what_its_notebook_shows() -> None:
    files = set(make_pictures.PICTURES.iterdir())
    for path in NOTEBOOKS:
        figure, file = make_pictures.chosen(path), make_pictures.picture_path(path)
        assert (figure is not None) == (file in files), f"make_pictures: {path.name}"
        if figure:
            with Image.open(file) as kept:
                unlike = difference(make_pictures.tile(figure), kept.convert("RGB"))
            assert unlike < ALIKE, f"make_pictures: {path.name} differs by {unlike}"
    assert {file.stem for file in files} <= {path.stem for path in NOTEBOOKS}


def test_the_first_figure_is_chosen_or_the_tagged_one(tmp_path: Path) -> None:
    first = make_pictures.chosen(notebook(tmp_path, "red", "blue"))
    tagged = make_pictures.chosen(notebook(tmp_path, "red", "blue", tagged=1))
    assert first is not None
    assert tagged is not None
    assert first.getpixel((100, 50)) == (255, 0, 0)
    assert tagged.getpixel((100, 50)) == (0, 0, 255)


def test_a_tagged_markdown_cell_gives_its_image_file(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100), "green").save(tmp_path / "screenshot.png")
    shown = nbformat.v4.new_markdown_cell("![A green area](screenshot.png)")
    shown.metadata["tags"] = ["picture"]
    path = notebook(tmp_path, "red")
    nbformat.write(new_notebook(cells=[*nbformat.read(path, 4).cells, shown]), path)
    found = make_pictures.chosen(path)
    assert found is not None
    assert found.getpixel((100, 50)) == (0, 128, 0)


def test_a_tile_has_one_size_and_keeps_the_figure_whole(tmp_path: Path) -> None:
    figure = make_pictures.chosen(notebook(tmp_path, "red"))
    assert figure is not None
    tile = make_pictures.tile(figure)
    assert tile.size == make_pictures.SIZE
    red = (np.asarray(tile) == (255, 0, 0)).all(axis=2).mean()
    assert red > 0.7, "the white around the figure is gone"


def test_a_notebook_without_figures_or_row_is_listed_without_an_image(tmp_path: Path) -> None:
    new = notebook(tmp_path)
    assert make_pictures.chosen(new) is None
    sheet = write_links.contact_sheet([NOTEBOOKS[0], new])
    assert "[**99 New**](99_new.ipynb)" in sheet
    assert sheet.count("![") == 1
    assert {line.count("|") for line in sheet.splitlines()} == {write_links.COLUMNS + 1}


def test_every_notebook_has_a_row_with_minutes_and_content() -> None:
    with write_links.TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["notebook"]: row for row in csv.DictReader(file)}
    assert list(rows) == [path.stem for path in in_order()]
    for name, row in rows.items():
        assert int(row["minutes"]) in range(5, 46, 5), name
        assert 3 <= len(row["learn"].split()) <= 12, name


def test_the_index_links_to_every_notebook_by_its_image() -> None:
    made = write_links.with_contents(INDEX)
    assert made == nbformat.read(INDEX, 4), "run python -m tools.write_links"
    (cell,) = [each for each in made.cells if "contents" in each.metadata.get("tags", [])]
    for path in NOTEBOOKS:
        assert cell.source.count(f"**]({path.name})") == 1
        if make_pictures.picture_path(path).exists():
            assert f"(pictures/{path.stem}.jpg)<br>**" in cell.source


def test_the_index_has_at_most_350_words() -> None:
    cells = [
        cell.source.partition("\n\n|")[0]
        for cell in nbformat.read(INDEX, 4).cells
        if cell.cell_type == "markdown" and "navigation" not in cell.metadata.get("tags", [])
    ]
    words = re.sub(r"\]\([^)]*\)", "]", "\n".join(cells)).split()
    assert 100 < len(words) <= 350


def test_every_image_of_the_index_has_an_alternative_text() -> None:
    text = INDEX.read_text(encoding="utf-8").replace('\\"', '"')
    found = re.findall(r"!\[([^]]*)\]\(pictures/", text)
    assert len(found) == text.count("pictures/") >= 9
    short = [words for words in found if len(words.split()) < 4]
    assert not short, f"write the alternative text in tools/notebooks.csv: {short}"


def test_every_figure_has_its_own_alternative_text() -> None:
    texts = [text for path in in_order() for text in alternative_texts(path).values()]
    assert len(texts) >= 30
    assert [text for text in texts if not 5 <= len(text.split()) <= 40] == []
    assert len(set(texts)) == len(texts)


def alternative_texts(path: Path) -> dict[str, str]:
    """Return the alternative text of each cell that outputs an image, by the id of the cell."""
    return {
        cell.id: cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for cell in nbformat.read(path, 4).cells
        if any("image/" in kind for out in cell.get("outputs", []) for kind in out.get("data", {}))
    }


def test_a_tile_has_the_alternative_text_of_its_figure() -> None:
    for path in NOTEBOOKS:
        cells = nbformat.read(path, 4).cells
        (cell,) = [cell for cell in cells if make_pictures.TAG in cell.metadata.get("tags", [])]
        text = write_links.alternative(path)
        assert alternative_texts(path).get(cell.id) == text or f"![{text}](" in cell.source, path


def test_the_readme_lists_each_notebook_with_minutes_and_binder() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in in_order():
        rows = [row for row in readme.splitlines() if f"](notebooks/{path.name}) |" in row]
        assert len(rows) == 1, path
        assert f"urlpath=lab/tree/notebooks/{path.name})" in rows[0]
        assert f"| {write_links.texts_of(path)['minutes']} |" in rows[0]


def test_the_badges_lead_to_binder_tests_site_and_license() -> None:
    links = re.findall(r"\)\]\((\S+)\)", write_links.badges())
    owner, name = write_links.repository().split("/")
    assert links[0].startswith(f"https://mybinder.org/v2/gh/{owner}/{name}/")
    assert links[1] == f"https://github.com/{owner}/{name}/actions/workflows/test.yml"
    assert links[2] == f"https://{owner}.github.io/{name}/"
    assert links[3] == "LICENSE"
