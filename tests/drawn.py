"""Small pictures drawn for a test, each of its own size, by which its answer is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

SMALLEST = 50


def drawn(folder: Path, count: int) -> list[Path]:
    """Draw pictures, `000.png` and so on, no two of which have the same size."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        size = SMALLEST + number % 100, SMALLEST + number // 100
        Image.new("RGB", size, (number % 256, 99, 99)).save(path)
    return paths


def number(answer: Mapping[str, Any]) -> int:
    """Return which of the drawn pictures an answer of analyze is about."""
    seen = answer["metadata"]
    return int(seen["width"] - SMALLEST + 100 * (seen["height"] - SMALLEST))
