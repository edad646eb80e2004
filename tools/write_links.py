"""Make every link to the repository follow the one in pyproject.toml; run after changing it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(github\.com|mybinder\.org/v2/gh|nbviewer\.org/github)/[\w.-]+/visionhelpers\b")


def repository() -> str:
    """Return OWNER/NAME as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"]).removeprefix("https://github.com/")


def with_links(text: str) -> str:
    """Return the text with each link to the repository leading to the present one."""
    return LINK.sub(rf"\1/{repository()}", text)


def pages() -> list[Path]:
    """Return the pages that link to the repository."""
    return [*ROOT.glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]


if __name__ == "__main__":
    for page in pages():
        page.write_text(with_links(page.read_text(encoding="utf-8")), encoding="utf-8")
