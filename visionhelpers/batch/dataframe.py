"""Batch results as a pandas DataFrame, with the same columns for each operation."""

from collections.abc import Iterable
from typing import Any

from .. import results
from ..errors import not_installed
from .worker import BatchResult

COLUMNS = {
    "image": "string", "caption": "string", "confidence": "float64", "tags": "object",
    "text": "string", "faces": "Int64", "names": "object", "error": "string",
    "seconds": "float64", "result": "object",
}  # fmt: skip


def to_dataframe(found: Iterable[BatchResult]) -> Any:
    """Return a DataFrame with COLUMNS; raise ConfigurationError if pandas is not installed."""
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise not_installed("to_dataframe()", error.name, "batch") from None
    return pd.DataFrame(map(_to_row, found), columns=list(COLUMNS)).astype(COLUMNS)


def _to_row(result: BatchResult) -> dict[str, Any]:
    found = result.result or {}
    caption, *_ = found.get("description", {}).get("captions") or [{}]
    return {
        "image": result.image,
        "caption": caption.get("text"),
        "confidence": caption.get("confidence"),
        "tags": (tags := results.tags(found)) and [tag.text for tag in tags],
        "text": results.text(found) if {"regions", "recognitionResult"} & set(found) else None,
        "faces": len(found["faces"]) if "faces" in found else None,
        "names": results.names(found),
        "error": result.error or None,
        "seconds": result.seconds,
        "result": result.result,
    }
