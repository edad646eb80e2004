"""Cache of analysis results by the content of the image file; the oldest are dropped."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class CachedResults:
    """The results for one image by name. Jobs with the same image never run at the same time."""

    def __init__(self) -> None:
        self._results: dict[Hashable, Any] = {}

    def get(self, name: Hashable, compute: Callable[[], T]) -> T:
        """Return the result of this name; compute it the first time."""
        if name not in self._results:
            self._results[name] = compute()
        result: T = self._results[name]
        return result


class AnalysisCache:
    """Results of the last images, without names: a gallery may change. Safe to use from threads.

    Args:
        size: The number of images; 0 for no cache.
    """

    def __init__(self, size: int) -> None:
        self._enabled = size > 0
        self._lock = Lock()
        self._for_key = lru_cache(size)(lambda _key: CachedResults())

    def key(self, data: bytes) -> bytes | None:
        """Return the key of an image file; None without a cache."""
        return sha256(data).digest() if self._enabled else None

    def results(self, key: bytes | None) -> CachedResults:
        """Return the results of a key, to be added to; new ones without a key."""
        with self._lock:
            return CachedResults() if key is None else self._for_key(key)
