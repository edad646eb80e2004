"""Reading of PDF and TIFF files in a process, which PDFium or libtiff may crash or hang.

The process gets the bytes of the file, and a line for each question. It replies with a line:

    size      "ok PAGES WIDTH HEIGHT": the width and height of the largest page in pixels
    draw N    "ok N WIDTH HEIGHT", then the pixels of page N, counted from 1, as RGB bytes
    both      "format MESSAGE" if it cannot be read, "size MESSAGE" if it is too large
"""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from io import BufferedReader, BytesIO
from itertools import islice
from subprocess import DEVNULL, PIPE, Popen
from threading import Timer
from time import monotonic, process_time
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from ..errors import ApiError, invalid_image_format, invalid_image_size
from . import MAX_PIXELS

if TYPE_CHECKING:
    from .decode import RGBImage

DPI = 200  # dots per inch at which PDF pages are drawn: print of 6 points is 17 pixels high
MAX_PAGES = 2000  # the API reads no more; further ones are not measured, in a TIFF not counted
MAX_PAGE_INCHES = 17.0
TIMEOUT_SECONDS = 20.0  # for opening a document, and for drawing a page
MAX_CPU_SECONDS = 30  # for each question, in case that the service has ended
MAX_MEMORY_BYTES = 2_000_000_000
_COMMAND = [sys.executable, "-P", "-m", f"{__package__}.document_process"]


class DocumentProcess:
    """A process that reads one document, a "Pdf" or "Tiff"; close it to end the process."""

    running: ClassVar[set[DocumentProcess]] = set()

    def __init__(self, data: bytes, kind: str) -> None:
        self._kind, self._unsent = kind.upper(), data
        command = [*_COMMAND, kind, str(len(data))]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=env)  # noqa: S603
        self._stdin = cast(IO[bytes], self._process.stdin)
        self._stdout = cast(BufferedReader, self._process.stdout)
        self.running.add(self)

    def measure(self) -> tuple[int, int, int]:
        """Return the number of pages, and the width and height in pixels of the largest."""
        return self._ask("size")[0]

    def draw(self, number: int) -> RGBImage:
        """Return a page, counted from 1: height x width x 3, RGB; of a PDF at 200 dots per inch."""
        return self._ask(f"draw {number}")[1]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.running.discard(self)
        with suppress(OSError), self._process:
            self._process.kill()

    def _ask(self, question: str) -> tuple[tuple[int, int, int], RGBImage]:
        """Return the numbers of the reply and the pixels, or raise ApiError."""
        import numpy as np  # the process need not import it to measure a PDF

        deadline = monotonic() + TIMEOUT_SECONDS
        timer = Timer(TIMEOUT_SECONDS, self._process.kill)
        timer.start()
        try:
            self._stdin.writelines([self._unsent, f"{question}\n".encode()])
            self._stdin.flush()
            self._unsent = b""
            kind, reply = self._stdout.readline(1000).decode().strip().split(" ", 1)
            if kind == "ok":
                number, width, height = map(int, reply.split())
                if width * height > MAX_PIXELS:
                    raise ValueError
                drawn = question.startswith("draw")
                pixels = np.empty((height, width, 3) if drawn else 0, np.uint8)
                if self._stdout.readinto(pixels.data) < pixels.size:
                    raise EOFError
                return (number, width, height), pixels
        except (OSError, EOFError, ValueError):
            kind, reply = "format", f"The {self._kind} cannot be read."
            if monotonic() >= deadline:
                limit = f"takes longer than {TIMEOUT_SECONDS:g} seconds to read"
                reply = f"The {self._kind}, or a page of it, {limit}."
        finally:
            timer.cancel()
        raise invalid_image_size(reply) if kind == "size" else invalid_image_format(reply)


class _Pdf:
    unreadable = "The PDF has no pages, is damaged or needs a password."

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        self._document: Any = pypdfium2.PdfDocument(data)

    def measure(self) -> tuple[int, int, int]:
        pages = len(self._document)
        sizes = [self._document.get_page_size(n) for n in range(min(pages, MAX_PAGES))]
        self._check(max(map(max, sizes)))
        width, height = max(sizes, key=math.prod)
        return pages, round(width / 72 * DPI), round(height / 72 * DPI)

    def draw(self, number: int) -> Any:
        page = self._document[number - 1]
        self._check(max(page.get_size()))
        return page.render(scale=DPI / 72, rev_byteorder=True).to_numpy().copy()

    def _check(self, points: float) -> None:
        if points > MAX_PAGE_INCHES * 72:
            limit = f"A page must be at most {MAX_PAGE_INCHES:g} inches wide and high"
            raise invalid_image_size(f"{limit}; the PDF has one of {points / 72:.1f}.")


class _Tiff:
    unreadable = "The TIFF is truncated or damaged."

    def __init__(self, data: bytes) -> None:
        from PIL import Image, ImageSequence

        Image.MAX_IMAGE_PIXELS = None  # those of `probe` and `measure` are stricter
        self._pages = ImageSequence.Iterator(Image.open(BytesIO(data), formats=["TIFF"]))

    def measure(self) -> tuple[int, int, int]:
        sizes = [page.size for page in islice(self._pages, MAX_PAGES)]
        width, height = max(sizes, key=math.prod)
        if width * height > MAX_PIXELS:
            raise invalid_image_size(f"A page must have at most {MAX_PIXELS} pixels.")
        return len(sizes), width, height

    def draw(self, number: int) -> Any:
        from .decode import to_array

        return to_array(self._pages[number - 1])


def main() -> None:
    """Reply to the questions of the service until it closes standard input."""
    kind: type[_Pdf | _Tiff] = _Pdf if sys.argv[1] == "Pdf" else _Tiff
    data = sys.stdin.buffer.read(int(sys.argv[2]))
    document: _Pdf | _Tiff | None = None
    for question in sys.stdin.buffer:
        with suppress(ImportError, ValueError, OSError):  # Windows; macOS has no limit of memory
            import resource

            seconds = int(process_time()) + MAX_CPU_SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
            resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        pixels: Any = b""
        try:
            document = document or kind(data)
            if question.startswith(b"draw"):
                number = int(question.split()[1])
                pixels = document.draw(number)
                reply = f"ok {number} {pixels.shape[1]} {pixels.shape[0]}"
            else:
                reply = "ok {} {} {}".format(*document.measure())
        except ApiError as error:
            reply = f"size {error}"
        except Exception:
            reply = f"format {kind.unreadable}"
        sys.stdout.buffer.writelines([reply.encode(), b"\n", pixels])
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
