"""What was found in the latest pictures: asked about again, they are not looked at again."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any


class Memory:
    """Findings by the bytes of a picture, kept while the service runs; safe to use from threads.

    Names are not among them: a gallery may learn one at any moment.

    Args:
        pictures: How many to remember, the latest; 0 for none.
    """

    def __init__(self, pictures: int) -> None:
        @lru_cache(pictures)
        def findings(_digest: bytes) -> dict[object, Any]:
            return {}

        self._findings = findings

    def of(self, data: bytes) -> dict[object, Any]:
        """Return what is known of a picture's file, to be read and added to."""
        return self._findings(sha256(data).digest())
