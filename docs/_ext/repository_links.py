"""Turn links to files that are no pages of the site into links to the repository on GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

LINKS = (addnodes.pending_xref, addnodes.download_reference)


def repository_path(app: Sphinx, link: nodes.Element) -> Path | None:
    """Return the file or folder that a link of a Markdown cell or page leads to, unless a page."""
    if link.get("reftype") != "myst":
        return None
    target = link["reftarget"]
    if link.get("refdomain") == "doc":  # without the suffix, from the root of the repository
        if target in app.env.found_docs:
            return None
        target = f"/{target}.md"
    path = Path(app.env.relfn2path(target, app.env.docname)[1])
    return path if target and path.exists() else None


def link_to_repository(app: Sphinx, document: nodes.document) -> None:
    """Replace the links of a page whose targets are in the repository and not on the site."""
    for link in [node for kind in LINKS for node in document.findall(kind)]:
        path = repository_path(app, link)
        if path is None:
            continue
        kind = "tree" if path.is_dir() else "blob"
        relative = path.resolve().relative_to(Path(app.srcdir).resolve()).as_posix()
        url = f"{app.config.repository_url}/{kind}/HEAD/{relative}"
        if anchor := link.get("reftargetid"):
            url += f"#{anchor}"
        inner = link.children[0].children if link.children else []
        link.replace_self(nodes.reference("", "", *inner, refuri=url, internal=False))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("repository_url", "", "env")
    app.connect("doctree-read", link_to_repository, priority=400)  # before files are copied
    return {"parallel_read_safe": True, "parallel_write_safe": True}
