"""How well text is read, beside Tesseract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import drawing
from benchmarks.measures import character_errors, in_order, tesseract
from benchmarks.rows import NONE, Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import NOTHING, Variant, quarter_turns, tilted, unchanged, upright
from visionhelpers import VisionClient

MISSING = "not installed"
FACING = {0: "Up", 90: "Right", 180: "Down", 270: "Left"}
Lines = list[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one variant of a page; `theirs` is None without Tesseract."""

    page: Known
    variant: Variant
    ours: Lines
    theirs: Lines | None

    @property
    def errors(self) -> int:
        """Our wrong characters."""
        return character_errors(self.truth, self.ours)

    @property
    def their_errors(self) -> int | None:
        """Tesseract's wrong characters."""
        return None if self.theirs is None else character_errors(self.truth, self.theirs)

    @property
    def truth(self) -> Lines:
        """What stands there."""
        lines: Lines = self.page.facts["lines"]
        return lines

    @property
    def length(self) -> int:
        """How many characters stand there."""
        return sum(map(len, self.truth))


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about text."""
    pages = list(truth.having("lines"))
    found = readings(vision, truth)
    for reading in (r for r in found if r.variant.name == NOTHING):
        limit = 0.0 if reading.page.handwritten else 0.03
        yield errors(f"characters wrong, {reading.page.path.name}", [reading], limit)
    if pages:
        yield errors(f"characters wrong, {len(found)} variants", found)
        worst = max(found, key=lambda r: r.errors / r.length)
        where = f"{worst.page.path.name} {worst.variant.name}"
        row = errors(f"characters wrong at worst, {where}", [worst])
        yield replace(row, goal=NONE, holds=None)
        yield _order(found)
        yield from _orientation(vision, pages)
    yield from _nothing(vision, truth)
    yield from drawing.measure(vision)


def readings(vision: VisionClient, truth: Truth) -> list[Reading]:
    """Read every variant of every page whose lines are known."""
    return [
        read(vision, page, variant)
        for page in truth.having("lines")
        for variants in (upright, quarter_turns, tilted)
        for variant in variants(page.image)
    ]


def lines_of(result: dict[str, Any]) -> Lines:
    """Return the text of each line of an OCR result."""
    lines = (line for region in result["regions"] for line in region["lines"])
    return [" ".join(word["text"] for word in line["words"]) for line in lines]


def read(vision: VisionClient, page: Known, variant: Variant) -> Reading:
    """Read one variant of a page over HTTP, and with Tesseract."""
    say("text", f"{page.path.name}, {variant.name}")
    if page.handwritten:
        result = vision.recognize_text(variant.data)
        ours = [line["text"] for line in result["recognitionResult"]["lines"]]
    else:
        ours = lines_of(vision.ocr(variant.data))
    tries = [_lines(tesseract(variant.data, mode)) for mode in (1, 6)]
    known = [lines for lines in tries if lines is not None]
    theirs = min(known, key=lambda t: character_errors(page.facts["lines"], t), default=None)
    return Reading(page, variant, ours, theirs)


def _lines(printed: str | None) -> Lines | None:
    return (
        None if printed is None else [line.strip() for line in printed.splitlines() if line.strip()]
    )


def errors(measure: str, readings: Sequence[Reading], limit: float | None = None) -> Row:
    """Compare errors with Tesseract's; without a limit, ours may be a tenth of its."""
    length = sum(reading.length for reading in readings)
    ours = sum(reading.errors for reading in readings) / length
    their = [reading.their_errors for reading in readings]
    theirs = None if None in their else sum(filter(None, their)) / length
    if limit is None:
        goal, holds = "a tenth of Tesseract's", None if theirs is None else ours <= theirs / 10
    else:
        goal, holds = f"at most {limit:.0%}", ours <= limit
    return Row("text", measure, f"{ours:.1%}", _percent(theirs), goal, holds)


def _percent(theirs: float | None) -> str:
    return MISSING if theirs is None else f"{theirs:.1%} Tesseract"


def _order(readings: Sequence[Reading]) -> Row:
    ours = [
        sum(column) for column in zip(*(in_order(r.truth, r.ours) for r in readings), strict=True)
    ]
    known = [in_order(r.truth, r.theirs) for r in readings if r.theirs is not None]
    theirs = share(*(sum(column) for column in zip(*known, strict=True))) if known else MISSING
    return Row("text", "pairs of lines found, in the truth's order", share(*ours), theirs)


def _orientation(vision: VisionClient, pages: Sequence[Known]) -> Iterator[Row]:
    """Judge the side that the text's top faces, and the angle against the page as it is."""
    sides, angles, theirs, asked = 0, 0, 0, 0
    for page in pages:
        say("text", f"orientation of {page.path.name}")
        straight = vision.ocr(page.path)["textAngle"]
        for variant in (
            unchanged(page.image),
            *quarter_turns(page.image),
            *tilted(page.image),
        ):
            result, quarter = (
                vision.ocr(variant.data),
                variant.turn if variant.turn in FACING else 0,
            )
            asked += 1
            sides += result["orientation"] == FACING[quarter]
            expected = straight - (variant.turn - quarter)
            angles += abs(result["textAngle"] - expected) <= 2
            printed = tesseract(variant.data, 0) or ""
            found = re.search(r"Rotate: (\d+)", printed)
            theirs += found is not None and int(found[1]) == (360 - quarter) % 360
    other = (
        MISSING
        if tesseract(pages[0].path.read_bytes(), 0) is None
        else f"{share(theirs, asked)} Tesseract"
    )
    yield Row(
        "text",
        "orientation of turned and tilted pages",
        share(sides, asked),
        other,
        "all",
        sides == asked,
    )
    yield Row("text", "their angle within 2 degrees", share(angles, asked))


def _nothing(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Count the words read on images without any, turned ones too."""
    blank = [known for known in truth.having("words") if not known.facts["words"]]
    ours, theirs = 0, 0
    for known in blank:
        say("text", f"none on {known.path.name}")
        for variant in (unchanged(known.image), *quarter_turns(known.image)):
            ours += sum(len(line.split()) for line in lines_of(vision.ocr(variant.data)))
            theirs += len((tesseract(variant.data) or "").split())
    if blank:
        other = MISSING if tesseract(blank[0].path.read_bytes()) is None else f"{theirs} Tesseract"
        measure = f"words on {len(blank)} images without text, in 4 turns"
        yield Row("text", measure, str(ours), other, "0", ours == 0)
