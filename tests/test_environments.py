"""What conda, Binder and pip install, read from the files themselves and compared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
MISSION = {"jupyter", "matplotlib", "pillow", "requests", "nbval", "ipywidgets"}
FILES = {"environment.yml": ROOT, "binder/environment.yml": ROOT / "binder"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read(file: str) -> dict[str, Any]:
    content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def of_conda(file: str) -> list[str]:
    """Return what conda is to install."""
    return [entry for entry in read(file)["dependencies"] if isinstance(entry, str)]


def of_pip(file: str) -> list[str]:
    """Return the names of what pip is to install from its index."""
    lists = [entry["pip"] for entry in read(file)["dependencies"] if isinstance(entry, dict)]
    assert len(lists) == 1, f"{file} has {len(lists)} lists for pip"
    names = [entry for entry in lists[0] if not entry.startswith("-e ")]
    assert len(names) >= len(MISSION)
    return names


def own(file: str) -> tuple[str, set[str]]:
    """Return the path and the extras of this package in an environment file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    entry = r'^ +- -e "?([^\["\s]+)\[([\w,]+)\]"?(?: --config-settings editable_mode=compat)?$'
    entries = re.findall(entry, text, re.MULTILINE)
    assert len(entries) == text.count(" -e ") == 1, f"{file} installs {entries}"
    return entries[0][0], set(entries[0][1].split(","))


def names(requirements: list[str]) -> set[str]:
    """Return the distributions that requirements are about."""
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def installed(file: str) -> set[str]:
    """Return what an environment names, by itself or by way of this package and its extras."""
    extras = [name for extra in own(file)[1] for name in PROJECT["optional-dependencies"][extra]]
    return names([*of_pip(file), *PROJECT["dependencies"], *extras]) | {"visionhelpers"}


def imported_by_notebooks() -> set[str]:
    """Return the top-level modules that the notebooks import, the standard library's left out."""
    found: set[str] = set()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        for node in ast.walk(ast.parse("\n".join(cell.source for cell in cells))):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
    assert found >= {"visionhelpers", "requests", "matplotlib"}
    return found - sys.stdlib_module_names


@pytest.mark.parametrize("file", FILES)
def test_every_package_of_the_mission_is_named(file: str) -> None:
    assert set(of_pip(file)) >= MISSION


@pytest.mark.parametrize("file", FILES)
def test_conda_installs_python_and_pip_and_nothing_that_pip_could(file: str) -> None:
    assert [re.split("[=<>!]", entry)[0] for entry in of_conda(file)] == ["python", "pip"]


@pytest.mark.parametrize(("file", "folder"), FILES.items())
def test_the_package_is_installed_from_this_repository_with_its_service(
    file: str, folder: Path
) -> None:
    path, extras = own(file)
    assert (folder / path).resolve() == ROOT
    assert "service" in extras
    assert extras <= set(PROJECT["optional-dependencies"])


def test_both_environments_ask_for_the_same() -> None:
    people, binder = FILES
    assert {key: read(people)[key] for key in ("name", "channels")} == {
        key: read(binder)[key] for key in ("name", "channels")
    }
    assert of_conda(people) == of_conda(binder)
    assert of_pip(people) == of_pip(binder)
    assert own(people)[1] == own(binder)[1]


@pytest.mark.parametrize("file", FILES)
def test_python_is_written_as_repo2docker_understands_it_and_the_package_allows_it(
    file: str,
) -> None:
    python = [entry for entry in of_conda(file) if entry.startswith("python")]
    assert len(python) == 1
    assert re.fullmatch(r"python=3\.\d+", python[0])
    assert SpecifierSet(PROJECT["requires-python"]).contains(python[0].removeprefix("python="))


@pytest.mark.parametrize("file", FILES)
def test_what_the_notebooks_import_is_named(file: str) -> None:
    origins = packages_distributions()
    for module in imported_by_notebooks():
        known = {canonicalize_name(name) for name in origins.get(module, [module])}
        assert known & installed(file), f"{file} installs nothing that has {module}, of {known}"


def test_no_kernel_is_allowed_that_loses_requests() -> None:
    wanted = map(Requirement, PROJECT["optional-dependencies"]["notebooks"])
    kernels = [each.specifier for each in wanted if each.name == "ipykernel"]
    assert [versions.contains("7.3.0") for versions in kernels] == [False]
    assert all("notebooks" in own(file)[1] for file in FILES)


def test_the_mission_packages_come_with_the_test_installation() -> None:
    extras = PROJECT["optional-dependencies"]
    installed = [each for extra in ("notebooks", "service", "test") for each in extras[extra]]
    assert names([*PROJECT["dependencies"], *installed]) >= MISSION


@pytest.mark.parametrize("file", ["Makefile", "CONTRIBUTING.md", "environment.yml"])
def test_every_editable_installation_survives_a_folder_of_the_same_name(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    installs = re.findall(r"^.* (?:--editable|- -e)\b.*$", text, re.MULTILINE)
    assert installs
    assert all("--config-settings editable_mode=compat" in line for line in installs)


def test_the_package_is_imported_in_the_folder_that_contains_the_clone(tmp_path: Path) -> None:
    (tmp_path / "visionhelpers").mkdir()  # a clone has this name by default
    for folder in (ROOT.parent, tmp_path):
        code = "import visionhelpers; visionhelpers.connect"
        run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True)
        assert run.returncode == 0, f"in {folder}: {run.stderr.decode()}"


def test_binder_stops_at_the_first_failure_of_its_post_build() -> None:
    script = ROOT / "binder" / "postBuild"
    assert "set -euo pipefail" in script.read_text(encoding="utf-8").splitlines()
    assert script.stat().st_mode & 0o111, "postBuild must be executable"
