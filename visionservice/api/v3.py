"""API v3.0, v3.1 and v3.2: Read with pages and numbers, and errors in an envelope."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, GatewayError
from ..imaging.document import DOCUMENTS
from ..imaging.probe import InputLimits
from . import v1, v2
from .query import Query
from .version import DocumentHandler, ErrorBody, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import PageAnalysis
    from ..engines.base import Word
    from ..operations import Progress

Json = dict[str, Any]

READ_CODES = frozenset(
    (
        "InvalidImageFormat", "UnsupportedMediaType", "InvalidImageUrl", "InternalServerError",
        "InvalidImageSize", "BadArgument", "NotSupportedLanguage", "FailedToProcess", "Unspecified",
        "StorageException", "InvalidPageRange", "FailedToDownloadImage", "InvalidImage",
        "UnsupportedImageFormat", "InvalidImageDimension", "InvalidReadingOrder", "InvalidRequest",
    )
)  # fmt: skip
DOCUMENT = InputLimits(longest=10_000, formats=DOCUMENTS, bytes=50 * 1024 * 1024)
MOST_PAGES = 2000
# fmt: off
LANGUAGES = (
    "af", "ast", "bi", "br", "ca", "ceb", "ch", "co", "crh", "cs", "csb", "da", "de", "en", "es",
    "et", "eu", "fi", "fil", "fj", "fr", "fur", "fy", "ga", "gd", "gil", "gl", "gv", "hni", "hsb",
    "ht", "hu", "ia", "id", "it", "iu", "ja", "jv", "kaa", "kac", "kea", "kha", "kl", "ko", "ku",
    "kw", "lb", "ms", "mww", "nap", "nl", "no", "oc", "pl", "pt", "quc", "rm", "sco", "sl", "sq",
    "sv", "sw", "tet", "tr", "tt", "uz", "vo", "wae", "yua", "za", "zh-Hans", "zh-Hant", "zu",
)
# fmt: on
EARLY_LANGUAGES = ("en", "es", "fr", "de", "it", "nl", "pt")
"""What v3.0 and v3.1 read."""
ORDERS = ("basic", "natural")
MODEL = re.compile(r"(latest|\d{4}-\d{2}-\d{2})(-preview)?")
_PAGES = re.compile(r"(?a:(\d{1,6})|(\d{0,6})-(\d{0,6}))")

_flat = v1.flat_error(v2.CODES)
_read = v1.flat_error(READ_CODES)


def progress(done: Progress) -> Json:
    """Get Read Result: the text is absent until it is finished."""
    status = done.status[0].lower() + done.status[1:]
    times = {"createdDateTime": _time(done.created), "lastUpdatedDateTime": _time(done.updated)}
    return {"status": status} | times


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _enveloped(error: ApiError, request_id: str, path: str) -> ErrorBody:
    """Word an error as v3.2 does: Read's is flat, all others are wrapped with an inner error."""
    if isinstance(error, GatewayError):
        return _flat(error, request_id, path)
    if path.startswith("/vision/v3.2/read/"):
        return _read(error, request_id, path)
    outer = "InvalidRequest" if error.status < 500 else "InternalServerError"
    inner = _flat(error, request_id, path).content["code"]
    detail = {"code": inner, "message": error.message}
    content = {"error": {"code": outer, "message": error.message, "innererror": detail}}
    return ErrorBody(error.status, content)


V3_0 = replace(v2.V2_1, name="v3.0", root="/vision/v3.0", progress=progress)
V3_1 = replace(V3_0, name="v3.1", root="/vision/v3.1")
READ_MODEL = "2022-04-30"


def validate(query: Query) -> None:
    """Refuse a `model-version` that is none; each of them is answered by the same models."""
    asked = query.text("model-version")
    if asked and not MODEL.fullmatch(asked):
        message = f"model-version is latest or a date such as 2021-05-01, not {asked[:40]!r}."
        raise ApiError(400, "BadArgument", message)


V3_2 = replace(
    V3_0,
    name="v3.2",
    root="/vision/v3.2",
    error_body=_enveloped,
    model="2021-05-01",
    validate=validate,
)


def read(query: Query, version: Version) -> DocumentHandler:
    """Read: the pages of a picture, a TIFF or a PDF, one model for print and handwriting."""
    newest = bool(version.model)
    v1.read_language(query, LANGUAGES if newest else EARLY_LANGUAGES, "en")
    asked = page_numbers(query.names("pages") if newest else ())
    order = query.text("readingOrder", "basic").lower() if newest else "basic"
    if order not in ORDERS:
        message = f"readingOrder is basic or natural, but it is {order[:40]!r}."
        raise ApiError(400, "InvalidReadingOrder", message)

    head: Json = {"version": f"{version.name.removeprefix('v')}.0"}
    if newest:
        head["modelVersion"] = READ_MODEL

    def plan(count: int) -> ReadPlan:
        numbers = asked(count)
        if not numbers:
            message = f"Invalid pages: the document has only {count}."
            raise ApiError(400, "InvalidPageRange", message)
        return ReadPlan(
            numbers,
            lambda page: _page(page, order),
            lambda pages: {"analyzeResult": head | {"readResults": pages}},
        )

    return plan


def page_numbers(ranges: tuple[str, ...]) -> Callable[[int], list[int]]:
    """Understand "1,3-5,7-"; give, of so many pages, the first that are meant, all for none.

    Raises:
        ApiError: A range is none, or ends before it begins.
    """
    bounds = []
    for text in ranges or ("1-",):
        parts = _PAGES.fullmatch(text)
        if parts is None or text == "-":
            message = f"pages is a list such as 1,3-5,7-, but {text[:40]!r} is no page or range."
            raise ApiError(400, "InvalidPageRange", message)
        first, last = (parts[1], parts[1]) if parts[1] else (parts[2] or "1", parts[3] or "999999")
        if not 1 <= int(first) <= int(last):
            message = f"Pages count from 1 and go up, unlike {text[:40]!r}."
            raise ApiError(400, "InvalidPageRange", message)
        bounds.append((int(first), int(last)))

    def among(pages: int) -> list[int]:
        numbers: list[int] = []
        seen = 0
        for low, high in sorted(bounds):
            new = range(max(low, seen + 1), min(high, pages) + 1)
            numbers += new[: MOST_PAGES - len(numbers)]
            seen = max(seen, high)
        return numbers

    return among


def _page(page: PageAnalysis, order: str) -> Json:
    text = page.text
    angle = 180 - (180 - text.clockwise) % 360
    return {
        "page": page.number,
        **({} if text.language == "unk" else {"language": text.language}),
        "angle": round(angle, 4),
        "width": page.width,
        "height": page.height,
        "unit": page.unit,
        "lines": v2.lines(page, text.lines if order == "natural" else text.rows, _graded),
    }


def _graded(word: Word) -> Json:
    return {"confidence": round(word.confidence, 3)}
