"""The sources of the site, and the checks of tools/check_site.py; make site builds it."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml

import visionhelpers
from tools import check_site

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIG = runpy.run_path(str(DOCS / "conf.py"))
BLOB = f"{CONFIG['repository_url']}/blob/HEAD"
PAGE = """<html lang="en"><head><title>A page</title>{head}</head>
<body><article><h1 id="top">A page</h1>{body}</article></body></html>"""


def test_the_contents_have_every_notebook_and_every_page_and_nothing_else() -> None:
    blocks = re.findall(r"```{toctree}\n(.*?)```", (DOCS / "index.md").read_text("utf-8"), re.S)
    assert len(blocks) == 3
    lines = [line for block in blocks for line in block.splitlines() if line]
    names = [re.sub(r".*<(.*)>", r"\1", line) for line in lines if not line.startswith(":")]
    listed = []  # with patterns, such as ../notebooks/0*
    for name in names:
        found = [path for path in DOCS.glob(f"{name}.*") if path.is_file()]
        assert found, name
        listed += [path.resolve() for path in found]
    notebooks = list((ROOT / "notebooks").glob("*.ipynb"))
    assert len(notebooks) >= 10
    pages = [*notebooks, *DOCS.glob("*.md"), *DOCS.glob("*.rst")]
    assert [page.name for page in pages if page not in listed] == ["index.md"]


def test_the_reference_has_every_public_name() -> None:
    reference = (DOCS / "reference.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. auto\w+:: ([\w.]+)", reference, re.M))
    assert set(visionhelpers.__all__) <= named
    assert any(name.endswith(".LocalService") for name in named)


def test_the_site_runs_no_notebook_and_has_the_names_of_the_project() -> None:
    assert CONFIG["nb_execution_mode"] == "off"
    assert CONFIG["nb_ipywidgets_js"] == {}, "a script of another host"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CONFIG["repository_url"] == project["urls"]["Repository"]
    assert CONFIG["release"] == project["version"] == visionhelpers.__version__


def problems(folder: Path, body: str = "", head: str = "") -> list[str]:
    """Return the problems of a site of one page."""
    text = PAGE.format(head=head, body=body)
    (folder / "page.html").write_text(text, encoding="utf-8")
    return check_site.Site(folder).problems()


def test_a_page_without_problems_has_none(tmp_path: Path) -> None:
    (tmp_path / "a b.png").touch()
    body = (
        '<a href="page.html#top">here</a><a href="#top">top</a><a href="https://example.org">x</a>'
        f'<a href="{BLOB}/README.md?plain=1#start">x</a><a href="{BLOB}/">root</a>'
        '<img src="a%20b.png" alt="A red square"><img src="data:image/png;base64," alt="Nothing">'
    )
    head = '<link rel="canonical" href="https://example.org/page.html">'
    assert problems(tmp_path, body, head) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="missing.html">x</a>', "broken link missing.html"),
        ('<a href="page.html#bottom">x</a>', "broken link page.html#bottom"),
        ('<a href="#bottom">x</a>', "broken link #bottom"),
        ('<a href="../outside.html">x</a>', "broken link ../outside.html"),
        (f'<a href="{BLOB}/README.rst#top">x</a>', f"broken link {BLOB}/README.rst#top"),
        ('<img src="data:," alt="">', "no alternative text: data:,"),
        ('<img src="data:,">', "no alternative text: data:,"),
        ('<img src="data:," alt="../figure.png">', "no alternative text: data:,"),
        ("<h1>Another</h1>", "2 headings of the first level"),
        ('<script src="//example.org/a.js"></script>', "loads //example.org/a.js"),
        ('<img alt="A" src="data:," srcset="https://example.org/a 2x">', "loads https://example.org/a"),
        ("<style>@import 'https://example.org/a.css'</style>", "loads https://example.org/a.css"),
    ],
)  # fmt: skip
def test_each_kind_of_problem_is_found(body: str, problem: str, tmp_path: Path) -> None:
    assert problems(tmp_path, body) == [f"page.html: {problem}"]


def test_styles_fonts_and_pages_without_a_title_are_found(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("@font-face { src: url('https://example.org/a.woff2') }")
    (tmp_path / "untitled.html").write_text("<title> </title>")
    assert problems(tmp_path, head='<link rel="stylesheet" href="https://example.org/a.css">') == [
        "page.html: loads https://example.org/a.css",
        "untitled.html: no title",
        "site.css: loads https://example.org/a.woff2",
    ]


@pytest.mark.parametrize(("name", "job"), [("site", "deploy"), ("release", "publish")])
def test_only_the_job_that_publishes_can_write_and_has_an_identity(name: str, job: str) -> None:
    workflow = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for other, content in workflow["jobs"].items():
        allowed = content.get("permissions", {})
        assert (allowed.get("id-token") == "write") == (other == job)
        assert ("write" in allowed.values()) == (other == job)
        assert ("environment" in content) == (other == job)
