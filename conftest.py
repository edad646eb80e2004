"""Give the notebooks of a test run a service of their own, which ends with the run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

STATE = "VISION_STATE_DIR"
own_folder = pytest.StashKey[Path]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Name a state folder that the kernels inherit; connect() in them does the rest."""
    chosen = os.environ.get("VISION_ENDPOINT") or os.environ.get(STATE)
    notebooks = any(session.config.getoption(name, False) for name in ("nbval", "nbval_lax"))
    if notebooks and not chosen:
        folder = Path(tempfile.mkdtemp(prefix="visionhelpers-"))
        session.config.stash[own_folder] = folder
        os.environ[STATE] = str(folder)
        os.environ.pop("VISION_GALLERY", None)  # the run begins with nobody taught


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the service that the kernels have started, and leave nothing behind."""
    folder = session.config.stash.get(own_folder, None)
    if folder is None:
        return
    del os.environ[STATE]
    with suppress(OSError, ValueError, psutil.Error):
        service = psutil.Process(json.loads((folder / "service.json").read_text())["pid"])
        service.terminate()
        psutil.wait_procs([service], timeout=10)
    shutil.rmtree(folder, ignore_errors=True)
