"""The environments of conda and Binder, compared with each other and with what is imported."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from itertools import chain
from pathlib import Path

import nbformat
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [*PROJECT["dependencies"], *chain(*(EXTRAS[n] for n in EXTRAS if n != "parquet"))]
MISSION = {"jupyter", "matplotlib", "pillow", "requests", "nbval", "ipywidgets"}
CONDA, BINDER = (yaml.safe_load((ROOT / folder / "environment.yml").read_text("utf-8"))
                 for folder in ("", "binder"))  # fmt: skip


def test_binder_installs_the_same_as_conda() -> None:
    *conda, pip = CONDA["dependencies"]
    assert re.fullmatch(r"python=3\.\d+ pip", " ".join(conda)), "repo2docker reads no other form"
    assert set(pip["pip"]) >= {*MISSION, '-e ".[notebooks]"'}
    names = [name for name in pip["pip"] if not name.startswith("-e")]
    names = ["-c constraints.txt", *names, "-e ..[notebooks]"]
    assert {**CONDA, "dependencies": [*conda, {"pip": names}]} == BINDER


def test_the_constraints_satisfy_what_the_project_requires() -> None:
    lines = (ROOT / "binder" / "constraints.txt").read_text("utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if not line.startswith("#")]
    versions = {each.name: str(each.specifier).removeprefix("==") for each in pinned}
    for each in map(Requirement, REQUIRED):
        name = canonicalize_name(each.name)
        assert name == "visionhelpers" or each.specifier.contains(versions[name]), each


def test_an_environment_has_what_the_notebooks_and_their_run_import() -> None:
    files = [ROOT / "conftest.py", ROOT / "benchmarks" / "own_service.py"]
    texts = [file.read_text("utf-8") for file in files]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        texts += [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"benchmarks"}
    assert modules >= {"matplotlib", "psutil", "pytest", "requests", "visionhelpers"}
    named = [*BINDER["dependencies"][-1]["pip"][1:-1], *(requires("nbval") or []), *REQUIRED]
    installed = {canonicalize_name(Requirement(each).name) for each in named}
    origins = packages_distributions()
    for module in modules:
        assert {canonicalize_name(name) for name in origins[module]} & installed, module


def test_make_replaces_an_environment_of_another_python(tmp_path: Path) -> None:
    def plan() -> str:
        command = ["make", "-n", f"PYTHON={sys.executable}", f"VENV={tmp_path}", "lab"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "--clear" not in plan(), "a folder that is no environment is not emptied"
    (tmp_path / "pyvenv.cfg").write_text("version = 3.99.1\n")
    (tmp_path / ".ready-3.99").touch()
    assert "--clear" in plan()
    (tmp_path / ".ready-{}.{}".format(*sys.version_info)).touch()
    assert "pip install" not in plan()


def test_the_package_is_imported_in_the_folder_that_contains_the_clone(tmp_path: Path) -> None:
    (tmp_path / "visionhelpers").mkdir()  # a clone has this name by default
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", "import visionhelpers; visionhelpers.connect"]
    run = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
