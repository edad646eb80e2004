"""The Python of the README and of the pages in docs/ runs as it is printed.

A comment `<!-- not run -->` directly before a block exempts it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from visionhelpers import sample_path
from visionservice import LocalService

pytestmark = pytest.mark.timeout(300)  # a program of the documentation

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?P<exempt><!-- not run -->\n+)?```python\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE
)
PRINTED = {
    "README.md": "a cup of coffee",
    "azure.md": "OK: 127.0.0.1 responds with API v1.0.",
    "batch.md": "scans/coffee_cup.jpg done",
    "classroom.md": "True",
    "index.md": "a cup of coffee",
    "service.md": "Eileen Collins",
}
"""A line that the blocks of a page print."""


def blocks(page: Path) -> list[str]:
    """Return the Python blocks of a page that run, in order."""
    found = BLOCK.finditer(page.read_text("utf-8"))
    return [block["code"] for block in found if not block["exempt"]]


def file_name(block: str) -> str:
    """Return the name in the first line of a block, such as `# conftest.py`; empty if none."""
    found = re.match(r"# ([\w.]+\.py)\n", block)
    return found[1] if found else ""


ALL_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [page for page in ALL_PAGES if blocks(page)]
WITH_FILES = [page for page in PAGES if any(map(file_name, blocks(page)))]


def test_no_page_and_no_block_is_overlooked() -> None:
    assert {page.name for page in PAGES} >= {*PRINTED, "testing.md"}
    assert {page.name for page in WITH_FILES} >= {"engines.md", "testing.md"}
    assert any("<!-- not run -->" in page.read_text("utf-8") for page in PAGES)
    for page in ALL_PAGES:
        text = page.read_text("utf-8")
        fences = re.findall(r"```\s*(?:python|py)\b", text)
        assert len(fences) == len(BLOCK.findall(text)), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order(
    page: Path,
    service: LocalService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "scans").mkdir()
    for name in ("dahlia.jpg", "coffee_cup.jpg"):
        shutil.copy(sample_path(name), tmp_path / "scans")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    names: dict[str, object] = {"__name__": page.stem}
    for block in blocks(page):
        if not file_name(block):
            exec(compile(block, page.name, "exec"), names)  # noqa: S102  the page's own code
    plt.close("all")
    if page.name in PRINTED:
        assert PRINTED[page.name] in capsys.readouterr().out.splitlines()
    if page.name == "README.md":
        with Image.open("cup.png") as figure:
            assert figure.width > 300


@pytest.mark.parametrize("page", WITH_FILES, ids=lambda page: page.name)
def test_the_tests_on_a_page_pass(page: Path, tmp_path: Path) -> None:
    files = {name: block for block in blocks(page) if (name := file_name(block))}
    for name, block in files.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    variables = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120
    )
    expected = sum(block.count("\ndef test_") for block in files.values())
    assert f"{expected} passed" in run.stdout, run.stdout + run.stderr
    assert run.returncode == 0, run.stdout
