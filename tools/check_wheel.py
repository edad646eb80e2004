"""Build the sdist and the wheel into dist/, and try the wheel outside the checkout.

`make wheel` runs it. The wheel is installed in a new environment in a temporary folder: first
without the service, where connect() has to name the command that installs it, then with it, where
a sample image has to get its caption. An argument, such as v0.1.0, has to be the version's tag.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.own_service import own_state  # noqa: E402  from the root of the checkout

DIST = ROOT / "dist"
PACKAGES = ("visionhelpers", "visionservice")
WITHOUT_SERVICE = """
import visionhelpers as vh
try:
    vh.connect(local=True)
except vh.ConfigurationError as error:
    print(error)
"""
WITH_SERVICE = """
import visionhelpers as vh
print(vh.__file__)
result = vh.connect(local=True).describe(vh.sample_path("coffee_cup.jpg"))
print(result["description"]["captions"][0]["text"])
"""


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


def check_installed(wheel: Path, folder: Path) -> None:
    """Install the wheel in a new environment, without the service and with it."""
    run([sys.executable, "-m", "venv", str(folder / "environment")], folder)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    python = str(folder / "environment" / scripts / "python")
    install(python, str(wheel), folder)
    said = run([python, "-c", WITHOUT_SERVICE], folder).strip()
    if "is not installed" not in said or "pip install" not in said:
        raise SystemExit(f"Without the service, connect() names no command: {said or 'no error'}")
    print(f"Without the service: {said}")
    install(python, f"{wheel}[service]", folder)
    said = run([python, "-c", WITH_SERVICE], folder)
    location, caption = said.strip().splitlines()[0], said.strip().splitlines()[-1]
    if not Path(location).resolve().is_relative_to(folder.resolve()):
        raise SystemExit(f"The package was imported from {location}, not from the wheel")
    if "cup" not in caption:
        raise SystemExit(f"With the service, coffee_cup.jpg got the caption {caption!r}")
    print(f"With the service: coffee_cup.jpg shows {caption}")


def install(python: str, requirement: str, folder: Path) -> None:
    print(f"pip install {requirement}", flush=True)
    run([python, "-m", "pip", "install", "--quiet", requirement], folder)


def run(command: list[str], folder: Path) -> str:
    """Run a command in a folder, and return what it printed; end with its errors if it fails."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if ended.returncode:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def main() -> None:
    os.environ.pop("PYTHONPATH", None)  # it may lead to the checkout
    wheel = build()
    if len(sys.argv) > 1:
        check_version(wheel, sys.argv[1])
    check_content(wheel)
    with own_state(), tempfile.TemporaryDirectory(prefix="visionhelpers-wheel-") as name:
        check_installed(wheel, Path(name))


if __name__ == "__main__":
    main()
