"""Make the README's picture out of the executed notebooks: one figure from each section."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ROWS = (
    (("01_analyze_image", 0), ("02_domain_models", -1), ("06_image_on_disk", 0)),
    (("03_thumbnail", 0), ("05_handwriting", 0), ("04_ocr", 0)),
)
WIDTH, GAP, MARGIN = 1320, 10, 6
"""Pixels: of the sheet, between two figures, and of white around each."""
LINE = "#d0d7de"


def figures(name: str) -> list[Image.Image]:
    """Return every picture among a notebook's outputs, in order."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    found = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    return [Image.open(BytesIO(png)).convert("RGB") for png in found]


def trimmed(image: Image.Image) -> Image.Image:
    """Return a figure without the white around it."""
    box = ImageChops.invert(image).convert("L").point(lambda grey: 255 * (grey > 8)).getbbox()
    return image.crop(box)


def row(images: list[Image.Image]) -> Image.Image:
    """Return figures side by side, as high as it takes to fill the width of the sheet."""
    frame = 2 * (MARGIN + 1)
    room = WIDTH - GAP * (len(images) - 1) - frame * len(images)
    height = int(room / sum(image.width / image.height for image in images))
    strip = Image.new("RGB", (WIDTH, height + frame), "white")
    left = 0
    for image in images:
        size = (round(height * image.width / image.height), height)
        tile = image.resize(size, Image.Resampling.LANCZOS)
        tile = ImageOps.expand(ImageOps.expand(tile, MARGIN, "white"), 1, LINE)
        strip.paste(tile, (left, 0))
        left += tile.width + GAP
    return strip


def contact_sheet() -> Image.Image:
    """Lay the figures out in rows of one width."""
    rows = [row([trimmed(figures(name)[number]) for name, number in each]) for each in ROWS]
    height = sum(strip.height + GAP for strip in rows) - GAP
    sheet = Image.new("RGB", (WIDTH, height), "white")
    top = 0
    for strip in rows:
        sheet.paste(strip, (0, top))
        top += strip.height + GAP
    return sheet


if __name__ == "__main__":
    contact_sheet().save(NOTEBOOKS / "sections.jpg", quality=80, subsampling=0, optimize=True)
