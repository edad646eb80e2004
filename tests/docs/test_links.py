"""Every link from pages and notebooks into the repository, with its anchor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import write_links

ROOT = Path(__file__).parents[2]
OWN = re.escape(write_links.repository())
URL_OF_PATH = re.compile(
    rf"https://(?:github\.com/{OWN}/(?:blob|tree)/HEAD/"
    rf"|mybinder\.org/v2/gh/{OWN}/HEAD\?urlpath=lab/tree/"
    rf"|github\.com/{OWN}/actions/(?=workflows/))"
)
"""The part of a URL before a path of the repository."""
PAGES = write_links.pages()


def prose(page: Path) -> str:
    """Return the text of a page, without code."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub and JupyterLab make them."""
    text = prose(page)
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text), re.MULTILINE)
    if page.suffix != ".ipynb":
        headings = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    names = {heading.strip().replace(" ", "-") for heading in headings}
    return names | set(re.findall(r"<a (?:name|id)=\"([^\"]+)\"", text))


def links(page: Path, root: Path) -> dict[str, tuple[Path, str]]:
    """Return the links and images of a page that lead into the repository: the file, the anchor."""
    found = {}
    for markdown, html in re.findall(r"\]\(([^)\s]+)|\b(?:src|href)=\"([^\"]+)\"", prose(page)):
        url, _, anchor = (markdown or html).partition("#")
        if path := URL_OF_PATH.match(url):
            rest = url[path.end() :].removesuffix("/badge.svg")
            file = root / (f".github/{rest}" if rest.startswith("workflows/") else rest)
            found[markdown or html] = file, anchor
        elif not re.match(r"[a-z]+:", url):
            found[markdown or html] = (page.parent / url if url else page), anchor
    return found


def broken(page: Path, root: Path = ROOT) -> list[str]:
    """Return the links of a page whose file or anchor does not exist in the repository."""
    return [
        link
        for link, (file, anchor) in links(page, root).items()
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]


def test_the_pages_are_found_and_link_into_the_repository() -> None:
    names = {page.name for page in PAGES}
    assert names >= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "compatibility.md"}
    assert len([name for name in names if name.endswith(".ipynb")]) >= 8
    goals = [goal for page in PAGES for goal in links(page, ROOT).values()]
    assert len(goals) > 50
    assert any(anchor for _, anchor in goals)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_into_the_repository_resolves_and_follows_pyproject(page: Path) -> None:
    assert broken(page) == []
    text = page.read_text(encoding="utf-8")
    assert write_links.with_links(text) == text, "run python -m tools.write_links"


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": ["## What is here\n"]}]
    (tmp_path / "other.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "other.md").write_text("# What is *here*?\n")
    good = ["other.md#what-is-here", "other.ipynb#What-is-here", "#page", "other.md"]
    bad = ["nowhere.md", "sub/nowhere/", "#nowhere", "other.md#nowhere", "other.ipynb#what-is-here"]
    bad += [
        f"https://github.com/{write_links.repository()}/blob/HEAD/nowhere.md",
        f"https://github.com/{write_links.repository()}/actions/workflows/nowhere.yml",
        write_links.on_binder("notebooks/nowhere.ipynb"),
    ]
    page = tmp_path / "page.md"
    listed = "\n".join(f"[a link]({link})" for link in good + bad)
    page.write_text(f'# Page\n\n{listed}\n<img src="nowhere.jpg" alt="">\n')
    assert broken(page, tmp_path) == [*bad, "nowhere.jpg"]


def test_links_follow_a_repository_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr(write_links, "repository", lambda: "somebody/renamed")
    moved = write_links.with_links(readme)
    assert write_links.with_links(moved) == moved
    assert moved.count("somebody/renamed") > 10
    assert "https://somebody.github.io/renamed/" in moved
    assert not re.search(r"visionhelpers(/|\.github\.io/)visionhelpers", moved)
