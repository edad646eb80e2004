"""Rehearse what MyBinder does with this repository: `make binder`.

A clean copy of the files that git tracks replaces the clone, and a virtual environment replaces
conda's. All other lines run as repo2docker generates them. A line that cannot run here is printed
with the reason.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from textwrap import shorten

import binder_memory
import yaml
from binder_build import Build, Line, build, frozen
from binder_server import Server
from binder_stage import Stage, tell

ROOT = Path(__file__).parents[1]
LIMIT = 1400
"""Megabytes for everything, of the 2 GB at which MyBinder ends a kernel; 1,270 to 1,330 are used,
depending on what the service computes while the Dask workers of a notebook run."""
OPEN = 3
"""Notebooks open at the same time."""


def clean_copy(tree: Path, target: Path) -> Path:
    """Copy the files that git tracks, with their uncommitted changes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if (tree / name).is_file()]
    for name in filter(None, names):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree / name, target / name)
    return target


def listed(tree: Path, environment: str) -> tuple[list[str], list[str]]:
    """Return what an environment file asks of conda and what of pip."""
    entries = yaml.safe_load((tree / environment).read_text(encoding="utf-8"))["dependencies"]
    pip = [name for entry in entries if isinstance(entry, dict) for name in entry["pip"]]
    return [entry for entry in entries if isinstance(entry, str)], pip


def check_python(plan: Build, tree: Path) -> None:
    """Make sure that repo2docker understood which Python is asked for; it guesses in silence."""
    conda, _ = listed(tree, plan.environment)
    asked = [entry for entry in conda if entry.startswith("python")]
    if asked != [f"python={plan.python}"]:
        raise SystemExit(
            f"{plan.environment} asks for {asked} and repo2docker understands "
            f"python={plan.python}: write python=3.N, without a comparison"
        )


def make_environment(stage: Stage, wanted: str) -> None:
    """Make the virtual environment, with the Python that the build wants if this machine has it.

    In it is the Jupyter that the image begins with: pip later renews only what is asked for newer.
    """
    python = interpreter(wanted)
    if not python:
        own = "{}.{}".format(*sys.version_info)
        tell("not run here", f"conda's python={wanted}: not on this machine, Python {own} instead")
    stage.run([python or sys.executable, "-m", "venv", str(stage.prefix)])
    stage.run([*pip(stage), *frozen(wanted)])


def interpreter(wanted: str) -> str | None:
    """Return a Python of that version; what the path holds may be no more than pyenv's signpost."""
    found = shutil.which(f"python{wanted}")
    runs = found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0
    return found if runs else None


def install(stage: Stage, environment: str) -> None:
    """Install the entries of `pip:` as conda does: in the folder of the environment file."""
    folder = (stage.tree / environment).parent
    _, wanted = listed(stage.tree, environment)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=folder) as listing:
        listing.write("\n".join(wanted))
        listing.flush()
        command = [*pip(stage), "-U", "-r", Path(listing.name).name]
        stage.run(command, str(folder.relative_to(stage.tree)))


def pip(stage: Stage) -> list[str]:
    """Return the words that install what comes after them."""
    return [str(stage.prefix / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input"]


def run_line(line: Line, stage: Stage, plan: Build) -> None:
    """Run a line of the build, or say why that is not possible here."""
    if line.updates_environment:
        tell("not run here", f"{line}: conda is not on this machine; what it hands to pip is run")
        install(stage, plan.environment)
    elif line.runs_own_file:
        stage.run(line.command)
    elif line.instruction == "RUN":
        tell("not run here", f"{shorten(str(line), 70, placeholder=' …')}: {line.why_not()}")
    elif line.instruction in ("ENTRYPOINT", "CMD"):
        tell("not run here", f"{line}: MyBinder starts JupyterLab at an address of each visitor's")


def badge(tree: Path) -> str:
    """Return the path that the README's badge opens."""
    found = re.search(r"mybinder\.org/v2/\S+?\?urlpath=([^)\s]+)", (tree / "README.md").read_text())
    if not found:
        raise SystemExit("README.md has no badge that opens a path on mybinder.org")
    return found[1]


def serve(stage: Stage, plan: Build) -> float:
    """Start JupyterLab, open what the badge opens, and execute every notebook.

    Returns:
        The most memory that everything together took, in megabytes.
    """
    start = [f"./{plan.entrypoint}"] if plan.entrypoint else []
    root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [*start, str(stage.prefix / "bin/jupyter-lab"), *root]
    lab = Server(command, stage.tree, stage.environment())
    with binder_memory.Watch(stage.tree) as watch, lab as server:
        tell("run", shlex.join([*start, "jupyter-lab", *root]))
        open_badge(server, badge(stage.tree))
        execute_all(server, stage, watch)
        return watch.peak


def open_badge(server: Server, path: str) -> None:
    """Open the badge's page, and make sure that the notebook which it shows is there."""
    status, notebook = server.page(path), path.removeprefix("lab/tree/")
    if status != 200:
        raise SystemExit(f"the badge opens {path}, and JupyterLab responds {status}")
    if not server.has(notebook):
        raise SystemExit(f"the badge opens {path}, and {notebook} is missing")
    tell("opened", f"{path}: {status}")


def execute_all(server: Server, stage: Stage, watch: binder_memory.Watch) -> None:
    """Execute the notebooks one after the other; the last `OPEN` stay open."""
    names = sorted(path.name for path in (stage.tree / "notebooks").glob("*.ipynb"))
    paths = [f"notebooks/{name}" for name in names]
    for number, path in enumerate(paths):
        if number >= OPEN:
            server.close(paths[number - OPEN])
        server.execute(path)
        now, count = binder_memory.used(stage.tree), min(number + 1, OPEN)
        tell("executed", f"{path}: {now:.0f} MB with {count} open, so far {watch.peak:.0f} at most")


def rehearse(stage: Stage) -> None:
    """Run what MyBinder would run on a tree."""
    plan = build(stage.tree)
    check_python(plan, stage.tree)
    tell("repo2docker", f"{version('jupyter-repo2docker')}, python={plan.python}")
    make_environment(stage, plan.python)
    try:
        for line in plan.lines:
            run_line(line, stage, plan)
        judge(serve(stage, plan))
    finally:
        binder_memory.end(stage.tree)


def judge(peak: float) -> None:
    """Print the memory, and end the rehearsal if it was too much."""
    if peak >= LIMIT:
        raise SystemExit(f"{peak:.0f} MB are used at the same time; keep it under {LIMIT} MB")
    tell("memory", f"{peak:.0f} MB at most for Jupyter, kernels and service, under {LIMIT} MB")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="visionhelpers-binder-") as folder:
        tree = clean_copy(ROOT, Path(folder) / "home")
        rehearse(Stage(tree, Path(folder) / "environment"))


if __name__ == "__main__":
    main()
