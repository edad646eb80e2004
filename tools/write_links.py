"""Write what the README and the index show of the notebooks, and every link to the repository.

Titles come from the notebooks, images from make_pictures.py, all other texts from notebooks.csv,
and owner and name of the repository from pyproject.toml. Run it after a change in any of these. A
notebook without a row or an image is listed without.

Minutes are for reading and exercises, to the nearest five: 150 words a minute, 5 seconds for a line
of code, 20 for a figure, 5 minutes for an exercise.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import nbformat

from tools.add_navigation import in_order, title
from tools.make_pictures import picture_path

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("notebooks.csv")
LINK = re.compile(r"(github\.com|mybinder\.org/v2/gh)/[\w.-]+/visionhelpers\b")
SITE = re.compile(r"https://[\w-]+\.github\.io/visionhelpers\b")
BLOCK = re.compile(r"(<!-- (\w+): tools/write_links\.py -->\n).*?\n?<!-- end -->", re.DOTALL)
TAG = "contents"
COLUMNS = 3


def repository() -> str:
    """Return OWNER/NAME as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"]).removeprefix("https://github.com/")


def site() -> str:
    """Return the URL of the repository's GitHub Pages, without a final slash."""
    owner, name = repository().split("/")
    return f"https://{owner}.github.io/{name}"


def texts_of(notebook: Path) -> dict[str, str]:
    """Return minutes, content and alternative text of a notebook in notebooks.csv."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["notebook"]: row for row in csv.DictReader(file)}
    return rows.get(notebook.stem, dict.fromkeys(("minutes", "learn", "image"), ""))


def on_binder(path: str) -> str:
    """Return the URL that opens a file of the repository in JupyterLab on MyBinder."""
    return f"https://mybinder.org/v2/gh/{repository()}/HEAD?urlpath=lab/tree/{path}"


def badges() -> str:
    """Return the README's badges: Binder, tests, site, license."""
    binder = on_binder("notebooks/index.ipynb")
    workflow = f"https://github.com/{repository()}/actions/workflows/test.yml"
    shield = "https://img.shields.io/badge"
    return (
        f"[![Binder](https://mybinder.org/badge_logo.svg)]({binder})\n"
        f"[![Tests]({workflow}/badge.svg)]({workflow})\n"
        f"[![Documentation]({shield}/docs-site-blue.svg)]({site()}/)\n"
        f"[![License: MIT]({shield}/license-MIT-green.svg)](LICENSE)"
    )


def alternative(notebook: Path) -> str:
    """Return the alternative text of a notebook's image."""
    return texts_of(notebook)["image"] or title(notebook)


def table() -> str:
    """Return the README's table of the notebooks."""
    rows = ["| Notebook | You learn | Minutes | Run |", "|---|---|---|---|"]
    for path in in_order():
        name = f"[{number(path)}{title(path)}](notebooks/{path.name})"
        binder = f"[Binder]({on_binder(f'notebooks/{path.name}')})"
        rows.append(
            f"| {name} | {texts_of(path)['learn']} | {texts_of(path)['minutes']} | {binder} |"
        )
    return "\n".join(rows)


def number(notebook: Path) -> str:
    """Return the number in a notebook's name, with a space, or nothing."""
    found = re.match(r"\d+", notebook.stem)
    return f"{found[0]} " if found else ""


def contact_sheet(notebooks: list[Path]) -> str:
    """Return the index's table, with a cell for each notebook and an empty header."""
    cells = [tile(path) for path in notebooks]
    cells += [""] * (-len(cells) % COLUMNS)
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    head = ["| " * COLUMNS + "|", "|:--" * COLUMNS + "|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def tile(notebook: Path) -> str:
    """Return the image and the title of a notebook as a link, with its minutes and its content."""
    file, texts = picture_path(notebook), texts_of(notebook)
    image = f"![{alternative(notebook)}](pictures/{file.name})<br>" * file.exists()
    link = f"[{image}**{number(notebook)}{title(notebook)}**]({notebook.name})"
    minutes = f", {texts['minutes']} minutes" * bool(texts["minutes"])
    return link + minutes + f"<br>{texts['learn']}" * bool(texts["learn"])


BLOCKS: dict[str, Callable[[], str]] = {"badges": badges, "notebooks": table}


def with_links(text: str) -> str:
    """Return a page with its marked blocks, and its other links to the repository, up to date."""
    written = BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match[2]]()}\n<!-- end -->", text)
    return SITE.sub(site(), LINK.sub(rf"\1/{repository()}", written))


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
    folders = (ROOT, ROOT / "docs", ROOT / "docs" / "pypi")
    return [path for folder in folders for path in folder.glob("*.md")] + in_order()


if __name__ == "__main__":
    index = in_order()[0]
    nbformat.write(with_contents(index), index)
    for page in pages():
        page.write_text(with_links(page.read_text(encoding="utf-8")), encoding="utf-8")
