"""API v3.0, v3.1 and v3.2: Read with page ranges, reading orders and numeric confidences."""

import re
from collections.abc import Callable
from functools import partial

from ..analysis import PageAnalysis
from ..errors import ApiError, invalid_parameter
from . import text_json
from .query import Query
from .version import Json, ReadPlan, Version

MAX_PAGES = 2000
_PAGE_RANGE = re.compile(r"(?a:(?!-$)(\d{0,6})-(\d{0,6}))")


def read(query: Query, version: Version) -> ReadPlan:
    """Read: the pages of an image, a TIFF or a PDF; one model for print and handwriting."""
    head: Json = {"version": f"{version.number}.0"}
    if version.number < 3.2:
        query.read_language("Read v3.0", "en")
        select, natural = page_numbers(()), False
    else:
        query.read_language("Read v3.2", "en")
        select, code = page_numbers(query.names("pages")), "InvalidReadingOrder"
        order = query.choice("readingOrder", "basic", "natural", default="basic", code=code)
        head["modelVersion"], natural = "2022-04-30", order == "natural"

    return ReadPlan(
        partial(_page, natural=natural),
        lambda pages: {"analyzeResult": head | {"readResults": pages}},
        select,
    )


def page_numbers(ranges: tuple[str, ...]) -> Callable[[int], list[int]]:
    """Return a function from the number of pages to those in ranges such as 1, 3-5 and 7-.

    It returns at most `MAX_PAGES`, without ranges the first ones, and raises ApiError for none.
    """
    bounds = []
    for text in ranges or ("1-",):
        parts = _PAGE_RANGE.fullmatch(text if "-" in text else f"{text}-{text}")
        low, high = (int(parts[1] or 1), int(parts[2] or 999_999)) if parts else (0, 0)
        if not 1 <= low <= high:
            raise invalid_parameter("pages", text, "a list such as 1,3-5,7-", "InvalidPageRange")
        bounds.append((low, high))

    def select(count: int) -> list[int]:
        numbers: list[int] = []
        for low, high in sorted(bounds):
            first = max(low, numbers[-1] + 1) if numbers else low
            numbers += range(first, min(high, count) + 1)[: MAX_PAGES - len(numbers)]
        if not numbers:
            message = f"Invalid pages: the last page of the document is {count}."
            raise ApiError(400, "InvalidPageRange", message)
        return numbers

    return select


def _page(page: PageAnalysis, natural: bool) -> Json:
    text = page.image.ocr()
    head: Json = {} if text.language == "unk" else {"language": text.language}
    head["angle"] = round(180 - (180 - text.clockwise) % 360, 4)
    lines = text.lines if natural else text.rows
    return text_json.page(page, head, lines, lambda confidence: round(confidence, 3))
