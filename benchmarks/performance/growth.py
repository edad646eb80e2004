"""The cost of one request against the size of the image, and the number of faces and lines."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measures import match_lines, tesseract
from benchmarks.performance.goals import at_most
from benchmarks.performance.images import jpeg, page, photograph, portraits
from benchmarks.performance.timing import Cost, Service, seconds
from benchmarks.reading import MISSING, lines_of
from benchmarks.rows import Row, say

MEGAPIXELS = (0.3, 1, 4, 12)
FACES = (1, 6, 20, 54)
LINES = (1, 20, 100, 200)
GROUP = "growth"
PER_FACE_MS = 55
"""What a face may take to be found and named."""


def measure(service: Service) -> Iterator[Row]:
    """Give the rows about megapixels, faces and lines."""
    yield from _megapixels(service)
    yield from _faces(service)
    yield from _lines(service)


def _text(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s, CPU {cost.cpu:.2f} s"


def _megapixels(service: Service) -> Iterator[Row]:
    """Give the cost of describing one photograph in four sizes."""
    say(GROUP, f"describe at {MEGAPIXELS} megapixels")
    images = [photograph(size) for size in MEGAPIXELS]
    costs = service.costs(*(lambda image=image: service.vision.describe(image) for image in images))
    for size, cost in zip(MEGAPIXELS, costs, strict=True):
        yield Row(GROUP, f"describe, {size:g} megapixels", _text(cost))
    ratio = costs[-1].seconds / costs[0].seconds
    measure = f"describe, {MEGAPIXELS[-1]:g} against {MEGAPIXELS[0]:g} megapixels"
    yield Row(GROUP, measure, f"{ratio:.2f}", "1", *at_most(ratio, 2))


def _faces(service: Service) -> Iterator[Row]:
    """Give the cost of finding faces, with their ages and genders, and of naming them."""
    for count in FACES:
        say(GROUP, f"{count} faces")
        image, vision = portraits(count), service.vision
        find, name = service.costs(
            lambda: vision.analyze(image, features=["Faces"]),  # noqa: B023  called at once
            lambda: vision.celebrities(image),  # noqa: B023
        )
        found = len(vision.analyze(image, features=["Faces"])["faces"])
        yield Row(GROUP, f"find {count} faces, with ages", f"{_text(find)}, {found} found")
        each = name.seconds / count * 1000
        goal = at_most(each, PER_FACE_MS, " ms a face") if count > 1 else ()
        yield Row(GROUP, f"name {count} faces", f"{_text(name)}, {each:.0f} ms a face", "-", *goal)


def _lines(service: Service) -> Iterator[Row]:
    """Give the cost of reading a drawn page, and Tesseract's seconds for the same file."""
    for count in LINES:
        say(GROUP, f"{count} lines")
        drawn = page(count)
        data = jpeg(drawn.image)
        (ours,) = service.costs(lambda: service.vision.ocr(data))  # noqa: B023  called at once
        read = lines_of(dict(service.vision.ocr(data)))
        right = sum(drawn.lines[i] == read[j] for i, j in match_lines(drawn.lines, read))
        theirs = seconds(lambda: tesseract(data, 3))  # noqa: B023
        measure, figure = f"ocr of {count} lines", f"{_text(ours)}, {right} right"
        if tesseract(jpeg(page(1).image)) is None:
            yield Row(GROUP, measure, figure, MISSING)
            continue
        ratio = ours.seconds / theirs
        other = f"{theirs:.2f} s Tesseract, ours {ratio:.2f}"
        goal = at_most(ratio, 0.1, " of Tesseract's") if count == 100 else ()
        yield Row(GROUP, measure, figure, other, *goal)
