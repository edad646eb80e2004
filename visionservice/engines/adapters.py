"""The built-in engines as the registry loads them, until each room has its own class."""

from __future__ import annotations

from .base import OcrResult, RGBImage


class _BuiltIn:
    thread_safe = True

    def load(self) -> None:
        """Do nothing: the models are loaded at their first use."""


class RapidOcrReader(_BuiltIn):
    """Text."""

    name = "rapidocr"

    def read(self, image: RGBImage, *, detect_orientation: bool) -> OcrResult:
        """Return the text."""
        from .text import reader

        return reader.read(image, detect_orientation=detect_orientation)
