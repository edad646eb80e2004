"""Variants of the samples: parts of them in other light and quality, no two of the same size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageEnhance

from visionhelpers import load_image, sample_credits, sample_path

ACROSS = 100


def draw(folder: Path, count: int, smallest: int) -> list[Path]:
    """Draw images, `00000.jpg` and so on, of `smallest` pixels and a little more each way.

    Which one it is can be told from its width and height.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = [load_image(sample_path(name)) for name in sorted(sample_credits())]
    random = Random(count)  # noqa: S311  the same images every time
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        size = smallest + number % ACROSS, smallest + number // ACROSS
        image = _part(whole[number % len(whole)], size, random)
        image = ImageEnhance.Brightness(image).enhance(random.uniform(0.7, 1.3))
        image.save(path, quality=random.randint(60, 95))
    return paths


def which(result: Mapping[str, Any], smallest: int) -> int:
    """Return the number of the image that a result is about."""
    seen = result["metadata"]
    return int(seen["width"] - smallest + ACROSS * (seen["height"] - smallest))


def _part(image: Image.Image, size: tuple[int, int], random: Random) -> Image.Image:
    scale = min(image.width / size[0], image.height / size[1]) * random.uniform(0.7, 1)
    width, height = (int(side * scale) for side in size)
    left, top = random.randint(0, image.width - width), random.randint(0, image.height - height)
    return image.resize(size, box=(left, top, left + width, top + height), reducing_gap=3)
