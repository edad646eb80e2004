"""The README's code, and the commands and claims of all pages."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from tools import make_hero
from visionhelpers import VisionClient
from visionservice import LocalService

ROOT = Path(__file__).parents[2]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
TARGETS = sorted({target for text in TEXTS.values() for target in re.findall(
    r"(?:^|`)make ([a-z]+)(?: [A-Z]+=\S+)?(?=`| *$| +#)", text, re.MULTILINE)})  # fmt: skip


def ci_commands() -> list[str]:
    """Return the commands of .ci/run."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    return [line for line in script if line and not line.startswith(("#", "set ", "cd "))]


def blocks(page: str) -> list[str]:
    """Return the Python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```", TEXTS[page], re.DOTALL | re.MULTILINE)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 140


def test_ci_calls_documented_targets_only() -> None:
    commands = ci_commands()
    assert "make test" in commands
    for command in commands:
        assert re.fullmatch(r"make [a-z]+( [A-Z]+=[a-z]+)?", command), command
        documented = README + TEXTS.get("development.md", "")
        assert f"`{command}`" in documented, f"{command} is not in docs/development.md"


def test_the_workflows_call_documented_targets_and_all_of_ci() -> None:
    workflows = [path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")]
    called = {command for text in workflows for command in re.findall(r"\bmake [^\],\n]+", text)}
    assert {*ci_commands()} <= called
    for command in called:
        target = " ".join(command.split()[:2])
        assert f"`{target}" in TEXTS["development.md"], f"{target} is not in docs/development.md"


def test_targets_are_found() -> None:
    assert {"lab", "offline", "accuracy", "stress"} <= set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_every_documented_target_exists(target: str) -> None:
    plan = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True)
    assert plan.returncode == 0, plan.stderr.decode()


def test_no_command_installs_the_package_from_an_index_that_does_not_have_it() -> None:
    packages = (ROOT / "visionhelpers", ROOT / "visionservice")
    files = [*PAGES, *(file for folder in packages for file in folder.rglob("*.py"))]
    files += (ROOT / "notebooks").glob("*.ipynb")
    assert len(files) > 80
    wrong = re.compile(r"""pip install \\?['"]?visionhelpers""")
    assert not [file.name for file in files if wrong.search(file.read_text(encoding="utf-8"))]


def test_the_number_of_the_quickstarts_blocks_is_that_of_the_test() -> None:
    claimed = re.search(r"all (\d+) Python blocks", README)
    tested = re.search(
        r"assert len\(blocks\) == (\d+)",
        Path(__file__).parents[1].joinpath("contract/test_quickstart_2018.py").read_text(),
    )
    assert claimed
    assert tested
    assert claimed[1] == tested[1]


def test_the_two_changed_lines_are_lines_of_the_quickstart(shared: Path) -> None:
    quickstart = (shared / "quickstart.md").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+) = ", blocks("README.md")[0], re.MULTILINE)
    assert names == ["subscription_key", "vision_base_url"]
    for name in names:
        assert len(re.findall(rf"^{name} = ", quickstart, re.MULTILINE)) == 1


def test_the_first_image_shows_what_its_text_quotes(service: LocalService) -> None:
    image, text = make_hero.draw(VisionClient(service.url, service.key))
    assert f"![{text}](docs/images/hero.jpg)" in README, "run python -m tools.make_hero"
    assert make_hero.HERO.stat().st_size < 200_000
    with Image.open(make_hero.HERO) as stored:
        assert stored.width > 1000
        assert abs(stored.width - image.width) < 20


def test_teachers_read_the_minutes_of_the_notebooks() -> None:
    with (ROOT / "tools" / "notebooks.csv").open(encoding="utf-8", newline="") as file:
        minutes = {row["notebook"]: row["minutes"] for row in csv.DictReader(file)}
    found = re.findall(r"\(\.\./notebooks/(\w+)\.ipynb\) \| (\d+) \|", TEXTS["classroom.md"])
    assert dict(found) == minutes


def test_the_python_of_the_readme_runs_in_order(
    service: LocalService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    names: dict[str, object] = {}
    for block in blocks("README.md"):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102  the page's own code
    plt.close("all")
    assert capsys.readouterr().out.splitlines()[-1] == "a cup of coffee"
    with Image.open(tmp_path / "cup.png") as figure:
        assert figure.width > 300
