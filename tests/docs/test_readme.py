"""The commands and claims of the README and of all pages."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

from PIL import Image

from tools import make_hero
from visionhelpers import VisionClient
from visionservice import LocalService

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
README, DEVELOPMENT = TEXTS["README.md"], TEXTS["development.md"]


def test_every_documented_target_exists() -> None:
    target = re.compile(r"(?:^|`)make ([a-z]+)(?: [A-Z]+=\S+)?(?=`| *$| +#)", re.MULTILINE)
    targets = {found for text in TEXTS.values() for found in target.findall(text)}
    assert {"lab", "offline", "accuracy", "stress"} <= targets
    plan = subprocess.run(["make", "-n", *targets], cwd=ROOT, capture_output=True, text=True)
    assert plan.returncode == 0, plan.stderr


def test_ci_and_workflows_call_documented_targets_and_the_workflows_all_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    ci = {line for line in script if line and not line.startswith(("#", "set ", "cd "))}
    assert "make test" in ci
    for command in ci:
        assert re.fullmatch(r"make [a-z]+( [A-Z]+=[a-z]+)?", command), command
        assert f"`{command}`" in README + DEVELOPMENT, command
    workflows = [path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")]
    called = {command for text in workflows for command in re.findall(r"\bmake [^\],\n]+", text)}
    assert ci <= called
    for command in called:
        assert f"`{' '.join(command.split()[:2])}" in DEVELOPMENT, command


def test_no_command_installs_the_package_from_an_index_that_does_not_have_it() -> None:
    packages = (ROOT / "visionhelpers", ROOT / "visionservice")
    files = [*PAGES, *(file for folder in packages for file in folder.rglob("*.py"))]
    files += (ROOT / "notebooks").glob("*.ipynb")
    assert len(files) > 80
    wrong = re.compile(r"""pip install \\?['"]?visionhelpers""")
    assert not [file.name for file in files if wrong.search(file.read_text(encoding="utf-8"))]


def test_the_readme_is_short_and_has_the_number_of_blocks_of_the_quickstart() -> None:
    assert len(README.splitlines()) <= 140
    test = (ROOT / "tests/contract/test_quickstart_2018.py").read_text(encoding="utf-8")
    claimed = re.findall(r"all (\d+) Python blocks", README)
    assert claimed == re.findall(r"assert len\(blocks\) == (\d+)", test) != []


def test_the_two_changed_lines_are_lines_of_the_quickstart(shared: Path) -> None:
    changed = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[0]
    names = re.findall(r"^(\w+) = ", changed, re.MULTILINE)
    assert names == ["subscription_key", "vision_base_url"]
    quickstart = (shared / "quickstart.md").read_text(encoding="utf-8")
    for name in names:
        assert len(re.findall(rf"^{name} = ", quickstart, re.MULTILINE)) == 1


def test_the_first_image_shows_what_its_text_quotes(service: LocalService) -> None:
    image, text = make_hero.draw(VisionClient(service.url, service.key))
    assert f"![{text}](docs/images/hero.jpg)" in README, "run python -m tools.make_hero"
    assert f"![{text}](images/hero.jpg)" in TEXTS["index.md"]
    assert make_hero.HERO.stat().st_size < 200_000
    with Image.open(make_hero.HERO) as stored:
        assert stored.width > 1000
        assert abs(stored.width - image.width) < 20


def test_teachers_read_the_minutes_of_the_notebooks() -> None:
    with (ROOT / "tools" / "notebooks.csv").open(encoding="utf-8", newline="") as file:
        minutes = {row["notebook"]: row["minutes"] for row in csv.DictReader(file)}
    found = re.findall(r"\(\.\./notebooks/(\w+)\.ipynb\) \| (\d+) \|", TEXTS["classroom.md"])
    assert dict(found) == minutes
