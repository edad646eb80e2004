"""Cache of analysis results by the content of the image file; the oldest are dropped."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from hashlib import sha256
from typing import Any

Results = dict[Hashable, Any]
"""The results for one image by name. Jobs with the same image never run at the same time."""


class AnalysisCache:
    """Results of the last `size` images, without names: a gallery may change."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._for_key = lru_cache(size)(lambda _key: Results())

    def key(self, data: bytes) -> bytes | None:
        """Return the key of an image file; None without a cache."""
        return sha256(data).digest() if self._size else None

    def results(self, key: bytes | None) -> Results:
        """Return the results of a key, to be added to; new ones without a key."""
        return Results() if key is None else self._for_key(key)
