"""The Python on the pages of docs/ runs as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[1]
MARK = "<!-- tests/test_docs.py runs"
"""The beginning of a comment that a page contains if its Python blocks are run."""
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if MARK in page.read_text("utf-8")]


def blocks(page: Path) -> list[str]:
    """Return the Python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def file_name(block: str) -> str:
    """Return the name in the first line of a block, such as `# conftest.py`; empty if none."""
    found = re.match(r"# ([\w.]+\.py)\n", block)
    return found[1] if found else ""


def test_pages_with_python_are_found() -> None:
    assert {page.name for page in PAGES} >= {"service.md", "testing.md"}
    assert all(blocks(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page.stem}
    for block in blocks(page):
        if not file_name(block):
            exec(compile(block, page.name, "exec"), names)  # noqa: S102  the page's own code
    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_on_a_page_pass(page: Path, tmp_path: Path) -> None:
    files = {name: block for block in blocks(page) if (name := file_name(block))}
    if not files:
        pytest.skip("no files on this page")
    for name, block in files.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
    expected = sum(block.count("\ndef test_") for block in files.values())
    assert f"{expected} passed" in run.stdout
