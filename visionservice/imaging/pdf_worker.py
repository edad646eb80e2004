"""The part of `pdf` that is a process of its own: a PDF on its standard input, asked one thing.

    python pdfium.py size          "PAGES WIDTH HEIGHT", of the largest page, in points
    python pdfium.py draw N DPI    a line "WIDTH HEIGHT", and page N, counted from 1, as RGB bytes

PDFium reads what strangers made: whatever it runs into, the service goes on. It imports nothing of
the package, so that it begins fast.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import pypdfium2

UNREADABLE, TOO_LARGE = 3, 4
"""What it exits with when it says no."""
MOST_PAGES = 2000
"""Pages past these are not measured before they are drawn."""
LARGEST_POINTS = 17 * 72
_MEMORY = 2_000_000_000
_SECONDS = 30
"""Of a processor, at most: the service ends it sooner, unless it was ended itself."""


def _size(document: pypdfium2.PdfDocument) -> None:
    pages = len(document)
    sizes = [document.get_page_size(number) for number in range(min(pages, MOST_PAGES))]
    width, height = max(sizes, key=max)
    if max(width, height) <= LARGEST_POINTS:
        width, height = max(sizes, key=lambda size: size[0] * size[1])
    print(pages, width, height)  # noqa: T201


def _draw(document: pypdfium2.PdfDocument, number: int, dpi: int) -> None:
    page = document[number - 1]
    if max(page.get_size()) > LARGEST_POINTS:
        sys.exit(TOO_LARGE)
    drawn = page.render(scale=dpi / 72, rev_byteorder=True)
    line = drawn.width * 3
    rows = memoryview(drawn.buffer).cast("B")
    sys.stdout.buffer.write(f"{drawn.width} {drawn.height}\n".encode())
    for row in range(drawn.height):
        sys.stdout.buffer.write(rows[row * drawn.stride : row * drawn.stride + line])


def main() -> None:
    """Answer the one question of the command line."""
    with suppress(ImportError, ValueError, OSError):  # not on Windows, and more than is allowed
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    except pypdfium2.PdfiumError:
        sys.exit(UNREADABLE)
    if sys.argv[1] == "size":
        _size(document)
    else:
        _draw(document, int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
