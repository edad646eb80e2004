"""What conda, Binder and pip install, read from the files themselves."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSION = {"jupyter", "matplotlib", "pillow", "requests", "nbval", "ipywidgets"}
FILES = {"environment.yml": ROOT, "binder/environment.yml": ROOT / "binder"}


def dependencies(file: str) -> list[str]:
    """Return the entries of an environment file, conda's and pip's alike, without comments."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    entries = [match[1] for line in lines if (match := re.match(r"\s+- ([^#]+)", line))]
    assert len(entries) > len(MISSION), f"{file} lists {entries}"
    return [entry.strip().strip(":") for entry in entries]


@pytest.mark.parametrize("file", FILES)
def test_every_package_of_the_mission_is_named(file: str) -> None:
    assert set(dependencies(file)) >= MISSION


@pytest.mark.parametrize(("file", "folder"), FILES.items())
def test_the_package_is_installed_from_this_repository_with_its_service(
    file: str, folder: Path
) -> None:
    editable = [entry for entry in dependencies(file) if entry.startswith("-e ")]
    assert len(editable) == 1
    match = re.fullmatch(r'-e "?([^\["]+)\[service\]"?', editable[0])
    assert match is not None, editable
    assert (folder / match[1]).resolve() == ROOT


def test_both_environments_ask_for_the_same_packages_and_python() -> None:
    people, binder = (
        [entry for entry in dependencies(file) if not entry.startswith("-e ")] for file in FILES
    )
    assert people == binder


@pytest.mark.parametrize("file", FILES)
def test_python_is_written_as_repo2docker_understands_it(file: str) -> None:
    python = [entry for entry in dependencies(file) if entry.startswith("python")]
    assert len(python) == 1
    assert re.fullmatch(r"python=3\.\d+", python[0])


def test_the_mission_packages_come_with_the_test_installation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["service"] + extras["test"]
    assert {re.split(r"[<>=~!\[]", name)[0] for name in wanted} >= MISSION


def test_binder_stops_at_the_first_failure_of_its_post_build() -> None:
    script = ROOT / "binder" / "postBuild"
    assert "set -euo pipefail" in script.read_text(encoding="utf-8").splitlines()
    assert script.stat().st_mode & 0o111, "postBuild must be executable"
