"""The memory of everything that runs in one home folder, detached services included."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil

MB = 1_000_000
PAUSE = 0.5
"""Seconds between two looks."""


def processes(home: Path) -> list[psutil.Process]:
    """Return the processes that were started with a home folder, or by one that was.

    A service that has left its parent still has the environment that it began with.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == str(home):
                found.append(process)
    return found


def used(home: Path) -> float:
    """Return the megabytes that they use together; what they share counts once (PSS, on Linux)."""
    total = 0
    for process in processes(home):
        with suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total / MB


def end(home: Path) -> None:
    """End them all."""
    running = processes(home)
    for process in running:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(running, timeout=10)[1]:
        with suppress(psutil.Error):
            process.kill()


class Watch:
    """Looks at the memory again and again, in the background.

    Attributes:
        peak: The most that was seen, in megabytes.
    """

    def __init__(self, home: Path) -> None:
        self.peak = 0.0
        self._home = home
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            begin = time.monotonic()
            self.peak = max(self.peak, used(self._home))
            self._over.wait(max(PAUSE, time.monotonic() - begin))
