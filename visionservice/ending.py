"""The end of a service: what has been begun is finished and told, everything else is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .bench import Bench
from .operations import TIME_TO_ASK, Operations

FINISH_SECONDS = 30.0
"""The time that the pictures and documents which have been begun are given."""


async def finish(bench: Bench, operations: Operations) -> None:
    """Refuse what comes or waits with 503, and return once what has been begun is done."""
    bench.close()
    await _while(lambda: bench.running, FINISH_SECONDS)
    await _while(lambda: operations.untold, TIME_TO_ASK.total_seconds())
    bench.abandon()


async def _while(condition: Callable[[], bool], seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while condition() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.02)
