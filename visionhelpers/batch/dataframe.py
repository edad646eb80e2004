"""A table of many answers: a row for each picture, whatever the operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import results as answers
from ..errors import VisionError

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
COLUMNS = {
    "picture": "string", "caption": "string", "confidence": "float64", "tags": "object",
    "words": "string", "faces": "Int64", "names": "object", "error": "string",
    "seconds": "float64",
}  # fmt: skip


def row(picture: str, answer: Mapping[str, Any] | None, error: str, seconds: float) -> Row:
    """Return a picture's row; what its operation does not look for is None.

    `caption` is a sentence and `confidence` its own, `tags` a list of words, `words` the text that
    was read with a blank between words, `faces` how many there are, `names` a list of people or
    places.
    """
    found = answer or {}
    told = found.get("description", {})
    caption: Mapping[str, Any] = next(iter(told.get("captions", ())), {})
    return {
        "picture": picture,
        "caption": caption.get("text"),
        "confidence": caption.get("confidence"),
        "tags": _names(found["tags"]) if "tags" in found else told.get("tags"),
        "words": " ".join(_words(found)) if {"regions", "recognitionResult"} & set(found) else None,
        "faces": len(found["faces"]) if "faces" in found else None,
        "names": answers.names(found),
        "error": error or None,
        "seconds": seconds,
    }


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a DataFrame.

    Raises:
        VisionError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise VisionError('A table needs pandas: pip install "visionhelpers[many]"') from None
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(COLUMNS)


def _names(things: Iterable[Mapping[str, Any]]) -> list[str]:
    return [thing["name"] for thing in things]


def _words(answer: Mapping[str, Any]) -> Iterator[str]:
    lines = [line for region in answer.get("regions", ()) for line in region["lines"]]
    for line in [*lines, *answer.get("recognitionResult", {}).get("lines", ())]:
        yield from (word["text"] for word in line["words"])
