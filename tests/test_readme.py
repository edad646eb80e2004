"""What the README promises, against what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from visionhelpers import sample_path
from visionhelpers.service import LocalService

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


def test_no_command_installs_the_package_from_an_index_that_does_not_have_it() -> None:
    files = [ROOT / "README.md", *(ROOT / "visionhelpers").rglob("*.py")]
    files += (ROOT / "notebooks").glob("*.ipynb")
    assert len(files) > 80
    wrong = re.compile(r"""pip install \\?['"]?visionhelpers""")
    assert not [file.name for file in files if wrong.search(file.read_text(encoding="utf-8"))]


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
    shutil.copy(sample_path("eileen_collins.jpg"), tmp_path / "photo.jpg")
    (tmp_path / "scans").mkdir()
    shutil.copy(sample_path("dahlia.jpg"), tmp_path / "scans" / "flower.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 3
    known: dict[str, object] = {}
    for block in blocks:
        exec(block, known)  # noqa: S102  the README's own code
    said = capsys.readouterr().out
    assert "a woman" in said
    assert "flower.jpg has its caption" in said
    assert (tmp_path / "captions.parquet").is_file()
    assert len(plt.gcf().axes[0].patches) == 1, "the face"
    plt.close()
