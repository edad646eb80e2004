"""Make a small picture of each notebook out of its figures: what the README and the index show.

A cell with the tag `picture` says which figure; without one it is the first, or else the last
photograph. A notebook that shows neither has no picture.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import nbformat
from add_navigation import NOTEBOOKS, in_order
from PIL import Image, ImageChops, ImageOps

PICTURES = NOTEBOOKS / "pictures"
TAG = "picture"
SIZE = (400, 300)
"""Pixels; all have one shape, so that they stand in rows."""
MARGIN = 6
LINE = "#d0d7de"


def picture_path(notebook: Path) -> Path:
    """Return where the picture of a notebook is kept."""
    return PICTURES / f"{notebook.stem}.jpg"


def images(cells: list[nbformat.NotebookNode], figures: bool) -> list[Image.Image]:
    """Return the images among the outputs of cells, in order: matplotlib's figures, or others."""
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    chosen = [data for data in outputs if figures == ("<Figure" in data.get("text/plain", ""))]
    kinds = ("image/png", "image/jpeg")
    found = [base64.b64decode(data[kind]) for data in chosen for kind in kinds if kind in data]
    return [Image.open(BytesIO(data)).convert("RGB") for data in found]


def chosen(notebook: Path) -> Image.Image | None:
    """Return the figure that stands for a notebook, if there is one."""
    cells = nbformat.read(notebook, 4).cells
    tagged = [cell for cell in cells if TAG in cell.metadata.get("tags", [])]
    figures = images(tagged, figures=True) or images(cells, figures=True)
    others = images(tagged, figures=False) or images(cells, figures=False)
    return (figures[:1] or others[-1:] or [None])[0]


def trimmed(image: Image.Image) -> Image.Image:
    """Return a figure without the white around it."""
    box = ImageChops.invert(image).convert("L").point(lambda grey: 255 * (grey > 8)).getbbox()
    return image.crop(box)


def tile(image: Image.Image) -> Image.Image:
    """Return a figure on white, as large as its place allows, with a line around it."""
    frame = 2 * (MARGIN + 1)
    room = (SIZE[0] - frame, SIZE[1] - frame)
    fitted = ImageOps.pad(trimmed(image), room, Image.Resampling.LANCZOS, "white")
    return ImageOps.expand(ImageOps.expand(fitted, MARGIN, "white"), 1, LINE)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for path in PICTURES.glob("*.jpg"):
        path.unlink()
    for notebook in in_order()[1:]:
        if image := chosen(notebook):
            tile(image).save(picture_path(notebook), quality=80, optimize=True)


if __name__ == "__main__":
    main()
