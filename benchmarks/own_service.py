"""A local service for one measurement: a state folder, a gallery and a process of its own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def own_service() -> Iterator[Path]:
    """Give `connect()` a state folder of its own, and end the service it started there."""
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
