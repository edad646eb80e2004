"""Batch results as a pandas DataFrame, with the same columns for each operation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import results
from ..errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

    from .run import BatchResult

Row = dict[str, Any]
COLUMNS = {
    "image": "string", "caption": "string", "confidence": "float64", "tags": "object",
    "text": "string", "faces": "Int64", "names": "object", "error": "string",
    "seconds": "float64", "result": "object",
}  # fmt: skip


def to_row(result: BatchResult) -> Row:
    """Return the row of an image; None in each column that its operation does not fill.

    `caption` is the first caption and `confidence` its confidence from 0 to 1, `tags` a list of
    names, `text` the lines that were read, `faces` their number, `names` a list of people and
    places, and `result` the JSON of the operation.
    """
    found = result.result or {}
    captions = found.get("description", {}).get("captions") or [{}]
    tags = results.tags(found)
    return {
        "image": result.image,
        "caption": captions[0].get("text"),
        "confidence": captions[0].get("confidence"),
        "tags": None if tags is None else [tag.text for tag in tags],
        "text": results.text(found) if {"regions", "recognitionResult"} & set(found) else None,
        "faces": len(found["faces"]) if "faces" in found else None,
        "names": results.names(found),
        "error": result.error or None,
        "seconds": result.seconds,
        "result": result.result,
    }


def to_dataframe(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a DataFrame.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        advice = 'run pip install ".[many]" in the checkout of visionhelpers'
        raise ConfigurationError(f"pandas is not installed: {advice}") from None
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(COLUMNS)
