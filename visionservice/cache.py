"""What was found in the latest pictures: asked about again, they are not looked at again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class CachedResults:
    """What was found in a picture; safe to use from several threads."""

    def __init__(self) -> None:
        self._found: dict[object, Any] = {}
        self._looking: dict[object, Lock] = {}

    def get(self, what: object, look: Callable[[], T]) -> T:
        """Return what was found, or look for it, while whoever asks for the same waits."""
        if what not in self._found:
            with self._looking.setdefault(what, Lock()):
                if what not in self._found:
                    self._found[what] = look()
        found: T = self._found[what]
        return found


class AnalysisCache:
    """Findings by the bytes of a picture, kept while the service runs; safe to use from threads.

    Names are not among them: a gallery may learn one at any moment.

    Args:
        pictures: How many to remember, the latest; 0 for none.
    """

    def __init__(self, pictures: int) -> None:
        self._known = lru_cache(pictures)(lambda _digest: CachedResults())
        self._asking = Lock()

    def of(self, data: bytes) -> CachedResults:
        """Return what is known of a picture's file, to be added to."""
        digest = sha256(data).digest()
        with self._asking:  # of two at once, each would get its own
            return self._known(digest)
