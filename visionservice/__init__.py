"""Local service: the Computer Vision API over HTTP, with results from the pixels of an image."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .server import LocalService

__all__ = ["LocalService", "create_app"]

INSTALL = 'run pip install ".[service]" in the checkout of visionhelpers'  # as the client writes


def __getattr__(name: str) -> Any:
    """Import the service at its first use, or raise ImportError if a package is missing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import app, server
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        message = f"The local service is not installed ({package} is missing): {INSTALL}"
        raise ImportError(message) from error
    return getattr(server if name == "LocalService" else app, name)
