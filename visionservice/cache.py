"""Cache of analysis results by the content of the image file; the oldest are dropped."""

from collections.abc import Hashable
from hashlib import sha256
from threading import Lock
from typing import Any

Results = dict[Hashable, Any]
"""The results for one image by name. Jobs with the same image never run at the same time."""


class AnalysisCache:
    """Results of the last `size` images, without names: a gallery may change."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: dict[bytes, Results] = {}
        self._lock = Lock()

    def key(self, data: bytes) -> bytes | None:
        """Return the key of an image file; None without a cache."""
        return sha256(data).digest() if self._size else None

    def results(self, key: bytes | None) -> Results:
        """Return the results of a key, to be added to and then kept; new ones without a key."""
        return Results() if key is None else self._results.get(key, Results())

    def keep(self, key: bytes | None, results: Results) -> None:
        """Cache results as the latest ones; call it when an analysis has succeeded."""
        if key is not None:
            with self._lock:
                self._results.pop(key, None)
                self._results[key] = results
                if len(self._results) > self._size:
                    del self._results[next(iter(self._results))]
