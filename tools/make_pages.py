"""Execute every notebook and render it as a page to look at without Jupyter: `make pages`.

`build/pages` then holds each notebook with the outputs of this run and, of the same name, the page:
one file with its pictures inside, which asks no other machine for anything.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from add_navigation import NOTEBOOKS, in_order, title
from execute_notebooks import executed, own_state
from nbconvert import HTMLExporter
from write_links import ROOT, repository

PAGES = ROOT / "build" / "pages"
EMPTY = re.compile(r'<script src="">\s*</script>')
INSIDE = re.compile(r'href="(?!https?:|mailto:|data:|#)([^"#]+)')


def exporter() -> HTMLExporter:
    """Return what renders a notebook, with no script fetched from elsewhere."""
    made = HTMLExporter(embed_images=True)
    made.mathjax_url = made.require_js_url = made.jquery_url = ""
    return made


def leading_on(page: str) -> str:
    """Let links to notebooks lead to their pages, and other links into the repository to GitHub."""
    return INSIDE.sub(lambda link: f'href="{target(link[1])}', EMPTY.sub("", page))


def target(link: str) -> str:
    """Return where a page links to, for what its notebook links to."""
    if link.endswith(".ipynb"):
        return link.removesuffix(".ipynb") + ".html"
    path = (NOTEBOOKS / link).resolve().relative_to(ROOT.resolve())
    return f"https://github.com/{repository()}/blob/HEAD/{path.as_posix()}"


def render(path: Path) -> None:
    """Execute a notebook, and write it and its page."""
    notebook = executed(path)
    nbformat.write(notebook, PAGES / path.name)
    resources = {"metadata": {"path": str(path.parent), "name": title(path)}}
    page, _ = exporter().from_notebook_node(notebook, resources)
    (PAGES / path.name).with_suffix(".html").write_text(leading_on(page), encoding="utf-8")


def main() -> None:
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    with own_state():
        for path in in_order():
            print(path.name)
            render(path)
    print(f"Open {PAGES / 'index.html'}")


if __name__ == "__main__":
    main()
