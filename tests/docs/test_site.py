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
REFERENCE = (DOCS / "reference.rst").read_text(encoding="utf-8")
BLOB = f"{CONFIG['repository_url']}/blob/HEAD"
PAGE = """<html lang="en"><head><title>A page</title>{head}</head>
<body><article><h1 id="top">A page</h1>{body}</article></body></html>"""


def entries() -> list[Path]:
    """Return the entries of the toctrees of the front page, patterns included."""
    blocks = re.findall(r"```{toctree}\n(.*?)```", (DOCS / "index.md").read_text("utf-8"), re.S)
    assert len(blocks) == 3
    lines = [line for block in blocks for line in block.splitlines() if line]
    names = [re.sub(r".*<(.*)>", r"\1", line) for line in lines if not line.startswith(":")]
    return [(DOCS / name).resolve() for name in names]


def listed(page: Path) -> bool:
    """Return True if a toctree has a page or a pattern for it."""
    path = page.resolve().with_suffix("")
    return any(path == entry or path.match(str(entry)) for entry in entries())


def test_every_notebook_and_every_page_is_in_the_contents() -> None:
    notebooks = list((ROOT / "notebooks").glob("*.ipynb"))
    pages = [page for kind in ("*.md", "*.rst") for page in DOCS.glob(kind)]
    assert len(notebooks) >= 10
    assert {"index.md", "reference.rst"} <= {page.name for page in pages}
    missing = [page.name for page in [*notebooks, *pages] if not listed(page)]
    assert missing == ["index.md"]


def test_every_entry_of_the_contents_exists() -> None:
    for entry in entries():
        found = [path for path in entry.parent.glob(f"{entry.name}.*") if path.is_file()]
        assert found, entry


def test_the_reference_has_every_public_name() -> None:
    named = set(re.findall(r"^\.\. auto\w+:: ([\w.]+)", REFERENCE, re.M))
    assert set(visionhelpers.__all__) <= named
    assert any(name.endswith(".LocalService") for name in named)


def test_the_front_page_and_the_readme_describe_the_first_image_in_the_same_words() -> None:
    pages = (ROOT / "README.md", "docs/images/"), (DOCS / "index.md", "images/")
    readme, front = (
        re.findall(rf"!\[([^\]]+)\]\({folder}hero\.jpg\)", page.read_text("utf-8"))
        for page, folder in pages
    )
    assert len(readme) == 1
    assert front == readme


def test_the_site_runs_no_notebook_and_loads_no_script_for_widgets() -> None:
    assert CONFIG["nb_execution_mode"] == "off"
    assert CONFIG["nb_ipywidgets_js"] == {}


def test_the_site_names_the_repository_and_the_version_of_the_project() -> None:
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
        ('<img alt="A badge" src="https://example.org/a.svg">', "loads https://example.org/a.svg"),
        ('<img alt="A" src="data:," srcset="https://example.org/a 2x">', "loads https://example.org/a"),
        ("<style>@import 'https://example.org/a.css'</style>", "loads https://example.org/a.css"),
    ],
)  # fmt: skip
def test_each_kind_of_problem_is_found(body: str, problem: str, tmp_path: Path) -> None:
    assert problems(tmp_path, body) == [f"page.html: {problem}"]


def test_styles_and_fonts_of_other_hosts_are_found(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("@font-face { src: url('https://example.org/a.woff2') }")
    found = problems(tmp_path, head='<link rel="stylesheet" href="https://example.org/a.css">')
    assert found == [
        "page.html: loads https://example.org/a.css",
        "site.css: loads https://example.org/a.woff2",
    ]


def test_a_page_without_a_title_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<title> </title>")
    assert check_site.Site(tmp_path).problems() == ["page.html: no title"]


def test_only_the_jobs_that_publish_can_write_and_only_they_have_an_identity() -> None:
    for name, job in (("site", "deploy"), ("release", "publish")):
        workflow = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        for other, content in workflow["jobs"].items():
            allowed = content.get("permissions", {})
            assert (allowed.get("id-token") == "write") == (other == job)
            assert ("write" in allowed.values()) == (other == job)
            assert ("environment" in content) == (other == job)
