"""The place in which the rehearsal runs what MyBinder would run in its image."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import binder_memory

STEP_SECONDS = 3600
"""MyBinder allows a build one hour."""
KEPT = re.compile(r"(?i)PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|.*_PROXY|TZ|LANG|LC_ALL")
"""The variables of this machine that say how to reach package registries; no other is passed on."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the lines are run.

    Attributes:
        tree: The clean copy, which on MyBinder is the home folder too.
        prefix: The virtual environment.
    """

    tree: Path
    prefix: Path

    def environment(self) -> dict[str, str]:
        """Return the variables that the image would have, as far as they matter."""
        kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        path = (self.prefix / "bin", self.tree / ".local/bin", *os.defpath.split(os.pathsep))
        return kept | {
            "HOME": str(self.tree),
            "REPO_DIR": str(self.tree),
            "NB_PYTHON_PREFIX": str(self.prefix),
            "KERNEL_PYTHON_PREFIX": str(self.prefix),
            "PATH": os.pathsep.join(map(str, path)),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, command: Sequence[str], folder: str = ".") -> None:
        """Run a command in a folder of the tree, and say how long it took."""
        begin = time.monotonic()
        shown = shlex.join(command).replace(f"{self.prefix}/bin/", "")
        try:
            done = subprocess.run(
                command,
                cwd=self.tree / folder,
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=STEP_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise SystemExit(f"`{shown}` in {folder} took longer than a build may") from error
        finally:
            binder_memory.end(self.tree)  # a line of a build leaves no process behind
        said = done.stdout.decode(errors="replace").strip().splitlines()
        if done.returncode:
            print("\n".join(said[-20:]), file=sys.stderr)
            raise SystemExit(f"`{shown}` failed in {folder}: {decisive(said)}")
        tell("run", f"{shown}, in {folder}: {time.monotonic() - begin:.0f} s")


def decisive(said: list[str]) -> str:
    """Return the line of an output that contains the error, or else its last line."""
    errors = [line for line in said if re.match(r"(ERROR|\w*Error)\b", line)]
    return (errors or said or ["it said nothing"])[-1]


def tell(what: str, text: str) -> None:
    """Print a row of the report."""
    print(f"{what:<14}{text}", flush=True)
