"""Prepare notebooks for the site: leave out their navigation bars, describe their figures.

The theme has its own links to the previous and the next page. Jupyter stores no alternative text
for a figure: this makes one from the text printed before it, or from the prose before its cell.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import write_links  # tools/ is no package

ALTERNATIVE_CHARACTERS = 250


def remove_bars(app: Sphinx, docname: str, source: list[str]) -> None:
    """Remove the cells tagged `navigation` from the source of a notebook."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    notebook["cells"] = [cell for cell in notebook["cells"] if "navigation" not in tags(cell)]
    source[0] = json.dumps(notebook)


def tags(cell: dict[str, Any]) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", []))


def describe_figures(app: Sphinx, document: nodes.document) -> None:
    """Give each figure of a notebook an alternative text."""
    notebook, last_printed = Path(app.env.doc2path(app.env.docname)), ""
    for cell in document.findall(is_code_cell):
        printed = ""
        for output in cell.findall(is_output):
            if isinstance(output, nodes.literal_block):
                printed = output.astext()
                last_printed = "" if printed.startswith(("{", "[")) else printed  # not for JSON
            elif image := output.next_node(nodes.image):
                drawn = "<Figure" in output.astext()
                facts = printed or (last_printed if drawn else "") or prose_before(cell)
                facts = "; ".join(facts.splitlines())
                image["alt"] = alternative_text(cell, facts, notebook)


def is_code_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_output(node: nodes.Node) -> bool:
    """Return True for printed text and for a bundle of the forms of one figure or value."""
    if isinstance(node, nodes.literal_block):
        return bool(node.parent.get("nb_element") == "cell_code_output")
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


def alternative_text(cell: nodes.Element, facts: str, notebook: Path) -> str:
    """Return the text of notebooks.csv for the figure of the tile, else the heading with facts."""
    if "picture" in tags({"metadata": cell.get("cell_metadata", {})}):
        return write_links.alternative(notebook)
    text = f"{heading(cell)}: {facts}".strip(": ")
    return textwrap.shorten(text, ALTERNATIVE_CHARACTERS, placeholder=" …")


def heading(cell: nodes.Element) -> str:
    """Return the title of the section that contains a cell."""
    section = cell.parent
    while section and not isinstance(section, nodes.section):
        section = section.parent
    return section.next_node(nodes.title).astext() if section else ""


def prose_before(cell: nodes.Element) -> str:
    """Return the last paragraph before a cell, without its links and marks."""
    place = cell.parent.index(cell)
    before = cell.parent[place - 1] if place else None
    return before.astext() if isinstance(before, nodes.paragraph) else ""


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", remove_bars)
    app.connect("doctree-read", describe_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
