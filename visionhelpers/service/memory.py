"""What was found in the latest pictures: asked about again, they are not looked at again."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from threading import RLock
from typing import Any


class Known(dict[object, Any]):
    """What was found in a picture; who looks for more holds the lock, and others wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = RLock()


class Memory:
    """Findings by the bytes of a picture, kept while the service runs; safe to use from threads.

    Names are not among them: a gallery may learn one at any moment.

    Args:
        pictures: How many to remember, the latest; 0 for none.
    """

    def __init__(self, pictures: int) -> None:
        @lru_cache(pictures)
        def known(_digest: bytes) -> Known:
            return Known()

        self._known = known

    def of(self, data: bytes) -> Known:
        """Return what is known of a picture's file, to be read and added to."""
        return self._known(sha256(data).digest())
