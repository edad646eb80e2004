"""Write what the README and the index show of the notebooks, and every link to the repository.

The notebooks' titles are their own, their pictures come from make_pictures.py, what else is said of
them stands in notebooks.csv, and the repository's owner and name in pyproject.toml. Run it after
changing any of these; a notebook without a row or a picture is listed without.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import nbformat
from add_navigation import in_order, title
from make_pictures import picture_path

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("notebooks.csv")
LINK = re.compile(r"(github\.com|mybinder\.org/v2/gh|nbviewer\.org/github)/[\w.-]+/visionhelpers\b")
BLOCK = re.compile(r"(<!-- (\w+): tools/write_links\.py -->\n).*?(\n<!-- end -->)", re.DOTALL)
TAG = "contents"
COLUMNS = 3
ORIGINAL = (
    "https://nbviewer.org/github/microsoft/cognitive-services-notebooks/blob/"
    "215625c9fd232d923f241b33bbf0e7133d9ef44c/VisionAPI.ipynb"
)
"""The notebook that Microsoft's quickstart opened on Binder, as it was in February 2018."""


def repository() -> str:
    """Return OWNER/NAME as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"]).removeprefix("https://github.com/")


def said(notebook: Path) -> dict[str, str]:
    """Return what notebooks.csv says of a notebook, of an unknown one nothing."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["notebook"]: row for row in csv.DictReader(file)}
    nothing = dict.fromkeys(("operation", "original", "shows", "picture"), "")
    return rows.get(notebook.stem, nothing)


def on_binder(path: str) -> str:
    """Return the address at which MyBinder opens a file of the repository in JupyterLab."""
    return f"https://mybinder.org/v2/gh/{repository()}/HEAD?urlpath=lab/tree/{path}"


def opened(notebook: Path) -> str:
    """Return the links to a notebook elsewhere: to run, to look at, and what it follows."""
    path = f"notebooks/{notebook.name}"
    page = f"https://nbviewer.org/github/{repository()}/blob/HEAD/{path}"
    links = [f"[Binder]({on_binder(path)})", f"[page]({page})"]
    if anchor := said(notebook)["original"]:
        links.append(f"[original]({ORIGINAL}#{anchor})")
    return " · ".join(links)


def badges() -> str:
    """Return the README's badges."""
    binder = on_binder("notebooks/index.ipynb")
    workflow = f"https://github.com/{repository()}/actions/workflows/test.yml"
    return (
        f"[![Binder](https://mybinder.org/badge_logo.svg)]({binder})\n"
        f"[![test]({workflow}/badge.svg)]({workflow})"
    )


def pictures() -> str:
    """Return the README's pictures, each of which leads to its notebook."""
    shown = [path for path in in_order() if picture_path(path).exists()]
    return "\n".join(
        f'[<img src="notebooks/pictures/{picture_path(path).name}" width="200" '
        f'alt="{alternative(path)}">](notebooks/{path.name})'
        for path in shown
    )


def alternative(notebook: Path) -> str:
    """Return in words what a notebook's picture shows."""
    return said(notebook)["picture"] or title(notebook)


def table() -> str:
    """Return the README's table of the notebooks."""
    rows = ["| notebook | what it shows | operation | open |", "|---|---|---|---|"]
    for path in in_order():
        name = f"[{number(path)}{title(path)}](notebooks/{path.name})"
        rows.append(
            f"| {name} | {said(path)['shows']} | {said(path)['operation']} | {opened(path)} |"
        )
    return "\n".join(rows)


def number(notebook: Path) -> str:
    """Return the number in a notebook's name, with a space, or nothing."""
    found = re.match(r"\d+", notebook.stem)
    return f"{found[0]} " if found else ""


def contact_sheet(notebooks: list[Path]) -> str:
    """Return the index's table, a cell for each notebook; its head is empty: it is about no row."""
    cells = [tile(path) for path in notebooks]
    cells += [""] * (-len(cells) % COLUMNS)
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    head = ["| " * COLUMNS + "|", "|:--" * COLUMNS + "|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def tile(notebook: Path) -> str:
    """Return a notebook's picture and title as a link to it, with what it shows."""
    file, shows = picture_path(notebook), said(notebook)["shows"]
    picture = f"![{alternative(notebook)}](pictures/{file.name})<br>" * file.exists()
    link = f"[{picture}**{number(notebook)}{title(notebook)}**]({notebook.name})"
    return link + f"<br>{shows}" * bool(shows)


BLOCKS: dict[str, Callable[[], str]] = {"badges": badges, "pictures": pictures, "notebooks": table}


def with_links(text: str) -> str:
    """Return a page with its marked blocks, and its other links to the repository, up to date."""
    written = BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match[2]]()}{match[3]}", text)
    return LINK.sub(rf"\1/{repository()}", written)


def with_contents(index: Path) -> nbformat.NotebookNode:
    """Return the index with the table in its cell `contents` up to date."""
    notebook = nbformat.read(index, 4)
    for cell in notebook.cells:
        if TAG in cell.metadata.get("tags", []):
            prose = cell.source.partition("\n\n|")[0]
            cell.source = f"{prose}\n\n{contact_sheet(in_order()[1:])}"
    return notebook


def pages() -> list[Path]:
    """Return the pages that link to the repository."""
    return [*ROOT.glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]


if __name__ == "__main__":
    index = in_order()[0]
    nbformat.write(with_contents(index), index)
    for page in pages():
        page.write_text(with_links(page.read_text(encoding="utf-8")), encoding="utf-8")
