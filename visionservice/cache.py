"""Cache of analysis results by the content of the image file; the oldest are dropped."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any

Results = dict[Hashable, Any]  # of one image by name; jobs with one image never run together


class AnalysisCache:
    """Results of the last `size` images; captions with names are used for the same people only."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, Lock()
        self._results: dict[bytes, Results] = {}

    def key(self, data: bytes) -> bytes | None:
        """Return the key of an image file; None without a cache."""
        return sha256(data).digest() if self._size else None

    def __contains__(self, key: bytes | None) -> bool:
        return key in self._results

    @contextmanager
    def results(self, key: bytes | None) -> Iterator[Results]:
        """Yield the results of a key, to add to; cache them as the latest if there is no error."""
        results = self._results.get(key, Results()) if key else Results()
        yield results
        if key:
            with self._lock:
                self._results.pop(key, None)
                self._results[key] = results
                if len(self._results) > self._size:
                    del self._results[next(iter(self._results))]
