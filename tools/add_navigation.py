"""Give every notebook its navigation bars, made from the notebooks' own titles.

Each bar is a Markdown cell tagged `navigation`, the first and the last of its notebook. Existing
bars are replaced, and a second run changes nothing. The tag `remove-cell` makes myst-nb omit the
bars from the site, whose pages have their own links.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TAG = "navigation"
TAGS = [TAG, "remove-cell"]


def in_order(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the notebooks as one reads them: the index, then the numbered ones."""
    return [folder / "index.ipynb", *sorted(folder.glob("[0-9]*.ipynb"))]


def title(path: Path) -> str:
    """Return the notebook's only heading of the first level."""
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    lines = [line for source in cells for line in source.splitlines() if line.startswith("# ")]
    if len(lines) != 1:
        raise SystemExit(f"{path.name} has {len(lines)} headings of the first level; give it one")
    return lines[0].removeprefix("# ")


def bar(path: Path, paths: list[Path]) -> str:
    """Return the line that leads to the notebook before, the index and the notebook after."""
    place = paths.index(path)
    links = []
    if place > 1:
        links.append(f"[← {title(paths[place - 1])}]({paths[place - 1].name})")
    if place > 0:
        links.append(f"[Contents]({paths[0].name})")
    if place + 1 < len(paths):
        links.append(f"[{title(paths[place + 1])} →]({paths[place + 1].name})")
    return " · ".join(links)


def with_bars(path: Path, paths: list[Path]) -> nbformat.NotebookNode:
    """Return the notebook with its bars first and last."""
    notebook = nbformat.read(path, 4)
    cells = [cell for cell in notebook.cells if TAG not in cell.metadata.get("tags", [])]
    first, last = (
        nbformat.v4.new_markdown_cell(bar(path, paths), id=name, metadata={"tags": TAGS})
        for name in ("navigation-first", "navigation-last")
    )
    notebook.cells = [first, *cells, last]
    return notebook


def main() -> None:
    paths = in_order()
    for path in paths:
        nbformat.write(with_bars(path, paths), path)


if __name__ == "__main__":
    main()
