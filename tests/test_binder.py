"""The rehearsal of MyBinder, on this tree and on damaged copies of it.

The whole of it, which installs everything anew, is `make binder`. Here pip installs nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import binder_memory  # noqa: E402  tools/ is no package
import binder_server  # noqa: E402
import rehearse_binder  # noqa: E402
from binder_build import Line, build, frozen  # noqa: E402
from binder_server import Server  # noqa: E402
from binder_stage import Stage  # noqa: E402

ENVIRONMENT = "binder/environment.yml"
REST = 30
"""Seconds for which a slow cell sleeps."""
Change = Callable[[str, str, str], None]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clean copy of this repository, to be damaged."""
    if not (ROOT / ".git").exists():
        pytest.skip("no repository of git's: nothing says what it tracks")
    return rehearse_binder.clean_copy(ROOT, tmp_path / "home")


@pytest.fixture
def change(tree: Path) -> Change:
    """Replace a part of a file in the copy."""

    def replace(file: str, old: str, new: str) -> None:
        text = (tree / file).read_text(encoding="utf-8")
        assert old in text
        (tree / file).write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def stage(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The copy with this run's own environment, in which pip only pretends, and asks no index."""
    monkeypatch.setenv("PIP_DRY_RUN", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return Stage(tree, Path(sys.prefix))


def test_the_copy_holds_what_git_tracks_as_it_stands_and_nothing_else(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "build").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", work], check=True)
    for name in ("kept.txt", "gone.txt", "untracked.txt", "build/ignored.txt"):
        (work / name).write_text("old")
    subprocess.run(["git", "add", "kept.txt", "gone.txt"], cwd=work, check=True)
    (work / "kept.txt").write_text("new")
    (work / "gone.txt").unlink()
    copy = rehearse_binder.clean_copy(work, tmp_path / "copy")
    assert {path.name: path.read_text() for path in copy.rglob("*")} == {"kept.txt": "new"}


def test_every_line_that_repo2docker_generates_is_run_or_explained(tree: Path) -> None:
    plan = build(tree)
    run = [line for line in plan.lines if line.instruction == "RUN"]
    own = [line.command for line in run if line.runs_own_file]
    assert plan.environment == ENVIRONMENT
    assert plan.entrypoint is None
    assert own == [["chmod", "+x", "binder/postBuild"], ["./binder/postBuild"]]
    assert [line.updates_environment for line in run].count(True) == 1
    rest = [line for line in run if not line.runs_own_file and not line.updates_environment]
    assert len(rest) > 5
    assert all(line.why_not() for line in rest)


def test_a_line_that_nobody_knows_ends_the_rehearsal() -> None:
    with pytest.raises(SystemExit, match=r"does not know.*RUN fetch-the-moon --all"):
        Line("RUN", "fetch-the-moon --all").why_not()


def test_a_start_script_is_found_and_made_executable(tree: Path) -> None:
    (tree / "binder/start").write_text('#!/bin/bash\nexec "$@"\n')
    plan = build(tree)
    assert plan.entrypoint == "binder/start"
    own = [line.command for line in plan.lines if line.runs_own_file]
    assert own[-1] == ["chmod", "+x", "./binder/start"]


def test_a_tree_without_an_environment_is_refused(tree: Path) -> None:
    (tree / ENVIRONMENT).unlink()
    with pytest.raises(SystemExit, match="No environment specification found"):
        build(tree)


def test_broken_yaml_is_refused_with_its_place(tree: Path, change: Change) -> None:
    change(ENVIRONMENT, "  - pip:", "  - pip: [")
    with pytest.raises(SystemExit, match=r"ParserError.*binder/environment\.yml.*line \d+"):
        build(tree)


def test_a_python_that_repo2docker_guesses_is_refused(tree: Path, change: Change) -> None:
    change(ENVIRONMENT, "python=3.12", "python>=3.11")
    with pytest.raises(SystemExit, match=r"asks for \['python>=3.11'\] .* python=3\.N"):
        rehearse_binder.check_python(build(tree), tree)


def test_this_tree_asks_for_a_python_that_is_understood(tree: Path) -> None:
    rehearse_binder.check_python(build(tree), tree)


def test_the_rehearsal_begins_with_the_jupyter_of_the_image(tree: Path) -> None:
    packages = dict(each.split("==") for each in frozen(build(tree).python))
    assert packages.keys() >= {"jupyterlab", "jupyter_server", "ipykernel", "ipywidgets"}
    assert not any(name.startswith("jupyterhub") for name in packages)
    assert all(re.fullmatch(r"\d+(\.\d+)+", number) for number in packages.values())


def test_pip_paths_count_from_the_folder_of_the_environment_file(
    stage: Stage, change: Change
) -> None:
    change(ENVIRONMENT, "-e ..[", "-e .[")  # right in the root, wrong in binder/
    with pytest.raises(SystemExit, match=r"failed in binder: ERROR: .*/home/binder"):
        rehearse_binder.install(stage, ENVIRONMENT)


def test_a_package_that_is_not_there_is_named(stage: Stage) -> None:
    (stage.tree / ENVIRONMENT).write_text("dependencies: [pip, {pip: [no-such-package-anywhere]}]")
    with pytest.raises(SystemExit, match="No matching distribution found for no-such-package-any"):
        rehearse_binder.install(stage, ENVIRONMENT)


def test_a_post_build_that_fails_ends_the_rehearsal(stage: Stage, change: Change) -> None:
    change("binder/postBuild", "jupyter labextension", ": jupyter labextension")  # for all users
    change("binder/postBuild", "notebooks/*.ipynb", "notebooks/gone.ipynb")
    with pytest.raises(SystemExit, match=r"`\./binder/postBuild` failed in \.: .*gone\.ipynb"):
        stage.run(["./binder/postBuild"])


def test_a_step_runs_in_a_home_of_its_own_and_knows_nothing_of_ours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_STATE_HOME", "/nowhere")
    stage.run(["/bin/sh", "-c", "env > seen.txt; pwd >> seen.txt"], "binder")
    seen = (stage.tree / "binder/seen.txt").read_text()
    assert f"\nHOME={stage.tree}\n" in f"\n{seen}"
    assert seen.endswith(f"{stage.tree}/binder\n")
    assert not re.search("VISION_KEY|PYTHONPATH|XDG_STATE_HOME", seen)


def test_a_name_on_the_path_that_is_no_python_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signpost = tmp_path / "python3.99"
    signpost.write_text("#!/bin/sh\nexit 127\n")
    signpost.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert rehearse_binder.interpreter("3.99") is None
    signpost.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert rehearse_binder.interpreter("3.99") == str(signpost)


def test_memory_counts_a_service_that_left_its_parent(tmp_path: Path) -> None:
    code = "import time; held = bytearray(b'1') * 200_000_000; print('ready', flush=True)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{code}time.sleep(60)"],
        env={"HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    with binder_memory.Watch(tmp_path) as watch:
        child.stdout.readline()
        assert 200 < binder_memory.used(tmp_path) < 300
    assert watch.peak > 0
    binder_memory.end(tmp_path)
    assert child.wait(timeout=10) is not None
    assert binder_memory.used(tmp_path) == 0


def test_too_much_memory_ends_the_rehearsal(capsys: pytest.CaptureFixture[str]) -> None:
    rehearse_binder.judge(1200)
    assert "1200 MB at most" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="1501 MB"):
        rehearse_binder.judge(1501)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab with three notebooks: the second fails, the third rests when it is run again."""
    folder = tmp_path_factory.mktemp("lab")
    rest = f"import time\ntime.sleep(globals().get('rest', 0))\nrest = {REST}"
    codes = {"good": "print(6 * 7)", "bad": "print(1)\nsix / 0", "slow": rest}
    for name, code in codes.items():
        cells = [new_code_cell("six = 6"), new_code_cell(code)]
        nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")
    stage = Stage(folder, Path(sys.prefix))
    root = ["--allow-root"] if os.geteuid() == 0 else []
    pings = '--ServerApp.tornado_settings={"ws_ping_interval": 200}'
    command = [f"{sys.prefix}/bin/jupyter-lab", *root, pings]
    with Server(command, folder, stage.environment()) as server:
        yield server
    binder_memory.end(folder)


def test_a_badge_that_leads_to_no_notebook_ends_the_rehearsal(server: Server) -> None:
    rehearse_binder.open_badge(server, "lab/tree/good.ipynb")
    assert server.page("lab/tree/gone.ipynb") == 200, "JupyterLab's page says nothing of the file"
    with pytest.raises(SystemExit, match=r"lab/tree/gone\.ipynb.*gone\.ipynb is missing"):
        rehearse_binder.open_badge(server, "lab/tree/gone.ipynb")


def test_notebooks_are_executed_through_the_server(server: Server) -> None:
    server.execute("good.ipynb")
    with pytest.raises(SystemExit, match=r"bad\.ipynb, cell 1 .*ZeroDivisionError"):
        server.execute("bad.ipynb")


def test_a_cell_without_end_is_given_up_however_often_the_server_pings(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute("slow.ipynb")
    monkeypatch.setattr(binder_server, "CELL_SECONDS", 2)
    with pytest.raises(SystemExit, match=r"slow\.ipynb, cell 1 .*no end after 2 s"):
        server.execute("slow.ipynb")


def test_the_badge_is_read_from_the_readme(tree: Path, change: Change) -> None:
    assert rehearse_binder.badge(tree) == "lab/tree/notebooks/index.ipynb"
    change("README.md", "mybinder.org/v2", "example.org")
    with pytest.raises(SystemExit, match="no badge"):
        rehearse_binder.badge(tree)
