"""Local service: the Computer Vision API over HTTP, with results from the pixels of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .server import LocalService

__all__ = ["LocalService", "create_app"]

INSTALL = 'run pip install ".[service]" in the checkout of visionhelpers'
"""The same text as in `visionhelpers.local_service`, which does not import this package."""


def __getattr__(name: str) -> Any:
    """Import the service at its first use, or raise ImportError if a package is missing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import app, server
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    return getattr(server if name == "LocalService" else app, name)


def not_installed(error: ModuleNotFoundError) -> ImportError:
    """Return an error that names the missing package and the command that installs it."""
    package = (error.name or "").partition(".")[0]
    return ImportError(f"The local service is not installed ({package} is missing): {INSTALL}")
