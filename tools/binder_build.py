"""The build that repo2docker generates for a tree, called as MyBinder calls it but for building."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

CALL = ("-m", "repo2docker", "--no-build", "--debug", "--Repo2Docker.default_buildpack=None", ".")
SECONDS = 120
ELSEWHERE = (
    ("apt-get", "Debian packages: root installs them into the image"),
    ("locale-gen", "the image's locale"),
    ("groupadd", "the image's user"),
    ("useradd", "the image's user"),
    ("install-base-env.bash", "conda: a virtual environment stands in for it"),
    ("${NPM_DIR}", "a folder of the image"),
    ("${REPO_DIR}", "a folder of the image: the copy of the tree stands in for it"),
)
"""Parts of the lines that set up the image and cannot be run here, each with the reason."""


FROZEN = re.compile(r"/((?:jupyter(?!hub)|notebook|ip|nb|widgets)[\w-]*)-(\d[\w.]*)-\w+\.conda")
"""A package of Jupyter's in repo2docker's list of what every image begins with."""


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction of the Dockerfile, its continuation lines joined."""

    instruction: str
    value: str

    def __str__(self) -> str:
        return f"{self.instruction} {self.value}"

    @property
    def updates_environment(self) -> bool:
        """Whether this is where conda, and after it pip, install what environment.yml lists."""
        return self.instruction == "RUN" and "env update -p" in self.value

    @property
    def runs_own_file(self) -> bool:
        """Whether it runs a file of the tree, or makes it executable."""
        file = r'(chmod \+x "?)?(\./|\$\{REPO_DIR\}/)?(\.?binder/)?(postBuild|start)"?'
        return self.instruction == "RUN" and bool(re.fullmatch(file, self.value))

    @property
    def command(self) -> list[str]:
        """The words of a line that runs a file of the tree, from the tree's own folder."""
        return shlex.split(self.value.replace("${REPO_DIR}", "."))

    def why_not(self) -> str:
        """Return why a line cannot be run here; end the rehearsal if nobody knows."""
        for part, reason in ELSEWHERE:
            if part in self.value:
                return reason
        raise SystemExit(
            f"repo2docker generates a line that the rehearsal does not know: say in "
            f"tools/binder_build.py whether it can be run here: {self}"
        )


@dataclass(frozen=True, slots=True)
class Build:
    """What MyBinder would build.

    Attributes:
        python: The version that repo2docker understood, such as 3.12.
        lines: The Dockerfile.
        environment: The environment file, relative to the tree.
        entrypoint: `start`, relative to the tree, if there is one.
    """

    python: str
    lines: tuple[Line, ...]
    environment: str
    entrypoint: str | None


def build(tree: Path) -> Build:
    """Let repo2docker generate the build for a tree, and end the rehearsal if it cannot."""
    done = subprocess.run(
        [sys.executable, *CALL], cwd=tree, capture_output=True, text=True, timeout=SECONDS
    )
    dockerfile = "\n".join(map(str, found := lines(done.stdout)))
    file = re.search(r'env update -p \S+ --file "(.+?)"', dockerfile)
    python = re.search(r"conda environment for python=(\S+)", done.stderr)
    if done.returncode or not file or not python:
        raise SystemExit(f"repo2docker generates no build for this tree: {complaint(done.stderr)}")
    start = re.search(r'^ENV R2D_ENTRYPOINT="\$\{REPO_DIR\}/(.+)"$', dockerfile, re.MULTILINE)
    return Build(python[1], found, file[1], start[1] if start else None)


def frozen(python: str) -> list[str]:
    """Return the Jupyter that an image begins with, in pip's words; the hub's part is left out."""
    lock = f"repo2docker/buildpacks/conda/environment.py-{python}-linux-64.lock"
    listed = Path(str(distribution("jupyter-repo2docker").locate_file(lock))).read_text()
    return [f"{name.removesuffix('-core')}=={number}" for name, number in FROZEN.findall(listed)]


def complaint(said: str) -> str:
    """Return why repo2docker stopped: the error with its place, or else its last words."""
    rows = [row.strip() for row in said.splitlines() if not row.startswith("Exiting application")]
    errors = [
        place for place, row in enumerate(rows) if re.match(r"[\w.]+(Error|Exception)\b", row)
    ]
    return " ".join(rows[errors[-1] :] if errors else rows[-1:]) or "it says nothing"


def lines(dockerfile: str) -> tuple[Line, ...]:
    """Read a Dockerfile, comments left out."""
    rows = [row for row in dockerfile.splitlines() if not row.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(row.rstrip() for row in rows))
    words = [row.split(maxsplit=1) for row in joined.splitlines() if row.strip()]
    return tuple(Line(first, rest[0] if rest else "") for first, *rest in words)
