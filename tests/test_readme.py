"""What the README promises, against what is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from visionhelpers import sample
from visionhelpers.service import LocalService

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
sys.path.insert(0, str(ROOT / "tools"))

import write_links  # noqa: E402  tools/ is no package


def pages() -> list[Path]:
    found = write_links.pages()
    assert ROOT / "README.md" in found
    assert len([page for page in found if page.suffix == ".ipynb"]) == 9
    return found


def links(page: Path) -> list[str]:
    """Return the targets of every Markdown link on a page, in a notebook's prose alike."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return re.findall(r"\]\(([^)\s]+)", text)


def test_every_link_into_the_repository_resolves() -> None:
    for page in pages():
        inside = [link for link in links(page) if not re.match(r"https?:|mailto:|#", link)]
        missing = [link for link in inside if not (page.parent / link.split("#")[0]).exists()]
        assert not missing, f"{page.name}: {missing}"


def test_every_link_to_the_repository_follows_pyproject() -> None:
    for page in pages():
        text = page.read_text(encoding="utf-8")
        assert write_links.with_links(text) == text, f"run tools/write_links.py: {page.name}"


def test_the_badge_opens_the_index_of_this_repository() -> None:
    badge = f"https://mybinder.org/v2/gh/{write_links.repository()}/HEAD"
    assert f"({badge}?urlpath=lab/tree/notebooks/index.ipynb)" in README


def test_ci_calls_targets_of_the_readme_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    assert "make test" in commands
    for command in commands:
        assert re.fullmatch(r"make [a-z]+( [A-Z]+=[a-z]+)?", command), command
        assert f"`{command}`" in README, command


def test_the_workflow_calls_the_same_targets_as_ci() -> None:
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"- run: (make .+)", workflow) == re.findall(r"^make .+", script, re.M)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`(make [a-z]+)`", README))))
def test_every_target_of_the_readme_exists(target: str) -> None:
    plan = subprocess.run(["make", "-n", *target.split()[1:]], cwd=ROOT, capture_output=True)
    assert plan.returncode == 0, plan.stderr.decode()


def test_the_code_runs_on_a_photograph(
    service: LocalService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(sample("eileen_collins.jpg"), tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 2
    known: dict[str, object] = {}
    for block in blocks:
        exec(block, known)  # noqa: S102  the README's own code
    assert "a woman" in capsys.readouterr().out
    assert len(plt.gcf().axes[0].patches) == 1, "the face"
    plt.close()
