"""The local service: Computer Vision's protocol over HTTP, answered from the pixels."""

from .app import create_app
from .server import LocalService

__all__ = ["LocalService", "create_app"]
