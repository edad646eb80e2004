"""What a client's script says of each operation: a line of JSON, read by run.py."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ENDPOINT = os.environ.get("VISION_ENDPOINT", "")
KEY = os.environ.get("VISION_KEY", "")
SAMPLES = Path(os.environ.get("VISION_SAMPLES", ""))
LEAST_CONFIDENCE = float(os.environ.get("VISION_LEAST_CONFIDENCE", "0.5"))
"""That of a caption; 0 means unknown."""
URL, STREAM = "url", "stream"
Refusal = TypeVar("Refusal", bound=Exception)


def address(name: str) -> str:
    """Return the address of a sample, as the service spells it."""
    return f"{ENDPOINT}/samples/{name}"


def attempt(operation: str, way: str, trial: Callable[[], object]) -> None:
    """Try one operation in one way, and tell how it went."""
    why = ""
    try:
        trial()
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error).partition("\n")[0][:200]
        why = f"{type(error).__name__} {said} at {Path(frame.filename).name}: {frame.line}"
    tell(operation, way, why)


def tell(operation: str, way: str, failure: str = "", *, absent: bool = False) -> None:
    """Print one line: an empty failure is a success, unless the client lacks the operation."""
    line = {"operation": operation, "way": way, "failure": failure, "absent": absent}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def raised(kind: type[Refusal], trial: Callable[[], object]) -> Refusal:
    """Return the exception that a refusal arrives as; what is not refused has failed."""
    try:
        trial()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return the width and height that the frame header of a JPEG of three colours names."""
    assert data[:3] == b"\xff\xd8\xff", data[:16]
    frame = re.search(rb"\xff[\xc0\xc2]\x00\x11\x08(..)(..)", data, re.DOTALL)
    assert frame, "a JPEG without a frame"
    return int.from_bytes(frame[2], "big"), int.from_bytes(frame[1], "big")
