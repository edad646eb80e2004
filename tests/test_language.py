"""Words that CONTRIBUTING asks the client half to avoid: the API and the field have others."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "visionhelpers"
WORDS = re.compile(
    r"\b(pictures?|photographs?|answers?|whoever|anew|seldom|lest|askew|otherwise|of late|so many"
    r"|under way|of its own|by itself|as a rule|to be had|tell whether)\b",
    re.IGNORECASE,
)


def test_the_client_half_uses_standard_words() -> None:
    files = [path for path in PACKAGE.rglob("*.[pj][ys]") if "service" not in path.parts]
    assert len(files) > 30
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert not found, "\n".join(found)
