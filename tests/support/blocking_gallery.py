"""Galleries that fail or take long."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from visionservice import LocalService
from visionservice.engines.base import LabelScore
from visionservice.engines.landmarks import Features
from visionservice.gallery.gallery import Gallery


class Trouble(Gallery):
    """A gallery that raises an error when it identifies landmarks."""

    def __init__(self, folder: Path, trouble: BaseException) -> None:
        super().__init__(folder)
        self.trouble = trouble

    def identify_landmarks(self, seen: Features) -> tuple[LabelScore, ...]:  # noqa: ARG002
        raise self.trouble


class Slow(Gallery):
    """A gallery that identifies landmarks when `go` is set.

    Attributes:
        seen: The widths of the images, in order.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun, self.go = Event(), Event()
        self.seen: list[int] = []

    def identify_landmarks(self, seen: Features) -> tuple[LabelScore, ...]:
        self.seen.append(seen.width)
        self.begun.set()
        self.go.wait(60)
        return ()


def serving(gallery: Gallery) -> LocalService:
    """A service that identifies faces and landmarks with this gallery."""
    service = LocalService()
    service._service.gallery = gallery
    return service
