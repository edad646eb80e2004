"""Pages drawn here, with columns or many lines: lines lost, doubled, upside down, out of order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from benchmarks.measures import distance, in_order
from benchmarks.rows import NONE, Row, say, share
from benchmarks.variants import turned
from visionhelpers import VisionClient

HANDS = {
    "fonts-breip": Path("/usr/share/fonts/truetype/breip/Breip.ttf"),
    "fonts-rufscript": Path("/usr/share/fonts/truetype/rufscript/Rufscript010.ttf"),
}
"""Debian packages with a font that looks like handwriting."""

PRINT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
TURNS = (0, 30, 110, 180)
LEAST_ALIKE = 0.5
STORY = """We left the harbour before
the sun had risen over the hills
My brother carried the basket
with bread and two apples in it
The path went up through a wood
where small birds were singing
Nobody had told us how steep
it would be or how many hours
At noon we sat beside a stream
and ate everything we had packed
Then came the rain and we ran
to a hut that stood quite empty
An old man with a grey dog
opened the door and asked us in
He gave us hot tea and told us
of a ship that never came home
When the sky was clear again
we thanked him and walked down""".splitlines()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page and its lines, in reading order."""

    image: Image.Image
    lines: Sequence[str]


def measure(vision: VisionClient) -> Iterator[Row]:
    """Give the rows about drawn pages; a font that is not installed is named."""
    for package, font in HANDS.items():
        name = f"{len(STORY)} lines in a hand, {len(TURNS)} turns: lost, doubled, upside down"
        if not font.exists():
            yield Row("text", f"{name} ({package})", "not installed")
            continue
        counts = [_faults(vision, by_hand(font), turn) for turn in TURNS]
        lost, doubled, over = (sum(column) for column in zip(*counts, strict=True))
        found = f"{lost}, {doubled}, {over}"
        yield Row("text", f"{name} ({package})", found, NONE, "0, 0, 0", found == "0, 0, 0")
    for columns in (2, 3):
        say("text", f"{columns} columns")
        page = in_columns(columns)
        kept, pairs = in_order(page.lines, [text for text, _ in _read(vision, page.image)])
        every = len(page.lines) * (len(page.lines) - 1) // 2
        measure = f"pairs of lines in order, {columns} columns under a heading"
        yield Row("text", measure, share(kept, every), NONE, "all", kept == pairs == every)


def by_hand(font: Path, size: int = 40) -> Drawn:
    """Draw many lines on ruled paper."""
    image = Image.new("RGB", (900, 80 + len(STORY) * 56), "ivory")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(STORY):
        draw.line((0, 96 + number * 56, 900, 96 + number * 56), "lightblue", 2)
        place = 60 + number * 7 % 30, 52 + number * 56
        draw.text(place, line, "midnightblue", ImageFont.truetype(font, size))
    return Drawn(image, STORY)


def in_columns(columns: int) -> Drawn:
    """Draw print in columns, under a heading as wide as all of them."""
    image = Image.new("RGB", (60 + 460 * columns, 620), "white")
    draw = ImageDraw.Draw(image)
    heading = " ".join(["A day in the hills"] * columns)
    draw.text((60, 40), heading, "black", ImageFont.truetype(PRINT, 44))
    font, each = ImageFont.truetype(PRINT, 24), len(STORY) // columns
    for number, line in enumerate(STORY):
        place = 60 + 460 * (number // each), 160 + 44 * (number % each)
        draw.text(place, line, "black", font)
    return Drawn(image, [heading, *STORY])


def _read(vision: VisionClient, image: Image.Image) -> list[tuple[str, tuple[int, int]]]:
    """Return the lines with the step from their first corner to their second."""
    result: dict[str, Any] = vision.recognize_text(image)
    lines = result["recognitionResult"]["lines"]
    boxes = [line["boundingBox"] for line in lines]
    steps = [(box[2] - box[0], box[3] - box[1]) for box in boxes]
    return [(line["text"], step) for line, step in zip(lines, steps, strict=True)]


def _faults(vision: VisionClient, page: Drawn, turn: int) -> tuple[int, int, int]:
    """Count the lines lost, read more than once, and read against the page's direction."""
    say("text", f"a drawn page turned by {turn}")
    found = _read(vision, turned(page.image, turn).image)
    costs = [[distance(line, text) / len(line) for line in page.lines] for text, _ in found]
    seen = Counter(row.index(min(row)) for row in costs if min(row) <= LEAST_ALIKE)
    along = [sum(step[axis] for _, step in found) for axis in (0, 1)]
    over = sum(step[0] * along[0] + step[1] * along[1] < 0 for _, step in found)
    return len(page.lines) - len(seen), sum(seen.values()) - len(seen), over
