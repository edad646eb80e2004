"""What each version of the API is asked, and how its answers take the shapes of v1.0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import degrees
from typing import Any

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the API.

    Attributes:
        reading: The operation that reads handwriting.
        results: Where its result is asked for.
        asks: The parameters of that operation.
        recognised: Gives its finished answer the shape of Recognize Text.
        read: Gives the answer of OCR the shape of v1.0.
    """

    reading: str
    results: str
    asks: Callable[[bool], dict[str, str]]
    recognised: Callable[[Answer], Answer]
    read: Callable[[Answer], Answer]


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _handwriting(written: bool) -> dict[str, str]:
    return {"handwriting": "true" if written else "false"}


def _natural(_: bool) -> dict[str, str]:
    """Read tells print from handwriting by itself; columns are read one after the other."""
    return {"readingOrder": "natural"}


def _from_read(operation: Answer) -> Answer:
    """Turn the pages of Read into the lines of Recognize Text, which know no more than these."""
    pages = operation["analyzeResult"]["readResults"]
    lines = [_line(line) for page in pages for line in page["lines"]]
    return {"status": "Succeeded", "recognitionResult": {"lines": lines}}


def _line(line: Answer) -> Answer:
    words = [{"boundingBox": _whole(w["boundingBox"]), "text": w["text"]} for w in line["words"]]
    return {"boundingBox": _whole(line["boundingBox"]), "text": line["text"], "words": words}


def _whole(box: list[float]) -> list[int]:
    return [round(number) for number in box]


def _in_degrees(answer: Answer) -> Answer:
    if "textAngle" in answer:
        answer["textAngle"] = round(degrees(answer["textAngle"]), 4)
    return answer


DIALECTS = {
    "v1.0": Dialect("recognizeText", "textOperations", _handwriting, _as_it_is, _as_it_is),
    "v3.2": Dialect("read/analyze", "read/analyzeResults", _natural, _from_read, _in_degrees),
}
"""The versions that the client speaks."""
