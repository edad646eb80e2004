"""API v3.0, v3.1 and v3.2: Read with page ranges and numeric confidences, nested errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import ApiError, GatewayError
from . import text_json, v1, v2
from .limits import MAX_PAGES_V3
from .params import check_model_version, read_language
from .query import Query
from .version import DocumentHandler, ErrorBody, Json, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import PageAnalysis
    from ..engines.base import Word
    from ..operations import Progress

READ_CODES = frozenset(
    (
        "InvalidImageFormat", "UnsupportedMediaType", "InvalidImageUrl", "InternalServerError",
        "InvalidImageSize", "BadArgument", "NotSupportedLanguage", "FailedToProcess", "Unspecified",
        "StorageException", "InvalidPageRange", "FailedToDownloadImage", "InvalidImage",
        "UnsupportedImageFormat", "InvalidImageDimension", "InvalidReadingOrder", "InvalidRequest",
    )
)  # fmt: skip
READ_MODEL = "2022-04-30"
"""The `modelVersion` of Read results."""
READ_LANGUAGES = (
    "af", "ast", "az", "be-latn", "bi", "br", "bs", "ca", "ceb", "ch", "cnr-latn", "co", "crh",
    "cs", "csb", "cy", "da", "de", "dsb", "en", "es", "et", "eu", "fi", "fil", "fj", "fo", "fr",
    "fur", "fy", "ga", "gag", "gd", "gil", "gl", "gv", "haw", "hni", "hr", "hsb", "ht", "hu", "ia",
    "id", "is", "it", "iu", "ja", "jv", "kaa", "kac", "kea", "kha", "kk-latn", "kl", "ksh", "ku",
    "ku-latn", "kw", "la", "lb", "lkt", "lt", "mi", "ms", "mt", "mww", "nap", "niu", "nl", "no",
    "oc", "pl", "pt", "quc", "rm", "ro", "sco", "sk", "sl", "sm", "sma", "sme", "smj", "smn", "sms",
    "sq", "sr", "sr-latn", "sv", "sw", "tet", "tk", "to", "tr", "tt", "uz", "vo", "wae", "yua",
    "za", "zh-Hans", "zh-Hant", "zu",
)  # fmt: skip
"""The languages of Read v3.2, without those in scripts that no model here reads."""
EARLY_READ_LANGUAGES = ("en", "es", "fr", "de", "it", "nl", "pt")
"""The languages of Read v3.0 and v3.1."""
READING_ORDERS = ("basic", "natural")
_PAGE_RANGE = re.compile(r"(?a:(\d{1,6})|(\d{0,6})-(\d{0,6}))")

_flat_error = v1.flat_error(v2.V2_CODES)
_read_error = v1.flat_error(READ_CODES)


def progress(operation: Progress) -> Json:
    """Return the status and the times of Get Read Result."""
    return {
        "status": operation.status[0].lower() + operation.status[1:],
        "createdDateTime": _time(operation.created),
        "lastUpdatedDateTime": _time(operation.updated),
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def error_body(error: ApiError, request_id: str, path: str) -> ErrorBody:
    """Return an error as v3.2 sends it: flat for Read, nested for all other operations."""
    if isinstance(error, GatewayError):
        return _flat_error(error, request_id, path)
    if path.startswith("/vision/v3.2/read/"):
        return _read_error(error, request_id, path)
    outer = "InvalidRequest" if error.status < 500 else "InternalServerError"
    inner = _flat_error(error, request_id, path).content["code"]
    detail = {"code": inner, "message": error.message}
    content = {"error": {"code": outer, "message": error.message, "innererror": detail}}
    return ErrorBody(error.status, content)


V3_0 = replace(v2.V2_1, name="v3.0", root="/vision/v3.0", progress=progress)
V3_1 = replace(V3_0, name="v3.1", root="/vision/v3.1")
V3_2 = replace(
    V3_0,
    name="v3.2",
    root="/vision/v3.2",
    error_body=error_body,
    model="2021-05-01",
    validate=check_model_version,
)


def read(query: Query, version: Version) -> DocumentHandler:
    """Read: the pages of an image, a TIFF or a PDF; one model for print and handwriting."""
    newest = bool(version.model)
    read_language(query, READ_LANGUAGES if newest else EARLY_READ_LANGUAGES, "en")
    select = page_numbers(query.names("pages") if newest else ())
    order = query.text("readingOrder", "basic").lower() if newest else "basic"
    if order not in READING_ORDERS:
        message = f"Invalid readingOrder {order[:40]!r}: use basic or natural."
        raise ApiError(400, "InvalidReadingOrder", message)
    head: Json = {"version": f"{version.name.removeprefix('v')}.0"}
    if newest:
        head["modelVersion"] = READ_MODEL

    def plan(count: int) -> ReadPlan:
        numbers = select(count)
        if not numbers:
            message = f"Invalid pages: the last page of the document is {count}."
            raise ApiError(400, "InvalidPageRange", message)
        return ReadPlan(
            numbers,
            lambda page: _page(page, order),
            lambda pages: {"analyzeResult": head | {"readResults": pages}},
        )

    return plan


def page_numbers(ranges: tuple[str, ...]) -> Callable[[int], list[int]]:
    """Parse ranges such as "1", "3-5" and "7-"; an empty tuple selects all pages.

    Returns:
        A function from the number of pages to the first selected ones, at most `MAX_PAGES_V3`.

    Raises:
        ApiError: A range is invalid, or its end is before its start.
    """
    bounds = []
    for text in ranges or ("1-",):
        parts = _PAGE_RANGE.fullmatch(text)
        low, high = 0, 0
        if parts and text != "-":
            first, last = (parts[1],) * 2 if parts[1] else (parts[2] or "1", parts[3] or "999999")
            low, high = int(first), int(last)
        if not 1 <= low <= high:
            message = f"Invalid pages {text[:40]!r}: use a list such as 1,3-5,7-."
            raise ApiError(400, "InvalidPageRange", message)
        bounds.append((low, high))

    def select(count: int) -> list[int]:
        numbers: list[int] = []
        seen = 0
        for low, high in sorted(bounds):
            new = range(max(low, seen + 1), min(high, count) + 1)
            numbers += new[: MAX_PAGES_V3 - len(numbers)]
            seen = max(seen, high)
        return numbers

    return select


def _page(page: PageAnalysis, order: str) -> Json:
    text = page.text
    language = {} if text.language == "unk" else {"language": text.language}
    return {
        "page": page.number,
        **language,
        "angle": round(180 - (180 - text.clockwise) % 360, 4),
        "width": page.width,
        "height": page.height,
        "unit": page.unit,
        "lines": text_json.lines(page, text.lines if order == "natural" else text.rows, _score),
    }


def _score(word: Word) -> float:
    return round(word.confidence, 3)
