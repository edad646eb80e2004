"""Import of the package, and the first caption of a new service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.own_service import own_state
from benchmarks.performance.goals import at_most
from benchmarks.performance.timing import in_turns, seconds
from benchmarks.rows import Row, say

GROUP = "start"
FIRST_CAPTION = (
    "import visionhelpers as v; "
    "v.connect().describe(v.sample_path('chelsea_the_cat.jpg'))['description']['captions'][0]"
)


def measure() -> Iterator[Row]:
    """Give the rows; each call runs in a new interpreter."""
    say(GROUP, "import")
    ours, theirs = in_turns(
        _python("import visionhelpers"), _python("import requests, PIL.Image"), rounds=11
    )
    measure, ratio = "import visionhelpers", ours / theirs
    other = f"{theirs:.2f} s import requests, PIL.Image"
    yield Row(GROUP, measure, f"{ratio:.2f} ({ours:.2f} s)", other, *at_most(ratio, 1.5))
    say(GROUP, "the first caption")
    first, *times = [_first_caption() for _ in range(4)]
    yield Row(GROUP, "from nothing to the first caption, first time", f"{first:.1f} s")
    took = median(times)
    measure = "from nothing to the first caption, then"
    yield Row(GROUP, measure, f"{took:.1f} s", "-", *at_most(took, 2, " s"))


def _python(code: str) -> Callable[[], object]:
    quiet = subprocess.DEVNULL
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, stdout=quiet)


def _first_caption() -> float:
    """Return the seconds from an empty state folder to a caption."""
    with own_state():
        return seconds(_python(FIRST_CAPTION))
