"""What the scripts of Python share: the service, the samples and what is known of these."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

ENDPOINT, KEY = os.environ["VISION_ENDPOINT"], os.environ["VISION_KEY"]
SAMPLES = Path(os.environ["VISION_SAMPLES"])
CONFIDENCE = float(os.environ["VISION_CONFIDENCE"])
"""The lowest one of a caption."""
CAT, NOTE = "chelsea_the_cat.jpg", "handwritten_note.jpg"
LINES = ["Dear Ada,", "it works at last!", "Tea on Monday at four?"]
"""The text of the note."""


def address(name: str) -> str:
    """Return the URL of a sample at the service."""
    return f"{ENDPOINT}/samples/{name}"


def covers(box: tuple[int, int, int, int], left: int, top: int, right: int, bottom: int) -> bool:
    """Return True if a box of x, y, width and height contains what is between these edges."""
    x, y, width, height = box
    return 0 <= x <= left < right <= x + width and 0 <= y <= top < bottom <= y + height


def raised(kind: type[Exception], function: Callable[[], object]) -> Exception:
    """Return the exception of this kind that a call raises."""
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")
