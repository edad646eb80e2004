"""Polls that fail after a deadline, so that no test hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")
SECONDS = 60.0
"""Until a poll fails: much longer than anything takes on a busy machine."""


def poll_until(condition: Callable[[], T], seconds: float = SECONDS, pause: float = 0.01) -> T:
    """Call a function until its result is true, and return that; fail after some seconds."""
    end = monotonic() + seconds
    while not (result := condition()):
        assert monotonic() < end, f"still {result!r} after {seconds:g} seconds"
        sleep(pause)
    return result


async def poll_until_async(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Let an event loop run until the result of a function is true; fail after some seconds."""
    end = monotonic() + seconds
    while not (result := condition()):
        assert monotonic() < end, f"still {result!r} after {seconds:g} seconds"
        await asyncio.sleep(0.01)
