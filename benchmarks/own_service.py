"""A local service for one measurement: a state folder, a gallery and a process of its own.

It remembers no picture, or a second round would measure its memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def own_service() -> Iterator[Path]:
    """Start a service where `connect()` finds it, and end it."""
    with own_state() as folder:
        state = folder / "service.json"
        command = [sys.executable, "-m", "visionhelpers.service", "--state-file", str(state)]
        subprocess.Popen([*command, "--gallery", str(folder / "gallery"), "--remember", "0"])
        while not state.exists():
            time.sleep(0.05)
        yield folder


@contextmanager
def own_state() -> Iterator[Path]:
    """Give `connect()` a state folder of its own, and end the service that was started there."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VISION_STATE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            service = process(Path(folder))  # once: it takes its file away when it ends
            service.terminate()
            service.wait(10)


def process(folder: Path) -> psutil.Process:
    """Return the service's process."""
    return psutil.Process(json.loads((folder / "service.json").read_text())["pid"])
