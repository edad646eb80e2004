"""Images drawn for a test: small ones, known again by their size, and one of any size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SMALLEST = 50


def drawn(folder: Path, count: int) -> list[Path]:
    """Draw images, `000.png` and so on, no two of which have the same size."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        size = SMALLEST + number % 100, SMALLEST + number // 100
        Image.new("RGB", size, (number % 256, 99, 99)).save(path)
    return paths


def number(response: Mapping[str, Any]) -> int:
    """Return which of the drawn images a response of analyze is about."""
    seen = response["metadata"]
    return int(seen["width"] - SMALLEST + 100 * (seen["height"] - SMALLEST))


def noise(width: int, height: int) -> Image.Image:
    """Draw an image that no lossless format makes small."""
    pixels = np.random.default_rng(3).integers(0, 255, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def blank_png(width: int, height: int) -> bytes:
    """Return a PNG of one colour, a few kilobytes long, however large it is decoded."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
