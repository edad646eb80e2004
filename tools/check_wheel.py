"""Build the sdist and the wheel into dist/, and try the wheel outside the checkout.

`make wheel` runs it. The wheel is installed in a new environment in a temporary folder: first
without extras, where each feature that needs one has to name the command that installs it, then
with the service, where a sample image has to get its caption. An argument, such as v0.1.0, has to
be the version's tag. `make minimum` adds --lowest: the versions are then the lowest ones that
pyproject.toml allows, and a part of the tests runs with them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.own_service import own_state

ROOT = Path(__file__).parents[1]

DIST = ROOT / "dist"
PACKAGES = ("visionhelpers", "visionservice")
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"
PLAIN = """
import visionhelpers as vh
print(vh.__file__)
caption = {"text": "a cup", "confidence": 1}
vh.draw_caption(vh.sample_path("coffee_cup.jpg"), {"description": {"captions": [caption]}})
vision = vh.VisionClient("http://127.0.0.1", "K")
table = vh.run_batch(vision, "tag", [], progress=False).to_dataframe
for feature in (vh.connect, lambda: vh.Explorer(vision), table):
    try:
        feature()
    except vh.ConfigurationError as error:
        print(error)
"""
WITH_SERVICE = """
import visionhelpers as vh
image = vh.sample_path("coffee_cup.jpg")
vision = vh.connect(local=True)
vh.draw_faces(image, vision.analyze(image, features=["Faces"]))
print(vision.ocr(vh.sample_path("printed_page.jpg"))["language"])
print(vision.describe(image)["description"]["captions"][0]["text"])
"""
TESTS = (
    "tests/client/test_client.py",
    "tests/batch/test_dask.py",
    "tests/batch/test_dataframe.py",
    "tests/drawing/test_draw.py",
    "tests/explorer/test_widget.py",
    "tests/service/test_app.py",
    "tests/service/test_fetch.py",
)
"""Tests that use most of the packages."""


def build() -> Path:
    """Build into an empty dist/, and return the wheel, which is built from the sdist."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], ROOT)
    wheels, sdists = list(DIST.glob("*.whl")), list(DIST.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise SystemExit(f"dist/ has {len(wheels)} wheels and {len(sdists)} sdists")
    return wheels[0]


def check_content(wheel: Path) -> None:
    """Compare the files in the wheel with the packages in the checkout."""
    listed = run(["git", "ls-files", "-z", "--", *PACKAGES], ROOT)
    wanted = {name for name in listed.split("\0") if (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    packed = {name for name in names if ".dist-info/" not in name}
    for kind in ("*.jpg", "*.csv", "*.js", "py.typed"):
        if not any(Path(name).match(kind) for name in packed):
            raise SystemExit(f"{wheel.name} has no {kind}")
    if missing := sorted(wanted - packed):
        raise SystemExit(f"{wheel.name} misses {', '.join(missing)}")
    if more := sorted(packed - wanted):
        raise SystemExit(f"{wheel.name} has files that git does not track: {', '.join(more)}")
    size = wheel.stat().st_size / 1e6
    print(f"{wheel.name}: {len(packed)} files, {size:.1f} MB, as in the checkout; no tests")


def check_version(wheel: Path, tag: str) -> None:
    """Compare a tag, such as v0.1.0, with the version of the wheel."""
    version = wheel.name.split("-")[1]
    if tag != f"v{version}":
        raise SystemExit(f"The tag is {tag}, and the version is {version}")
    print(f"The tag {tag} is the version of the wheel")


def check_installed(wheel: Path, folder: Path, lowest: bool) -> None:
    """Install the wheel in a new environment, without the service and with it."""
    run([sys.executable, "-m", "venv", str(folder / "environment")], folder)
    python = str(folder / "environment" / SCRIPTS / "python")
    install(python, wheel, [], folder, lowest)
    location, *errors = run([python, "-c", PLAIN], folder).splitlines()
    if not Path(location).resolve().is_relative_to(folder.resolve()):
        raise SystemExit(f"The package was imported from {location}, not from the wheel")
    errors.append(run([python, "-m", "visionservice"], folder, status=1).strip())
    for extra, error in zip(("service", "explorer", "batch", "service"), errors, strict=True):
        if f'run pip install ".[{extra}]"' not in error or "\n" in error:
            raise SystemExit(f"Without {extra}, no error names the command: {error}")
        print(error)
    print(run([str(Path(python).with_name("visionhelpers")), "--version"], folder).strip())
    install(python, wheel, ["service"], folder, lowest)
    *_, language, caption = run([python, "-c", WITH_SERVICE], folder).splitlines()
    if "cup" not in caption or language != "en":
        raise SystemExit(f"coffee_cup.jpg got the caption {caption!r}, and a page {language!r}")
    print(f"With the service: coffee_cup.jpg shows {caption}")
    if lowest:
        install(python, wheel, ["notebooks", "parquet"], folder, lowest)
        run([python, "-m", "pip", "install", "--quiet", "pip>=25.1"], folder)
        run([python, "-m", "pip", "install", "--quiet", "--group", "test"], ROOT)
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
        print(run(command, ROOT).splitlines()[-1])


def install(python: str, wheel: Path, extras: list[str], folder: Path, lowest: bool) -> None:
    """Install a wheel with extras, on request in the lowest versions that pyproject.toml allows."""
    name = f"visionhelpers[{','.join(extras)}]" if extras else "visionhelpers"
    command = [python, "-m", "pip", "install", "--quiet", f"{name} @ {wheel.as_uri()}"]
    if lowest:
        pins = str(folder / "pins.txt")
        resolve = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--python", python]
        resolve += ["--resolution", "lowest-direct", "--output-file", pins]
        resolve += [f"--extra={extra}" for extra in extras]
        run([*resolve, str(ROOT / "pyproject.toml")], folder)
        command += ["--constraint", pins]
    print(f"{name}, {'lowest' if lowest else 'latest'} versions:", flush=True)
    run(command, folder)


def run(command: list[str], folder: Path, status: int = 0) -> str:
    """Run a command in a folder, and return what it printed; end if its exit status is another."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if ended.returncode != status:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{ended.stdout}{ended.stderr}")
    return ended.stderr if status else ended.stdout


def main() -> None:
    os.environ.pop("PYTHONPATH", None)  # it may lead to the checkout
    parser = ArgumentParser(description="Build the wheel, and try it outside the checkout.")
    parser.add_argument("tag", nargs="?", help="tag of a release, such as v0.1.0")
    parser.add_argument("--lowest", action="store_true", help="install the lowest versions")
    options = parser.parse_args()
    wheel = build()
    if options.tag:
        check_version(wheel, options.tag)
    check_content(wheel)
    with own_state(), tempfile.TemporaryDirectory(prefix="visionhelpers-wheel-") as name:
        check_installed(wheel, Path(name), options.lowest)


if __name__ == "__main__":
    main()
