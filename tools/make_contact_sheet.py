"""Make the README's picture out of the executed notebooks: one figure from each section."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SECTIONS = [
    ("01_analyze_image", 0),
    ("02_domain_models", -1),
    ("03_thumbnail", 0),
    ("04_ocr", 0),
    ("05_handwriting", 0),
    ("06_image_on_disk", 0),
]
TILE = (420, 320)
GAP = 12
COLUMNS = 3


def figures(name: str) -> list[Image.Image]:
    """Return every picture among a notebook's outputs, in order."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    found = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    return [Image.open(BytesIO(png)).convert("RGB") for png in found]


def contact_sheet() -> Image.Image:
    """Lay the figures out in rows, each centred on white in a tile of its own."""
    rows = -(-len(SECTIONS) // COLUMNS)
    size = (COLUMNS * (TILE[0] + GAP) + GAP, rows * (TILE[1] + GAP) + GAP)
    sheet = Image.new("RGB", size, "white")
    for place, (name, number) in enumerate(SECTIONS):
        tile = ImageOps.pad(figures(name)[number], TILE, color="white")
        row, column = divmod(place, COLUMNS)
        sheet.paste(tile, (GAP + column * (TILE[0] + GAP), GAP + row * (TILE[1] + GAP)))
    return sheet


if __name__ == "__main__":
    contact_sheet().quantize(128).save(NOTEBOOKS / "sections.png", optimize=True)
