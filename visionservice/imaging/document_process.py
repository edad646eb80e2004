"""The process that reads a PDF or TIFF, as the service sees it; `document_worker` is its program.

It is ended when it takes too long or too much memory: no file can hang or crash the service.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from io import BufferedReader
from threading import Timer
from time import monotonic
from typing import IO, ClassVar, cast
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from ..errors import invalid_image_format, invalid_image_size
from . import MAX_PIXELS

TIMEOUT_SECONDS = 20.0
"""The time limit for opening a document, and for drawing a page."""
_MAX_REPLY_BYTES = 1000
_COMMAND = [sys.executable, "-P", "-m", f"{__package__}.document_worker"]
_ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}


class DocumentProcess:
    """A process that reads one document; close it to end the process.

    Args:
        data: The file.
        kind: "Pdf" or "Tiff".
    """

    running: ClassVar[WeakSet[DocumentProcess]] = WeakSet()

    def __init__(self, data: bytes, kind: str) -> None:
        self._kind, self._unsent = kind.upper(), data
        process = subprocess.Popen(  # noqa: S603
            [*_COMMAND, kind, str(len(data))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
        )
        self._process = process
        self._stdin, self._stdout = (
            cast(IO[bytes], process.stdin),
            cast(BufferedReader, process.stdout),
        )
        self.running.add(self)

    def measure(self) -> tuple[int, int, int]:
        """Return the number of pages, and the width and height in pixels of the largest."""
        return self._ask("size")[0]

    def draw(self, number: int) -> NDArray[np.uint8]:
        """Return a page, counted from 1: height x width x 3, RGB; of a PDF at 200 dots per inch."""
        return self._ask(f"draw {number}")[1]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.running.discard(self)
        with suppress(OSError), self._process:
            self._process.kill()

    def _ask(self, question: str) -> tuple[tuple[int, int, int], NDArray[np.uint8]]:
        """Return the number of pages or of the page, the width and height, and the pixels.

        Raises:
            ApiError: The document or the page cannot be read, is too large, or takes too long.
        """
        deadline = monotonic() + TIMEOUT_SECONDS
        timer = Timer(TIMEOUT_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()
        pixels = np.empty((0, 0, 3), np.uint8)
        try:
            self._stdin.writelines([self._unsent, f"{question}\n".encode()])
            self._stdin.flush()
            self._unsent = b""
            kind, reply = self._stdout.readline(_MAX_REPLY_BYTES).decode().strip().split(" ", 1)
            if kind == "ok":
                number, width, height = map(int, reply.split())
                if question.startswith("draw"):
                    pixels = self._read_pixels(width, height)
                return (number, width, height), pixels
        except (OSError, EOFError, ValueError):
            kind, reply = "format", f"The {self._kind} cannot be read."
            if monotonic() >= deadline:
                limit = f"takes longer than {TIMEOUT_SECONDS:g} seconds to read"
                reply = f"The {self._kind}, or a page of it, {limit}."
        finally:
            timer.cancel()
        if kind == "size":
            raise invalid_image_size(reply)
        raise invalid_image_format("Input data is not a valid image.", reply)

    def _read_pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        if width * height > MAX_PIXELS:
            raise ValueError
        pixels = np.empty((height, width, 3), np.uint8)
        if self._stdout.readinto(pixels.data.cast("B")) < pixels.size:
            raise EOFError
        return pixels
