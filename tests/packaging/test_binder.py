"""What tools/check_binder.py rejects; `make binder` installs and runs everything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import check_binder

LINK = "https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=lab/tree/notebooks"
SERVICE = """
import subprocess, sys, time
code = "import time; held = bytearray(b'1') * 300_000_000; time.sleep(60)"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
time.sleep(2)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A clone with one notebook, which starts a service, and with the environment of this run."""
    home = tmp_path / "home"
    (home / "notebooks").mkdir(parents=True)
    (home / "binder").mkdir()
    (home / ".venv").symlink_to(sys.prefix)
    nbformat.write(new_notebook(cells=[new_code_cell(SERVICE)]), home / "notebooks/index.ipynb")
    yield home
    check_binder.end_processes(home)


def test_the_copy_has_the_tracked_files_with_their_changes(tmp_path: Path) -> None:
    work, home = tmp_path / "work", tmp_path / "home"
    subprocess.run(["git", "init", "-q", work], check=True)
    for name in ("kept.txt", "removed.txt", "untracked.txt"):
        (work / name).write_text("old")
    subprocess.run(["git", "add", "kept.txt", "removed.txt"], cwd=work, check=True)
    (work / "kept.txt").write_text("new")
    (work / "removed.txt").unlink()
    check_binder.copy_tracked(work, home)
    assert {path.name: path.read_text() for path in home.iterdir()} == {"kept.txt": "new"}


def test_a_python_that_repo2docker_guesses_is_rejected(home: Path) -> None:
    file = home / check_binder.ENVIRONMENT
    with pytest.raises(ValueError, match=r"does not build binder/environment\.yml"):
        check_binder.check_build(home)
    file.write_text("dependencies: [python=3.12, {pip: [six]}]")
    assert check_binder.check_build(home) == ("3.12", ["six"])
    file.write_text("dependencies: ['python>=3.11']")
    with pytest.raises(ValueError, match=r"python>=3\.11.*write python=3\.N"):
        check_binder.check_build(home)


def test_a_python_that_fails_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "python3.99").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.99").chmod(0o755)
    assert check_binder.interpreter("3.99") == sys.executable


def test_a_command_has_no_variable_of_this_run_and_leaves_no_process(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_KEY", "secret")
    check_binder.run(home, 'setsid sleep 60 & echo "$HOME $VISION_KEY" > here.txt', "notebooks")
    assert (home / "notebooks/here.txt").read_text() == f"{home} \n"
    assert not check_binder.processes(home)
    with pytest.raises(subprocess.CalledProcessError, match="'exit 3' returned non-zero"):
        check_binder.run(home, "exit 3")


def test_a_link_without_a_notebook_and_too_much_memory_are_rejected(home: Path) -> None:
    server = check_binder.start_lab(home)
    assert "index.ipynb" in check_binder.check_links(server, f"[Binder]({LINK}/index.ipynb)")
    with pytest.raises(OSError, match=r"^404 .*missing\.ipynb"):
        check_binder.check_links(server, f"({LINK}/missing.ipynb)")
    with pytest.raises(RuntimeError, match=r"^[45]\d\d MB of memory, and the limit is 400 MB"):
        check_binder.check_memory(home, server, limit=400)
